"""Sphinx extension: the list of all pages, which stands on every page, is made once.

The theme makes it anew for each page, which for twice the pages takes four times as long. It is the same on all of
them, but for where addresses begin and what is marked as the page itself.
"""

from __future__ import annotations

import copy
from functools import cache, partial
from typing import Any
from urllib.parse import urljoin, urlsplit

from bs4 import BeautifulSoup, Tag
from sphinx.application import Sphinx
from sphinx.util.osutil import relative_uri


class Menu:
    """The list of all pages as the theme made it for one of them, whose address is ``uri``."""

    def __init__(self, soup: BeautifulSoup, uri: str) -> None:
        self._soup = copy.copy(soup)
        for tag in self._soup.find_all(class_="current"):
            _unmark(tag)
        links = [tag for tag in self._soup.find_all("a") if not urlsplit(tag["href"]).netloc]
        self._links = [(tag, urljoin(uri, tag["href"]).rstrip("#")) for tag in links]

    def of(self, uri: str) -> str:
        """The list as HTML for the page at ``uri``."""
        marked: list[Tag] = []
        for tag, target in self._links:
            tag["href"] = "#" if target == uri else relative_uri(uri, target)
            if target == uri:
                marked += [tag, *(above for above in tag.parents if above.name in {"li", "ul"})]
        for tag in marked:
            _mark(tag)
        html = str(self._soup)
        for tag in marked:
            _unmark(tag)
        return html


def _mark(tag: Tag) -> None:
    """Mark a link to the page itself, or what is around it, whose pages are to be seen."""
    tag["class"] = [*tag.get("class", []), "current", *(["active"] if tag.name == "li" else [])]
    for details in tag.find_all("details", recursive=False):
        details["open"] = "open"


def _unmark(tag: Tag) -> None:
    tag["class"] = [name for name in tag["class"] if name not in {"current", "active"}]
    for details in tag.find_all("details", recursive=False):
        details.attrs.pop("open", None)


def _html(app: Sphinx, page: str, context: dict[str, Any], **options: Any) -> str:
    """In place of the theme's function that has the same arguments."""
    uri = app.builder.get_target_uri(page)
    if not hasattr(app, "guide_menu"):
        app.guide_menu = Menu(context["generate_toctree_html"](**options), uri)
    return app.guide_menu.of(uri)


def _offer(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    # Before the theme tries what its templates come to, so that they are made twice.
    context["guide_menu"] = cache(partial(_html, app, page, context))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the hook."""
    app.connect("html-page-context", _offer, priority=400)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
