"""Cross-checks of the facts: where one section names a team, image, share, variable or bucket, another has it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hubfacts.schema import Facts, HubFacts

# The variables that the hub fills in, where the value of another has ``$(NAME)``.
FILLED_IN = ("JUPYTERHUB_USER", "IMAGE")


def check(facts: Facts) -> None:
    """Raise ``ValueError``, one line with the key, if a section names something that the facts do not have."""
    _check_access(facts)
    _check_gpus(facts)
    _check_variables(facts)
    for name, section in (("node_shares", facts.node_shares), ("images", facts.images)):
        if section and sum(option.default for option in section.options.values()) != 1:
            raise ValueError(f"{name}.options: exactly one is the default")


def check_hub(facts: HubFacts) -> None:
    """Raise ``ValueError`` if the facts are not sound, or no member of a tier may log in."""
    check(facts)
    access = facts.access
    if access.organization and not any(tier.team in access.allowed_teams for tier in access.tiers):
        raise ValueError("access.allowed_teams: none of them is the team of a tier")


def require_known(key: str, names: Iterable[str], known: Iterable[str], what: str) -> None:
    """Raise ``ValueError`` if one of the ``names`` at ``key`` is not ``known``; ``what`` is what they are names of."""
    for name in names:
        if name not in known:
            raise ValueError(f"{key}: unknown {what} {name!r}; known are {', '.join(sorted(known)) or 'none'}")


def teams(facts: Facts) -> set[str]:
    """Return the names of all teams."""
    return {tier.team for tier in facts.access.tiers} | set(facts.access.extra_teams) if facts.access else set()


def _check_access(facts: Facts) -> None:
    access = facts.access
    if access is None:
        return
    shares = facts.node_shares.options if facts.node_shares else {}
    gpus = facts.gpus.options if facts.gpus else {}
    for index, tier in enumerate(access.tiers):
        require_known(f"access.tiers.{index}.cpu_node_shares", tier.cpu_node_shares, shares, "share")
        require_known(f"access.tiers.{index}.gpus", tier.gpus, gpus, "GPU")
    for name, team in access.extra_teams.items():
        require_known(f"access.extra_teams.{name}.cpu_node_shares", team.cpu_node_shares, shares, "share")
        require_known(f"access.extra_teams.{name}.gpus", team.gpus, gpus, "GPU")
    for index, profile in enumerate(facts.further_profiles):
        require_known(f"further_profiles.{index}.teams", profile.teams, teams(facts), "team")
    require_known("access.allowed_teams", access.allowed_teams, teams(facts), "team")


def _check_gpus(facts: Facts) -> None:
    if facts.gpus:
        require_known("gpus.images", facts.gpus.images, facts.images.options if facts.images else {}, "image")


def _check_variables(facts: Facts) -> None:
    variables = facts.environment_variables
    require_known("environment_variables.on_dask_workers", variables.on_dask_workers, variables.values, "variable")
    filled_in = FILLED_IN if facts.images else FILLED_IN[:1]
    for name, variable in variables.values.items():
        key = f"environment_variables.values.{name}.value"
        require_known(key, re.findall(r"\$\((\w+)\)", variable.value), filled_in, "variable")
        bucket = re.match(r"(?:gs|s3)://([^/]+)", variable.value)
        require_known(key, [bucket[1]] if bucket else [], facts.buckets.options, "bucket")
    for name, option in facts.buckets.options.items():
        if option.variable:
            key = f"buckets.options.{name}.variable"
            require_known(key, [option.variable], variables.values, "variable")
            if not variables.values[option.variable].value.startswith(f"gs://{name}/"):
                raise ValueError(f"{key}: {option.variable} is not a path in gs://{name}/")
