"""The list of all pages in the sidebar, built once and reused on every page.

Each part of the book folds, and only the part of the current page is open, so that a keyboard reaches the page soon.
"""

from __future__ import annotations

import copy
from urllib.parse import urljoin, urlsplit

from bs4 import BeautifulSoup, Tag
from sphinx.util.osutil import relative_uri

from guide.site.html import classes_of, set_classes, text_of


class SidebarMenu:
    """The list of all pages, as the theme made it for the page at ``uri``.

    It is the same on all pages, except for relative addresses, the marks on the current page, and what is open.
    """

    def __init__(self, soup: BeautifulSoup, uri: str) -> None:
        self._soup = copy.copy(soup)
        for tag in self._soup.find_all(class_="current"):
            _unmark(tag)
        for caption in self._soup.find_all("p", class_="caption"):
            _fold(self._soup, caption)
        for details in self._soup.find_all("details"):
            _unmark(details)
        for summary in self._soup.select("li > details > summary"):
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


def _fold(soup: BeautifulSoup, caption: Tag) -> None:
    """Make a caption and the list of pages below it one element that folds."""
    pages = caption.find_next_sibling("ul")
    if pages is None:
        return
    first, *others = pages.find_all("li", recursive=False)
    below = first.find("details", recursive=False)
    if below and not others:  # one page with pages below it: its list need not be unfolded a second time
        pages.extend([page.extract() for page in below.select(":scope > ul > li")])
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
