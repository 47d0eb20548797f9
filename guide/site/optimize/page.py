"""One page of a built site made lean: what is in its text, and what the rest of the site must know of it.

A page is parsed once. What comes of it is kept until its text changes, or a file that it names; what depends on
the other pages, the policy and the style sheet of all, is left open and put in at the end.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path

from bs4 import BeautifulSoup, Comment

from guide.site.optimize import images, scripts, styles
from guide.site.optimize.files import Files

# Stand in a page's text for what is put in at the end.
POLICY, BASE = "put-the-policy-here", "put-the-style-sheet-here"
# A style sheet of a program that no page of this site starts.
_NOT_OURS = ("sphinx-thebe",)
# The list of all pages, in each of them: it is links alone, and as long as the book.
_MENU = re.compile(r'(<nav class="bd-links [^>]*>)(.*?)(?=</nav>)', re.DOTALL)
_MENU_PLACE = "put-the-menu-here"
_TAG, _NAMES = re.compile(r"<([a-z]\w*)"), re.compile(r' (?:class|id)="([^"]*)"')


@dataclass
class Lean:
    """A page made lean: its ``html``, and beside it what it uses. Files are named relative to the site.

    ``tags`` and ``words`` are what a rule of a style sheet can match, ``classes`` the declarations that stood in
    elements, ``inline`` the texts of scripts in the page, ``complaints`` what the policy refuses; ``sheets`` are the
    shared style sheets in their order, ``written`` and ``replaced`` files that were made of others, and ``read`` the
    digest of each file that it was made from.
    """

    html: str
    tags: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    classes: dict[str, str] = field(default_factory=dict)
    inline: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    sheets: list[str] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    read: dict[str, str] = field(default_factory=dict)


@dataclass
class _Page:
    """A page as it is being changed."""

    path: Path
    soup: BeautifulSoup
    own_sheets: list[str] = field(default_factory=list)


def key(name: str, text: str) -> str:
    """What a page's result is kept under: its name, its text and the modules that change it."""
    return hashlib.sha256(f"{_modules()}\0{name}\0{text}".encode()).hexdigest()


@functools.cache
def _modules() -> str:
    texts = [module.read_bytes() for module in sorted(Path(__file__).parent.glob("*.py"))]
    return hashlib.sha256(b"\0".join(texts)).hexdigest()


def kept(store: Path, site: Path, digests: Digests) -> Lean | None:
    """The result in the file ``store``, if all that it was made from, and all that it made, is there and the same."""
    if not store.is_file():
        return None
    lean = Lean(**json.loads(store.read_text(encoding="utf-8")))
    sound = all(digests.of(site / name) == digest for name, digest in lean.read.items())
    return lean if sound and all((site / name).is_file() for name in lean.written) else None


def keep(lean: Lean, store: Path) -> None:
    """Write ``lean`` to the file ``store``."""
    store.write_text(json.dumps(asdict(lean)), encoding="utf-8")


class Digests:
    """The digest of each file, read once."""

    def __init__(self) -> None:
        self._known: dict[Path, str] = {}

    def of(self, path: Path) -> str:
        """The digest of the file at ``path``; empty when there is none."""
        if path not in self._known:
            self._known[path] = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        return self._known[path]


def made_lean(path: Path, text: str, site: Path) -> Lean:
    """The page at ``path`` below ``site``, whose ``text`` is as Sphinx wrote it."""
    files = Files(site)
    menu = "".join(found[2] for found in _MENU.finditer(text))
    page = _Page(path, BeautifulSoup(_MENU.sub(rf"\1{_MENU_PLACE}", text), "html.parser"))
    lean = Lean("")
    _rearrange(page, files)
    scripts.rearrange(page.soup, path, files)
    # Plain text: the parser's own strings know their page, which would go with them from process to process.
    lean.inline = sorted(str(text) for text in scripts.inline(page.soup))
    lean.sheets = [str(sheet.relative_to(site)) for sheet in _sheets(page, files)]
    _own_styles(page, lean.classes)
    name = path.relative_to(site)
    lean.complaints = [f"{name}: the site's policy refuses {what}" for what in scripts.stray(page.soup)]
    used = _used(page, menu)
    lean.tags, lean.words = sorted(used.tags), sorted(used.words)
    _link(page, files)
    lean.html = str(page.soup).replace(_MENU_PLACE, menu, 1)
    lean.written = sorted(files.written)
    lean.replaced = sorted(str(file.relative_to(site)) for file in files.no_longer_asked_for)
    digests = Digests()
    lean.read = {str(file.relative_to(site)): digests.of(file) for file in sorted(files.read)}
    return lean


def _rearrange(page: _Page, files: Files) -> None:
    """What is in the way of the policy, of readers who cannot see, or of nobody's use."""
    soup = page.soup
    images.rearrange(soup, page.path, files)
    twice = soup.head.find_all("meta", attrs={"name": "viewport"})[1:]
    advertised = soup.find_all("div", id="ethical-ad-placement")
    for tag in [*soup.head.find_all("noscript"), *twice, *advertised]:
        tag.decompose()
    for comment in [part for part in soup.descendants if isinstance(part, Comment)]:
        comment.extract()
    soup.smooth()
    for space in soup.head.find_all(string=lambda text: not text.strip(), recursive=False):
        space.replace_with("\n")
    # Until a script knows better; without scripts for good, for the theme has no colours but those of its two themes.
    soup.html["data-theme"] = "light"
    for tag in soup.find_all("div", id="pst-primary-sidebar"):
        tag["role"], tag["aria-label"] = "complementary", "Site"
    first = soup.article and soup.article.find("p")
    if first and not soup.head.find("meta", attrs={"name": "description"}):
        told = " ".join(first.get_text().split())
        soup.head.append(soup.new_tag("meta", attrs={"name": "description", "content": told}))
    # The corner of a table that pandas or xarray drew is no heading of anything.
    for tag in soup.find_all("th"):
        if not tag.get_text(strip=True) and not tag.find("img"):
            tag.name = "td"


def _sheets(page: _Page, files: Files) -> list[Path]:
    """The shared style sheets that ``page`` asks for; their links are taken out."""
    found = []
    for link in [link for link in page.soup.find_all("link") if "stylesheet" in link.get("rel", [])]:
        source = files.resolve(page.path, link.get("href", ""))
        if source is not None:
            link.decompose()
            found += [] if source.name.startswith(_NOT_OURS) else [source]
    return found


def _own_styles(page: _Page, classes: dict[str, str]) -> None:
    """Take style sheets and declarations out of the page's text: the former whole, the latter as classes."""
    for tag in page.soup.find_all("style"):
        page.own_sheets += [tag.string] if tag.string and tag.string not in page.own_sheets else []
        tag.decompose()
    for tag in [tag for tag in page.soup.find_all(True) if "style" in tag.attrs]:
        name = "s-" + hashlib.sha256(tag["style"].encode()).hexdigest()[:8]
        classes[name] = tag["style"].strip().rstrip(";")
        tag["class"] = [*tag.get("class", []), name]
        del tag["style"]


def _used(page: _Page, menu: str) -> styles.Used:
    used = styles.Used()
    used.tags.update(_TAG.findall(menu))
    used.words.update(word for names in set(_NAMES.findall(menu)) for word in names.split())
    for sheet in page.own_sheets:
        used.add_sheet(sheet)
    for tag in page.soup.find_all(True):
        used.tags.add(tag.name)
        used.words.update(tag.get("class") or [])
        if tag.get("id"):
            used.words.add(tag["id"])
    return used


def _link(page: _Page, files: Files) -> None:
    """Link the style sheets, and put the policy in front of all else."""
    soup = page.soup
    meta = soup.new_tag("meta", attrs={"http-equiv": "Content-Security-Policy", "content": POLICY})
    tags = [meta, soup.new_tag("link", rel="stylesheet", href=BASE)]
    for sheet in page.own_sheets:
        link = files.write(files.site / "_static" / "output.css", ".css", sheet.strip().encode())
        tags.append(soup.new_tag("link", rel="stylesheet", href=files.reference(page.path, link)))
    charset = soup.head.find("meta", charset=True)
    place = soup.head.index(charset) + 1 if charset else 0
    for tag in reversed(tags):
        soup.head.insert(place, tag)
