"""Adapt the text of pages to the hub before Sphinx reads them (see ``guide.pages.hub_variant``)."""

from __future__ import annotations

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

from guide.pages.hidden_checks import without_checks
from guide.pages.hub_variant import HubTextError, for_hub
from guide.pages.links import without_links
from guide.site.state import state_of
from hubfacts.location import default_path


def adapt(app: Sphinx, page: str, source: list[str]) -> None:
    """Replace the ``source`` of a page, a list of one text, by its text for this hub, without its hidden checks.

    Raises ``ExtensionError``.
    """
    try:
        text = for_hub(source[0])
    except HubTextError as error:
        raise ExtensionError(f"{page}:{error}") from error
    text = without_links(text, page, state_of(app).left_out)
    changed = text != source[0]
    source[0] = without_checks(text)
    if changed:
        app.env.note_dependency(str(default_path().resolve()))
