"""Make the list of all pages once, and adapt it to each page; name the part of the book that a page is in.

The theme makes the list again for each page, so that twice the pages take four times as long.
"""

from __future__ import annotations

from functools import cache, partial
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

from guide.site.menu import SidebarMenu
from guide.site.state import state_of


def add_menu(app: Sphinx, page: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    """Add to the context of the page's template a function that returns the list of all pages, and the page's part.

    The part is its caption and its first page.
    """
    context["guide_menu"] = cache(partial(_html, app, page, context))
    part = next((part for part in state_of(app).toc.parts if part.caption and page in part.pages), None)
    context["guide_part"] = (part.caption, part.pages[0]) if part else None


def _html(app: Sphinx, page: str, context: dict[str, Any], **options: Any) -> str:
    """Return the list as HTML. The arguments are those of the theme's function, ``generate_toctree_html``."""
    uri = app.builder.get_target_uri(page)
    state = state_of(app)
    if state.menu is None:
        state.menu = SidebarMenu(context["generate_toctree_html"](**options), uri)
    return state.menu.html_for(uri)
