"""Sphinx extension: ``{tier-tabs}`` shows what the form offers, a tab for each tier, from the facts of ``hub.yml``."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from fakehub.facts import Facts, Tier, default_path, load
from guide.hub_pictures import form_of


class TierTabs(SphinxDirective):
    """Tabs; the reader's choice holds for all tabs of tiers, on this page and the others."""

    def run(self) -> list[nodes.Node]:
        """Return the tabs."""
        self.env.note_dependency(str(default_path()))
        return self.parse_text_to_nodes(tabs(load()))


def tabs(facts: Facts) -> str:
    """The tabs as MyST."""
    found = [_tab(facts, tier) for tier in facts.access.tiers if tier.cpu_node_shares]
    return "\n".join(["::::{tab-set}", ":sync-group: tier", "", *found, "::::"])


def _tab(facts: Facts, tier: Tier) -> str:
    shares = [facts.node_shares.options[name] for name in tier.cpu_node_shares]
    gpus = [facts.gpus.options[name] for name in tier.gpus] if facts.gpus else []
    rows = [f"| CPU | {share.label} | {share.mem_limit_gb:g} GB |" for share in shares]
    rows += [f"| GPU | {gpu.label} | {gpu.mem_limit_gb:g} GB |" for gpu in gpus]
    head = ["| Machine | Choice | Memory limit |", "|---|---|---|"]
    picture = ["", f"```{{hub-picture}} {form_of(facts, tier)}", "```"]
    sync = tier.name.lower().replace(" ", "-")
    return "\n".join([f":::{{tab-item}} {tier.name}", f":sync: {sync}", "", *head, *rows, *picture, ":::", ""])


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("tier-tabs", TierTabs)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
