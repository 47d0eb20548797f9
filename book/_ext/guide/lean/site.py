"""The whole of it: every page of a built site, its style sheets, its scripts, its pictures and its policy."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from bs4 import BeautifulSoup, Comment

from guide.lean import icons, images, lost, policy, scripts, styles
from guide.lean.files import Files

# What only a page that was made lean has.
_MARK = 'http-equiv="Content-Security-Policy"'
_IMPORT = re.compile(r"""@import\s+["']([^"']+)["'];?""")
_FACE = re.compile(r"@font-face *\{[^}]*\}")
_ADDRESS = re.compile(r"""url\(["']?(?!data:|#)([^)"']+)["']?\)""")
_FONT = re.compile(r"url\([\"']?([^)\"']+\.ttf)[\"']?\)")
_FAMILY = re.compile(r"(font-family|font-style|font-weight):[^;}]+")
# Brought by the theme for other languages and other programs; or the sources of what is shipped.
_LEFTOVERS = (
    "searchindex.js",
    "_static/*.css_t",
    "_static/**/*.map",
    "_static/*webpack-macros.html",
    "_static/copybutton_funcs.js",
    "_static/doctools.js",
    "_static/language_data.js",
    "_static/searchtools.js",
    "_static/sphinx_highlight.js",
    "_static/locales",
    "_static/scripts/bootstrap.*",
    "_static/scripts/fontawesome.*",
    "_static/sphinx-thebe.*",
    "_static/vendor",
)
# A style sheet of a program that no page of this site starts.
_NOT_OURS = ("sphinx-thebe",)


@dataclass
class Page:
    """A page as it is being changed."""

    path: Path
    soup: BeautifulSoup
    own_sheets: list[str] = field(default_factory=list)


def finish(site: Path, store: Path, root: str = "/") -> list[str]:
    """Make the ``site`` that Sphinx wrote lean; what a page says that its policy refuses.

    ``store`` keeps the pages as Sphinx wrote them: it writes only those that changed, and a style sheet is made
    from all. ``root`` is where on its host the site lies.
    """
    store.mkdir(parents=True, exist_ok=True)
    files = Files(site, store / "written.json")
    pages = [Page(path, BeautifulSoup(text, "html.parser")) for path, text in _as_written(site, store)]
    complaints: list[str] = []
    # Texts of inline scripts, style sheets in their order, and classes made of declarations in elements.
    inline: set[str] = set()
    used = styles.Used()
    sheets: dict[Path, None] = {}
    classes: dict[str, str] = {}
    for page in pages:
        _rearrange(page, files)
        for text in scripts.rearrange(page.soup, page.path, files):
            used.add_script(text)
        inline |= scripts.inline(page.soup)
        sheets |= dict.fromkeys(_sheets(page, files))
        _own_styles(page, classes)
        name = page.path.relative_to(site)
        complaints += [f"{name}: the site's policy refuses {what}" for what in scripts.stray(page.soup)]
        _note(page, used)
    for script in scripts.loaded_later(site):
        used.add_script(script.read_text(encoding="utf-8"))
    base = files.write(site / "_static" / "site.css", ".css", _base(list(sheets), used, classes, files).encode())
    for page in pages:
        _seal(page, base, files, inline)
        if page.path == site / lost.NAME:
            lost.rearrange(page.path, root)
    for leftover in (path for pattern in _LEFTOVERS for path in site.glob(pattern)):
        shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
    files.tidy()
    policy.write_headers(site, inline, files.written)
    return complaints


def _as_written(site: Path, store: Path) -> list[tuple[Path, str]]:
    """Every page of ``site`` with the text that Sphinx wrote."""
    found = []
    for path in sorted(site.rglob("*.html")):
        if "_static" in path.relative_to(site).parts or "_sources" in path.relative_to(site).parts:
            continue
        kept = store / path.relative_to(site)
        text = path.read_text(encoding="utf-8")
        # A few words that lead to another page, or one that never was Sphinx's.
        if "<head" not in text or (_MARK in text and not kept.is_file()):
            continue
        if _MARK not in text:
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_text(text, encoding="utf-8")
        found.append((path, kept.read_text(encoding="utf-8")))
    return found


def _rearrange(page: Page, files: Files) -> None:
    """What is in the way of the policy, of readers who cannot see, or of nobody's use."""
    soup = page.soup
    images.rearrange(soup, page.path, files)
    for tag in soup.select("head noscript, #ethical-ad-placement"):
        tag.decompose()
    for tag in soup.select('head meta[name="viewport"]')[1:]:
        tag.decompose()
    for comment in soup.find_all(string=lambda text: isinstance(text, Comment)):
        comment.extract()
    soup.smooth()
    for space in soup.head.find_all(string=lambda text: not text.strip(), recursive=False):
        space.replace_with("\n")
    # Until a script knows better; without scripts for good, for the theme has no colours but those of its two themes.
    soup.html["data-theme"] = "light"
    for tag in soup.select("#pst-primary-sidebar"):
        tag["role"], tag["aria-label"] = "complementary", "Site"
    first = soup.select_one("article p")
    if first and not soup.select_one('head meta[name="description"]'):
        told = " ".join(first.get_text().split())
        soup.head.append(soup.new_tag("meta", attrs={"name": "description", "content": told}))
    # The corner of a table that pandas or xarray drew is no heading of anything.
    for tag in soup.select("th"):
        if not tag.get_text(strip=True) and not tag.find("img"):
            tag.name = "td"


def _sheets(page: Page, files: Files) -> list[Path]:
    """The shared style sheets that ``page`` asks for; their links are taken out."""
    found = []
    for link in page.soup.select('link[rel~="stylesheet"]'):
        source = files.resolve(page.path, link.get("href", ""))
        if source is not None:
            link.decompose()
            found += [] if source.name.startswith(_NOT_OURS) else [source]
    return found


def _own_styles(page: Page, classes: dict[str, str]) -> None:
    """Take style sheets and declarations out of the page's text: the former whole, the latter as classes."""
    for tag in page.soup.find_all("style"):
        page.own_sheets += [tag.string] if tag.string and tag.string not in page.own_sheets else []
        tag.decompose()
    for tag in page.soup.find_all(style=True):
        name = "s-" + hashlib.sha256(tag["style"].encode()).hexdigest()[:8]
        classes[name] = tag["style"].strip().rstrip(";")
        tag["class"] = [*tag.get("class", []), name]
        del tag["style"]


def _note(page: Page, used: styles.Used) -> None:
    for sheet in page.own_sheets:
        used.add_sheet(sheet)
    for tag in page.soup.find_all(True):
        used.tags.add(tag.name)
        used.words.update(tag.get("class") or [])
        if tag.get("id"):
            used.words.add(tag["id"])


def _base(sheets: list[Path], used: styles.Used, classes: dict[str, str], files: Files) -> str:
    """The style sheet of all pages."""
    texts = []
    for sheet in sheets:
        imported = [sheet.parent / name for name in _IMPORT.findall(sheet.read_text(encoding="utf-8"))]
        for path in [*imported, sheet]:
            files.replaced(path)
            texts.append(
                _ADDRESS.sub(partial(_from_static, path, files.site), _IMPORT.sub("", path.read_text("utf-8")))
            )
    fonts = {path.name: path for path in (files.site / "_static").rglob("*.ttf")}
    whole = styles.trimmed(texts, used)
    points = icons.code_points(whole)

    def face(found: re.Match[str]) -> str:
        font = fonts.get((_FONT.search(found[0]) or ["", ""])[1].rsplit("/", 1)[-1])
        data = icons.as_data(font, points) if font else ""
        told = ";".join(part[0] for part in _FAMILY.finditer(found[0]))
        return f'@font-face{{{told};font-display:block;src:url("{data}") format("woff2")}}' if data else ""

    # As strong as a declaration in the element itself, which stands above every class and below what is important.
    own = "".join(f".{name}:not(#_){{{text}}}" for name, text in sorted(classes.items()))
    return _FACE.sub(face, whole) + own


def _from_static(sheet: Path, site: Path, found: re.Match[str]) -> str:
    """An address in ``sheet`` as it is in the style sheet of all pages."""
    return f'url("{os.path.relpath(sheet.parent / found[1], site / "_static")}")'


def _seal(page: Page, base: Path, files: Files, inline: set[str]) -> None:
    """Link the style sheets, put the policy in front of all else, and write the page."""
    soup = page.soup
    links = [base]
    for sheet in page.own_sheets:
        links.append(files.write(files.site / "_static" / "output.css", ".css", sheet.strip().encode()))
    meta = soup.new_tag("meta", attrs={"http-equiv": "Content-Security-Policy", "content": policy.policy(inline)})
    tags = [meta, *(soup.new_tag("link", rel="stylesheet", href=files.reference(page.path, link)) for link in links)]
    charset = soup.head.find("meta", charset=True)
    place = soup.head.index(charset) + 1 if charset else 0
    for tag in reversed(tags):
        soup.head.insert(place, tag)
    page.path.write_text(str(soup), encoding="utf-8")
