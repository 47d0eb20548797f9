"""Make the list of all pages once, and adapt it to each page.

The theme makes it again for each page, so that twice the pages take four times as long.
"""

from __future__ import annotations

from functools import cache, partial
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

from guide.site.menu import SidebarMenu
from guide.site.state import state_of


def add_menu(app: Sphinx, page: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    """Add a function to the context of the page's template that returns the list of all pages."""
    context["guide_menu"] = cache(partial(_html, app, page, context))


def _html(app: Sphinx, page: str, context: dict[str, Any], **options: Any) -> str:
    """Return the list as HTML. The arguments are those of the theme's function, ``generate_toctree_html``."""
    uri = app.builder.get_target_uri(page)
    state = state_of(app)
    if state.menu is None:
        state.menu = SidebarMenu(context["generate_toctree_html"](**options), uri)
    return state.menu.html_for(uri)
