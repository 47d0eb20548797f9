"""Make the list of all pages once, and adapt it to each page; list the contents of a page; name the part of the book.

The theme makes the list of all pages again for each page, so that twice the pages take four times as long. Both lists
are made here without CSS selectors: the library for these needs a tenth of a second before it finds the first element.
"""

from __future__ import annotations

from functools import cache, partial
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

from guide.site.menu import SidebarMenu, page_contents
from guide.site.state import state_of

_OPTIONS_OF_THE_THEME = {"startdepth", "kind", "show_nav_level"}


def add_menu(app: Sphinx, page: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    """Add to the context of the page's template functions that return the lists, and the page's part.

    The part is its caption and its first page.
    """
    context["guide_menu"] = cache(partial(_html, app, page, context))
    context["guide_contents"] = cache(partial(_contents, context))
    part = next((part for part in state_of(app).toc.parts if part.caption and page in part.pages), None)
    context["guide_part"] = (part.caption, part.pages[0]) if part else None


def _html(app: Sphinx, page: str, context: dict[str, Any], **options: Any) -> str:
    """Return the list of all pages as HTML.

    The arguments are those of the theme's function, ``generate_toctree_html``, among them those of Sphinx's.
    """
    uri = app.builder.get_target_uri(page)
    state = state_of(app)
    if state.menu is None:
        of_sphinx = {name: value for name, value in options.items() if name not in _OPTIONS_OF_THE_THEME}
        state.menu = SidebarMenu(context["toctree"](**of_sphinx), uri)
    return state.menu.html_for(uri)


def _contents(context: dict[str, Any]) -> str:
    """Return the list of a page's sections as HTML, as the theme's function ``generate_toc_html`` does."""
    return page_contents(context.get("toc", ""), context["theme_show_toc_level"] + 1)
