"""Optimize one page: rewrite its text, and collect what the rest of the site must know about it.

A page is parsed once, and the result is kept until its text or a file that it names changes. The policy and the common
style sheet depend on the other pages, so the result has placeholders for them.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path

from bs4 import BeautifulSoup, Comment

from guide import webp
from guide.site import html
from guide.site.html import classes_of, head_of, root_of, set_classes, text_of, with_attribute
from guide.site.optimize import images, scripts, styles
from guide.site.optimize.files import Files, digest_of

# Placeholders for what is known when all pages are optimized.
POLICY, STYLE_SHEET, CARDS = "put-the-policy-here", "put-the-style-sheet-here", "put-the-cards-here"
# Style sheets of programs that no page of this site starts.
_UNUSED_SHEETS = ("sphinx-thebe", "copybutton")
# The list of all pages, which every page has. It has only links and is as long as the book, so it is not parsed.
_MENU = re.compile(r'(<nav class="bd-links [^>]*>)(.*?)(?=</nav>)', re.DOTALL)
_MENU_PLACE = "put-the-menu-here"
# A name in code with more letters may break, as it may be longer than a line on a phone.
_LONG_NAME = 24
_TAG, _NAMES = re.compile(r"<([a-z]\w*)"), re.compile(r' (?:class|id)="([^"]*)"')


@dataclass
class OptimizedPage:
    """An optimized page: its ``html``, and what it uses. Files are named relative to the site.

    - ``tags`` and ``words``: what a rule of a style sheet can match.
    - ``classes``: declarations of elements, by the class that replaces them.
    - ``inline``: the texts of scripts inside the page.
    - ``warnings``: what the policy refuses.
    - ``sheets``: the shared style sheets in their order.
    - ``written`` and ``replaced``: files that were written, and those that they replace.
    - ``read``: the digest of each file that the page was made from.
    """

    html: str
    tags: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    classes: dict[str, str] = field(default_factory=dict)
    inline: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    sheets: list[str] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    read: dict[str, str] = field(default_factory=dict)


@dataclass
class _Page:
    """A page while it is being optimized."""

    path: Path
    soup: BeautifulSoup
    own_sheets: list[str] = field(default_factory=list)


def key(name: str, text: str) -> str:
    """Return the key of a page's result: a digest of its name, its text and the modules that change it."""
    return hashlib.sha256(f"{_modules()}\0{name}\0{text}".encode()).hexdigest()


@functools.cache
def _modules() -> str:
    modules = [*sorted(Path(__file__).parent.glob("*.py")), Path(html.__file__), Path(webp.__file__)]
    texts = [module.read_bytes() for module in modules]
    return hashlib.sha256(b"\0".join(texts)).hexdigest()


def kept_page(store: Path, site: Path) -> OptimizedPage | None:
    """Return the result in the file ``store`` if what it was made from is unchanged and what it wrote exists."""
    if not store.is_file():
        return None
    page = OptimizedPage(**json.loads(store.read_text(encoding="utf-8")))
    unchanged = all(digest_of(site / name) == digest for name, digest in page.read.items())
    return page if unchanged and all((site / name).is_file() for name in page.written) else None


def keep_page(page: OptimizedPage, store: Path) -> None:
    """Write a result to the file ``store``."""
    store.write_text(json.dumps(asdict(page)), encoding="utf-8")


def optimize_page(site: Path, written: tuple[Path, str]) -> OptimizedPage:
    """Return an optimized page of ``site``; ``written`` has its path, and its text as Sphinx wrote it."""
    path, text = written
    files = Files(site)
    menu = "".join(match[2] for match in _MENU.finditer(text))
    page = _Page(path, BeautifulSoup(_MENU.sub(rf"\1{_MENU_PLACE}", text), "html.parser"))
    result = OptimizedPage("")
    _clean_up(page, files)
    scripts.optimize_scripts(page.soup, path, files)
    # As plain text: the parser's strings refer to their page, which would be sent with them to another process.
    result.inline = sorted(str(text) for text in scripts.inline(page.soup))
    result.sheets = [str(sheet.relative_to(site)) for sheet in _take_out_sheets(page, files)]
    _take_out_styles(page, result.classes)
    name = path.relative_to(site)
    result.warnings = [f"{name}: the site's policy refuses {text}" for text in scripts.refused_scripts(page.soup)]
    used = _used(page, menu)
    result.tags, result.words = sorted(used.tags), sorted(used.words)
    _link(page, files)
    result.html = str(page.soup).replace(_MENU_PLACE, menu, 1)
    result.written = sorted(files.written)
    result.replaced = sorted(str(file.relative_to(site)) for file in files.replaced)
    result.read = {str(file.relative_to(site)): digest_of(file) for file in sorted(files.read)}
    return result


def _clean_up(page: _Page, files: Files) -> None:
    """Remove or repair what conflicts with the policy, hinders a screen reader, or has no use."""
    soup = page.soup
    root, head = root_of(soup), head_of(soup)
    images.optimize_images(soup, page.path, files)
    _name_data(soup, page.path, files)
    twice = head.find_all("meta", attrs={"name": "viewport"})[1:]
    advertisement = soup.find_all("div", id="ethical-ad-placement")
    for tag in [*head.find_all("noscript"), *twice, *advertisement]:
        tag.decompose()
    for comment in [part for part in soup.descendants if isinstance(part, Comment)]:
        comment.extract()
    soup.smooth()
    for space in head.find_all(string=_is_space, recursive=False):
        space.replace_with("\n")
    # A script corrects it. Without scripts it stays: the style sheet has colours for only these two themes.
    root["data-theme"] = "light"
    root["data-previews"] = CARDS
    for tag in soup.find_all("div", id="pst-primary-sidebar"):
        tag["role"], tag["aria-label"] = "complementary", "Site"
    first = soup.article and soup.article.find("p")
    if first and not head.find("meta", attrs={"name": "description"}):
        description = " ".join(first.get_text().split())
        head.append(soup.new_tag("meta", attrs={"name": "description", "content": description}))
    _repair(soup)


def _name_data(soup: BeautifulSoup, page: Path, files: Files) -> None:
    """Give the files that a panel of a block loads fingerprinted names, so that browsers may keep them."""
    for name in ("data-bucket", "data-live"):
        for tag in with_attribute(soup, name):
            data = files.resolve(page, text_of(tag, name))
            if data is not None:
                tag[name] = files.write(data, ".json", data.read_bytes()).name


def _repair(soup: BeautifulSoup) -> None:
    """Repair what Sphinx, xarray and pandas write: invalid HTML, and names that break although a line has room."""
    # Each view of xarray defines its icons again, under the same ids.
    icons: set[str] = set()
    for tag in soup.find_all("symbol", id=True):
        name = text_of(tag, "id")
        if name in icons:
            tag.decompose()
        icons.add(name)
    for tag in soup.find_all("span", class_="pre"):
        if tag.parent and tag.parent.name == "code" and len(tag.get_text()) > _LONG_NAME:
            set_classes(tag, [*classes_of(tag), "guide-long"])
    # Only the field of a label can control something.
    for tag in soup.find_all("label", attrs={"aria-controls": True}):
        del tag["aria-controls"]
    # The empty corner of a table that pandas or xarray drew is not a heading.
    for tag in soup.find_all("th"):
        if not tag.get_text(strip=True) and not tag.find("img"):
            tag.name = "td"


def _is_space(text: str | None) -> bool:
    return text is not None and not text.strip()


def _take_out_sheets(page: _Page, files: Files) -> list[Path]:
    """Remove the links to shared style sheets; return the sheets."""
    sheets = []
    for link in [link for link in page.soup.find_all("link") if "stylesheet" in text_of(link, "rel").split()]:
        source = files.resolve(page.path, text_of(link, "href"))
        if source is not None:
            link.decompose()
            sheets += [] if source.name.startswith(_UNUSED_SHEETS) else [source]
    return sheets


def _take_out_styles(page: _Page, classes: dict[str, str]) -> None:
    """Remove style sheets inside the page, and replace the declarations of elements by ``classes``."""
    for tag in page.soup.find_all("style"):
        page.own_sheets += [tag.string] if tag.string and tag.string not in page.own_sheets else []
        tag.decompose()
    for tag in [tag for tag in page.soup.find_all(True) if "style" in tag.attrs]:
        style = text_of(tag, "style")
        name = "s-" + hashlib.sha256(style.encode()).hexdigest()[:8]
        classes[name] = style.strip().rstrip(";")
        set_classes(tag, [*classes_of(tag), name])
        del tag["style"]


def _used(page: _Page, menu: str) -> styles.Used:
    used = styles.Used()
    used.tags.update(_TAG.findall(menu))
    used.words.update(word for names in set(_NAMES.findall(menu)) for word in names.split())
    for sheet in page.own_sheets:
        used.add_sheet(sheet)
    for tag in page.soup.find_all(True):
        used.tags.add(tag.name)
        used.words.update(classes_of(tag))
        if tag.get("id"):
            used.words.add(text_of(tag, "id"))
    return used


def _link(page: _Page, files: Files) -> None:
    """Link the style sheets, and put the policy before everything else."""
    soup, head = page.soup, head_of(page.soup)
    meta = soup.new_tag("meta", attrs={"http-equiv": "Content-Security-Policy", "content": POLICY})
    tags = [meta, soup.new_tag("link", rel="stylesheet", href=STYLE_SHEET)]
    for sheet in page.own_sheets:
        link = files.write(files.site / "_static" / "output.css", ".css", sheet.strip().encode())
        tags.append(soup.new_tag("link", rel="stylesheet", href=files.reference(page.path, link)))
    charset = head.find("meta", charset=True)
    place = head.index(charset) + 1 if charset else 0
    for tag in reversed(tags):
        head.insert(place, tag)
