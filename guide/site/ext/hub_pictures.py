"""``{hub-picture} NAME`` shows a screenshot of the hub, which a test took on its way through the hub.

The screenshots are of this project's hub: with the facts of another hub, the directive shows nothing.
"""

from __future__ import annotations

import os

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from guide.browser.hub_pictures import pictures
from guide.browser.picture_capture import FOLDER, MANIFEST, THEMES, file_name, manifest
from guide.facts import load
from hubfacts.location import default_path


class HubPicture(SphinxDirective):
    """A screenshot in the theme of the page, with a caption that explains the numbers in it."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the figure, or a warning."""
        self.env.note_dependency(str(default_path()))
        self.env.note_dependency(str(FOLDER / MANIFEST))
        facts, stored = load(), manifest()
        name, known = self.arguments[0], pictures(facts)
        if name in known and facts.hub.url not in {entry["made_with"]["hub"] for entry in stored.values()}:
            return []
        if name not in known or name not in stored:
            ready = ", ".join(sorted(known.keys() & stored.keys()))
            text = f"there is no picture {name!r} of the hub; there are {ready}"
            return [self.state.document.reporter.warning(text, line=self.lineno)]
        picture, figure = known[name], nodes.figure(classes=["hub-picture"])
        here = os.path.dirname(self.env.doc2path(self.env.docname))
        for theme in THEMES:
            uri = os.path.relpath(FOLDER / file_name(name, theme), here)
            figure += nodes.image("", uri=uri, alt=picture.alt, classes=["guide-sharp", f"only-{theme}"])
        words = "; ".join(f"**{number}** {text}" for number, (_, text) in enumerate(picture.points, 1))
        if words:
            (line,) = self.parse_text_to_nodes(f"{words}.")
            figure += nodes.caption("", "", *line.children)
        return [figure]
