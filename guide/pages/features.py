"""The features that not every hub has, by the names under which pages ask for them."""

from __future__ import annotations

from collections.abc import Callable

from guide.facts import Facts

FEATURES: dict[str, Callable[[Facts], bool]] = {
    "gpu": lambda facts: facts.gpus is not None,
    "dask-gateway": lambda facts: facts.dask_gateway is not None,
    "osn": lambda facts: facts.osn is not None,
    "osn-inbox": lambda facts: facts.osn is not None and facts.osn.inbox is not None,
    "read-only-bucket": lambda facts: facts.buckets.read_only is not None,
    "public-hub": lambda facts: facts.access.public is not None,
    "renewal": lambda facts: facts.access.renewed is not None,
    "former-names": lambda facts: any(tier.formerly for tier in facts.access.tiers),
    "extra-teams": lambda facts: bool(facts.access.extra_teams),
    "named-servers": lambda facts: facts.hub.named_servers,
    "film": lambda facts: facts.hub.intro_video is not None,
}


def lacking(facts: Facts, names: list[str]) -> list[str]:
    """Return those of the features ``names`` that the hub lacks; raises ``ValueError`` for an unknown one."""
    for name in names:
        if name not in FEATURES:
            raise ValueError(f"{name!r} is nothing a hub may lack; known are {', '.join(sorted(FEATURES))}")
    return [name for name in names if not FEATURES[name](facts)]
