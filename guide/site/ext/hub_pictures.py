"""Sphinx extension: ``{hub-picture} NAME`` shows a picture of the hub that a journey through it took.

Of a hub whose facts are taken in place of these, there are no pictures, and none is shown.
"""

from __future__ import annotations

import os
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from guide.browser.hub_pictures import pictures
from guide.browser.picture_capture import FOLDER, MANIFEST, THEMES, file_name, manifest
from guide.facts import load
from hubfacts.location import default_path


class HubPicture(SphinxDirective):
    """A picture in the theme of the page, and under it what its numbers point at."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the figure."""
        self.env.note_dependency(str(default_path()))
        self.env.note_dependency(str(FOLDER / MANIFEST))
        facts, kept = load(), manifest()
        name, known = self.arguments[0], pictures(facts)
        if name in known and facts.hub.url not in {entry["made_with"]["hub"] for entry in kept.values()}:
            return []
        if name not in known or name not in kept:
            ready = ", ".join(sorted(known.keys() & kept.keys()))
            text = f"there is no picture {name!r} of the hub; there are {ready}"
            return [self.state.document.reporter.warning(text, line=self.lineno)]
        picture, figure = known[name], nodes.figure(classes=["hub-picture"])
        here = os.path.dirname(self.env.doc2path(self.env.docname))
        for theme in THEMES:
            uri = os.path.relpath(FOLDER / file_name(name, theme), here)
            figure += nodes.image("", uri=uri, alt=picture.alt, classes=["hub-picture-image", f"only-{theme}"])
        words = "; ".join(f"**{number}** {text}" for number, (_, text) in enumerate(picture.points, 1))
        if words:
            (line,) = self.parse_text_to_nodes(f"{words}.")
            figure += nodes.caption("", "", *line.children)
        return [figure]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("hub-picture", HubPicture)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
