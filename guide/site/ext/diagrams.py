"""Sphinx extension: ``{fact-diagram} NAME`` draws how things hang together, from the facts of ``hub.yml``."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from guide.facts import load
from guide.site.facts.diagrams import DIAGRAMS
from guide.site.facts.drawing import svg
from hubfacts.location import default_path


class FactDiagram(SphinxDirective):
    """A drawing made of facts, with the same in words for those who do not see it."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the drawing."""
        self.env.note_dependency(str(default_path()))
        name = self.arguments[0]
        if name not in DIAGRAMS:
            text = f"there is no fact diagram {name!r}; known are {', '.join(sorted(DIAGRAMS))}"
            return [self.state.document.reporter.warning(text, line=self.lineno)]
        drawing = DIAGRAMS[name](load())
        frame = f'<figure class="guide-diagram" tabindex="0" aria-label="{drawing.title}">'
        return [nodes.raw("", f"{frame}{svg(drawing, name)}</figure>", format="html")]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("fact-diagram", FactDiagram)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
