"""Tabs that show what the form offers to each tier."""

from __future__ import annotations

from guide.browser.hub_pictures import form_of
from guide.facts import Facts, Tier


def tabs(facts: Facts) -> str:
    """Return the tabs as MyST."""
    items = [_tab(facts, tier) for tier in facts.access.tiers if tier.cpu_node_shares]
    return "\n".join(["::::{tab-set}", ":sync-group: tier", "", *items, "::::"])


def _tab(facts: Facts, tier: Tier) -> str:
    shares = [facts.node_shares.options[name] for name in tier.cpu_node_shares]
    gpus = [facts.gpus.options[name] for name in tier.gpus] if facts.gpus else []
    rows = [f"| CPU | {share.label} | {share.mem_limit_gib:g} GiB |" for share in shares]
    rows += [f"| GPU | {gpu.label} | {gpu.mem_limit_gib:g} GiB |" for gpu in gpus]
    head = ["| Server | Choice | Memory limit |", "|---|---|---|"]
    picture = ["", f"```{{hub-picture}} {form_of(facts, tier)}", "```"]
    sync = tier.name.lower().replace(" ", "-")
    return "\n".join([f":::{{tab-item}} {tier.name}", f":sync: {sync}", "", *head, *rows, *picture, ":::", ""])
