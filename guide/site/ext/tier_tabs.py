"""Sphinx extension: ``{tier-tabs}`` shows what the form offers, a tab for each tier, from the facts of ``hub.yml``."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from guide.facts import load
from guide.site.facts.tier_tabs import tabs
from hubfacts.location import default_path


class TierTabs(SphinxDirective):
    """Tabs; the reader's choice holds for all tabs of tiers, on this page and the others."""

    def run(self) -> list[nodes.Node]:
        """Return the tabs."""
        self.env.note_dependency(str(default_path()))
        return self.parse_text_to_nodes(tabs(load()))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("tier-tabs", TierTabs)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
