"""The list of all pages in the sidebar, built once and reused on every page."""

from __future__ import annotations

import copy
from urllib.parse import urljoin, urlsplit

from bs4 import BeautifulSoup, Tag
from sphinx.util.osutil import relative_uri

from guide.site.html import classes_of, set_classes, text_of


class SidebarMenu:
    """The list of all pages, as the theme made it for the page at ``uri``.

    It is the same on all pages, except for relative addresses and the marks on the current page.
    """

    def __init__(self, soup: BeautifulSoup, uri: str) -> None:
        self._soup = copy.copy(soup)
        for tag in self._soup.find_all(class_="current"):
            _unmark(tag)
        for summary in self._soup.find_all("summary"):
            _name_toggle(summary)
        links = [(tag, text_of(tag, "href")) for tag in self._soup.find_all("a")]
        self._links = [(tag, urljoin(uri, href).rstrip("#")) for tag, href in links if not urlsplit(href).netloc]

    def html_for(self, uri: str) -> str:
        """Return the list as HTML for the page at ``uri``."""
        marked: list[Tag] = []
        for tag, target in self._links:
            tag["href"] = "#" if target == uri else relative_uri(uri, target)
            if target == uri:
                marked += [tag, *(parent for parent in tag.parents if parent.name in {"li", "ul"})]
        for tag in marked:
            _mark(tag)
        html = str(self._soup)
        for tag in marked:
            _unmark(tag)
        return html


def _name_toggle(summary: Tag) -> None:
    """Name the arrow that unfolds the pages below another one, for readers who do not see it."""
    above = summary.find_previous("a")
    summary["aria-label"] = f"Show or hide the pages of {above.get_text().strip()}" if above else "Show or hide pages"


def _mark(tag: Tag) -> None:
    """Mark a link to the current page, or an element around it, and unfold the pages below it."""
    set_classes(tag, [*classes_of(tag), "current", *(["active"] if tag.name == "li" else [])])
    for details in tag.find_all("details", recursive=False):
        details["open"] = "open"


def _unmark(tag: Tag) -> None:
    set_classes(tag, (name for name in classes_of(tag) if name not in {"current", "active"}))
    for details in tag.find_all("details", recursive=False):
        details.attrs.pop("open", None)
