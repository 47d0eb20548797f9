"""Sphinx extension: pages are read as the hub's guide has them (see ``for_hub``)."""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

from guide.pages.hub_variant import HubTextError, for_hub, without_links
from guide.pages.toc import book_toc, left_out
from hubfacts.location import default_path


def _read(app: Sphinx, page: str, source: list[str]) -> None:
    try:
        text = for_hub(source[0])
    except HubTextError as error:
        raise ExtensionError(f"{page}:{error}") from error
    text = without_links(text, page, app.guide_left_out)
    if text != source[0]:
        source[0] = text
        app.env.note_dependency(str(default_path().resolve()))


def _look(app: Sphinx) -> None:
    app.guide_left_out = left_out(book_toc())


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the hooks."""
    app.connect("builder-inited", _look)
    app.connect("source-read", _read)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
