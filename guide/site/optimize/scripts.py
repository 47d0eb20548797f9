"""Scripts: load only those that a page needs, deferred and under fingerprinted names."""

from __future__ import annotations

import functools
import re
from pathlib import Path
from urllib.parse import urlsplit

import rjsmin
from bs4 import BeautifulSoup, Tag

from guide.site.html import head_of, text_of
from guide.site.optimize.files import FINGERPRINT, Files, digest_of

# Sets the theme before anything is drawn, or a dark page flashes white: the one script inside the page itself.
THEME_FIRST = (
    '(()=>{const d=document.documentElement.dataset;let m="auto";try{m=localStorage.getItem("mode")||m}catch{}'
    'd.mode=m;d.theme=m==="auto"?(matchMedia("(prefers-color-scheme: dark)").matches?"dark":"light"):m})()'
)
# Scripts that the theme adds to every page, by the start of their names. A page loads one if it has an element with one
# of these classes (with both, if there are two in one text); no page loads one without classes. Bootstrap's menus and
# tips are replaced by book/_static/menus.js and the browser's own, the search by book/_static/find.js, and copy buttons
# by book/_static/blocks.js.
NEEDS: dict[str, tuple[str, ...]] = {
    "fontawesome": (),
    "bootstrap": (),
    "sphinx-thebe": (),
    "doctools": (),
    "sphinx_highlight": (),
    "clipboard": (),
    "copybutton": (),
    "togglebutton": ("toggle", "dropdown admonition", "toggle-hidden"),
    "design-tabs": ("sd-tab-set",),
    "which-way": ("which-way",),
    "link-builder": ("link-builder",),
    "paths": ("guide-tick", "guide-count"),
}
# Scripts of every page, which become one file.
BASE = (
    "documentation_options",
    "pydata-sphinx-theme",
    "sphinx-book-theme",
    "menus",
    "find",
    "names",
    "blocks",
    "helped",
    "shortcuts",
    "previews",
)

_TOGGLE_SETTINGS = re.compile(r"^\s*(let|var) toggle\w+ = ")
# Elements that show another page or program inside a page.
_FRAMES = {"applet", "embed", "frame", "iframe", "object"}
_CODE = {"", "text/javascript", "application/javascript", "module"}


def optimize_scripts(soup: BeautifulSoup, page: Path, files: Files) -> None:
    """Leave in ``soup`` the scripts that it needs, deferred, which keeps their order."""
    settings: dict[str, None] = {}
    base: list[str] = []
    others: list[tuple[Tag, Path, str]] = []
    classes = {frozenset(tag.get("class") or ()) for tag in soup.find_all(True)}
    for tag in soup.find_all("script"):
        source = files.resolve(page, text_of(tag, "src")) if tag.get("src") else None
        if source is None:
            _inline(tag, settings)
            continue
        tag.extract()
        name = source.name.split(".")[0]
        if name in NEEDS and not any(have.issuperset(need.split()) for need in NEEDS[name] for have in classes):
            continue
        files.mark_replaced(source)
        before = ";".join(settings) + ";\n" if name == "togglebutton" else ""
        text = before + _minified(source, digest_of(source))
        if name in BASE:
            base.append(text)
        else:
            others.append((tag, source, text))
    if base:
        out = files.write(files.site / "_static" / "site.js", ".js", "\n".join(base).encode())
        _load(soup, soup.new_tag("script"), files.reference(page, out))
    for tag, source, text in others:
        _load(soup, tag, files.reference(page, files.write(source, ".js", text.encode())))
    for link in head_of(soup).find_all("link", attrs={"as": "script"}):
        link.decompose()


def loaded_later(site: Path) -> list[Path]:
    """Return scripts that other scripts may load by name: neither the theme's nor optimized ones."""
    paths = (site / "_static").glob("*.js")
    return [path for path in paths if path.name.split(".")[0] not in NEEDS and not FINGERPRINT.search(path.stem)]


def refused_scripts(soup: BeautifulSoup) -> list[str]:
    """Return what the policy refuses: scripts and event handlers in a page's content, frames, and files elsewhere."""
    in_text = soup.article.find_all("script") if soup.article else []
    refused = [str(tag)[:80] for tag in in_text if tag.get("type", "") in _CODE]
    for tag in soup.find_all(True):
        refused += [f'{name}="{value}"' for name, value in tag.attrs.items() if name.startswith("on")]
        elsewhere = urlsplit(text_of(tag, "src") or text_of(tag, "data")).netloc
        if tag.name in _FRAMES or (elsewhere and tag.name != "script"):
            refused.append(str(tag)[:80])
    return refused


def inline(soup: BeautifulSoup) -> set[str]:
    """Return the text of every script inside the page itself."""
    scripts = soup.find_all("script", src=False)
    return {tag.string or "" for tag in scripts if tag.get("type", "") in _CODE and not tag.find_parent("article")}


def _inline(tag: Tag, settings: dict[str, None]) -> None:
    text = tag.string or ""
    if tag.has_attr("data-cfasync"):
        tag.attrs.clear()
        tag.string = THEME_FIRST
    elif _TOGGLE_SETTINGS.match(text):
        settings[text.strip().rstrip(";")] = None
        tag.decompose()
    elif "thebe" in text_of(tag, "type") or text.startswith("kernelName = "):
        tag.decompose()


def _load(soup: BeautifulSoup, tag: Tag, address: str) -> None:
    tag["src"] = address
    tag["defer"] = ""
    head_of(soup).append(tag)


@functools.cache
def _minified(source: Path, digest: str) -> str:
    """Return a script without comments, and without the name of a source map, which is not published."""
    return str(rjsmin.jsmin(re.sub(r"//# sourceMappingURL=\S+", "", source.read_text(encoding="utf-8"))))
