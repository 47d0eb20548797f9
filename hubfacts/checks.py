"""What one section of the facts says of another must be so: teams, images, shares, variables and sources exist."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

if TYPE_CHECKING:
    from hubfacts.schema import Facts

# What the hub itself puts into the value of a variable, as ``$(NAME)``.
FILLED_IN = ("JUPYTERHUB_USER", "IMAGE")

# Where a user's own objects are: those that are deleted after some days, and those that are kept.
_OWN_PREFIXES = ("SCRATCH_BUCKET", "PERSISTENT_BUCKET")


def check(facts: Facts) -> None:
    """Raise ``ValueError``, one line with the key, where something is named that the facts do not have."""
    _check_access(facts)
    _check_gpus(facts)
    _check_variables(facts)
    for section in ("node_shares", "images"):
        if sum(option.default for option in getattr(facts, section).options.values()) != 1:
            raise ValueError(f"{section}.options: exactly one is the default")
    _check_sources("", facts, facts.sources)


def _teams(facts: Facts) -> set[str]:
    return {tier.team for tier in facts.access.tiers} | set(facts.access.extra_teams)


def _check_access(facts: Facts) -> None:
    access, gpus = facts.access, facts.gpus.options if facts.gpus else {}
    for index, tier in enumerate(access.tiers):
        _known(f"access.tiers.{index}.cpu_node_shares", tier.cpu_node_shares, facts.node_shares.options, "share")
        _known(f"access.tiers.{index}.gpus", tier.gpus, gpus, "GPU")
    for name, team in access.extra_teams.items():
        _known(f"access.extra_teams.{name}.gpus", team.gpus, gpus, "GPU")
    _known("access.allowed_teams", access.allowed_teams, _teams(facts), "team")


def _check_gpus(facts: Facts) -> None:
    if facts.gpus is None:
        return
    for name, gpu in facts.gpus.options.items():
        _known(f"gpus.options.{name}.team", [gpu.team] if gpu.team else [], _teams(facts), "team")
    _known("gpus.images", facts.gpus.images, facts.images.options, "image")


def _check_variables(facts: Facts) -> None:
    variables = facts.environment_variables
    _known("environment_variables.on_dask_workers", variables.on_dask_workers, variables.values, "variable")
    for name, variable in variables.values.items():
        filled = re.findall(r"\$\((\w+)\)", variable.value)
        _known(f"environment_variables.values.{name}.value", filled, FILLED_IN, "variable")
        bucket = re.match(r"(?:gs|s3)://([^/]+)", variable.value)
        named = [bucket[1]] if bucket else []
        _known(f"environment_variables.values.{name}.value", named, facts.buckets.options, "bucket")
    for name, bucket in facts.buckets.options.items():
        key, named = f"buckets.options.{name}.variable", [bucket.variable] if bucket.variable else []
        _known(key, named, variables.values, "variable")
        if bucket.variable and not variables.values[bucket.variable].value.startswith(f"gs://{name}/"):
            raise ValueError(f"{key}: {bucket.variable} is not a path in gs://{name}/")
    for variable in _OWN_PREFIXES:
        holders = [bucket for bucket in facts.buckets.options.values() if bucket.variable == variable]
        if len(holders) != 1:
            raise ValueError(f"buckets.options: exactly one has the variable {variable}")
        if (variable == "SCRATCH_BUCKET") != bool(holders[0].delete_after_days):
            raise ValueError("buckets.options: scratch has delete_after_days, and the persistent bucket has null")


def _known(key: str, names: list[str], known: Iterable[str], what: str) -> None:
    for name in names:
        if name not in known:
            raise ValueError(f"{key}: unknown {what} {name!r}; known are {', '.join(sorted(known)) or 'none'}")


def _check_sources(key: str, model: BaseModel, sources: dict[str, Any]) -> None:
    for name in type(model).model_fields:
        value = getattr(model, name)
        if name == "src":
            _known(f"{key}src", value, sources, "source")
        elif isinstance(value, BaseModel):
            _check_sources(f"{key}{name}.", value, sources)
