"""The list of all pages in the sidebar, built once and reused on every page, and the list of a page's sections.

Each part of the book folds, and only the part of the current page is open, so that a keyboard reaches the page soon.
"""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

from bs4 import BeautifulSoup, Tag
from pydata_sphinx_theme.toctree import add_collapse_checkboxes
from sphinx.util.osutil import relative_uri

from guide.site.html import classes_of, set_classes, text_of


class SidebarMenu:
    """The list of all pages, from the one that Sphinx made for the page at ``uri``.

    It is the same on all pages, except for relative addresses, the marks on the current page, and what is open.
    """

    def __init__(self, html: str, uri: str) -> None:
        self._soup = BeautifulSoup(html, "html.parser")
        for pages in self._soup.find_all("ul", recursive=False):
            set_classes(pages, [*classes_of(pages), "nav", "bd-sidenav"])
        add_collapse_checkboxes(self._soup)
        for tag in self._soup.find_all(class_="current"):
            _unmark(tag)
        for caption in self._soup.find_all("p", class_="caption"):
            _fold(self._soup, caption)
        for details in self._soup.find_all("details"):
            _unmark(details)
        for summary in self._soup.find_all("summary"):
            if summary.parent and summary.parent.parent and summary.parent.parent.name == "li":
                _name_toggle(summary)
        links = [(tag, text_of(tag, "href")) for tag in self._soup.find_all("a")]
        self._links = [(tag, urljoin(uri, href).rstrip("#")) for tag, href in links if not urlsplit(href).netloc]

    def html_for(self, uri: str) -> str:
        """Return the list as HTML for the page at ``uri``."""
        marked: list[Tag] = []
        for tag, target in self._links:
            tag["href"] = "#" if target == uri else relative_uri(uri, target)
            if target == uri:
                marked += [tag, *(parent for parent in tag.parents if parent.name in {"li", "ul", "details"})]
                marked += tag.parent.find_all("details", recursive=False) if tag.parent else []
        for tag in marked:
            _mark(tag)
        html = str(self._soup)
        for tag in marked:
            _unmark(tag)
        return html


def page_contents(toc: str, shown: int) -> str:
    """Return the list ``toc`` of a page's sections without its title, with the theme's classes; empty if it has none.

    The theme shows the lists of the first ``shown`` levels; others only around the section that is on the screen.
    """
    soup = BeautifulSoup(toc, "html.parser")
    _classify(soup, 1, shown)
    titles = soup.find_all("li", class_="toc-h1")
    if len(titles) != 1:
        return str(soup)
    return str(titles[0].find("ul") or "")


def _classify(around: Tag, level: int, shown: int) -> None:
    """Give the lists directly inside ``around``, and those inside these, the classes of their level."""
    for sections in around.find_all("ul", recursive=False):
        first = ["pst-show_toc_level"] if level <= shown else []
        set_classes(sections, [*classes_of(sections), *first, "nav", "section-nav", "flex-column"])
        for section in sections.find_all("li", recursive=False):
            set_classes(section, [*classes_of(section), f"toc-h{level}", "nav-item", "toc-entry"])
            if section.a:
                set_classes(section.a, [*classes_of(section.a), "nav-link"])
            _classify(section, level + 1, shown)


def _fold(soup: BeautifulSoup, caption: Tag) -> None:
    """Make a caption and the list of pages below it one element that folds."""
    pages = caption.find_next_sibling("ul")
    if pages is None:
        return
    first, *others = pages.find_all("li", recursive=False)
    below = first.find("details", recursive=False)
    if below and not others:  # one page with pages below it: its list need not be unfolded a second time
        lists = below.find_all("ul", recursive=False)
        pages.extend([page.extract() for one in lists for page in one.find_all("li", recursive=False)])
        below.decompose()
    part, summary = soup.new_tag("details", attrs={"class": "guide-part"}), soup.new_tag("summary")
    summary.string = caption.get_text().strip()
    caption.replace_with(part)
    part.extend([summary, pages.extract()])


def _name_toggle(summary: Tag) -> None:
    """Name the arrow that unfolds the pages below another one, for readers who do not see it."""
    above = summary.find_previous("a")
    summary["aria-label"] = f"Show or hide the pages of {above.get_text().strip()}" if above else "Show or hide pages"


def _mark(tag: Tag) -> None:
    """Mark a link to the current page, or an element around it, and unfold what is around or below it."""
    if tag.name == "details":
        tag["open"] = ""
        return
    set_classes(tag, [*classes_of(tag), "current", *(["active"] if tag.name == "li" else [])])
    if tag.name == "a":
        tag["aria-current"] = "page"


def _unmark(tag: Tag) -> None:
    if tag.name != "details":
        set_classes(tag, (name for name in classes_of(tag) if name not in {"current", "active"}))
    for name in ("open", "aria-current"):
        tag.attrs.pop(name, None)
