"""Load the facts of a guide, and check what one section says about another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from guide.facts.schema import Facts
from guide.facts.sources import Source
from hubfacts.checks import check_hub, require_known, teams
from hubfacts.load import FactsError, all_problems, load_as, validated
from hubfacts.strict_yaml import YamlError, read_mapping

# The variables with a user's own prefix: in the bucket whose objects expire, and in the one whose objects stay.
_OWN_PREFIXES = ("SCRATCH_BUCKET", "PERSISTENT_BUCKET")


def load(path: Path | None = None) -> Facts:
    """Return the facts in the file at ``path`` (see ``default_path``); raises ``FactsError``."""
    return load_as(Facts, check_guide, path)


def checked(content: dict[Any, Any]) -> Facts:
    """Return the facts in the ``content`` of a file; raises ``FactsError`` with the key."""
    return validated(content, Facts, check_guide)


def check_guide(facts: Facts) -> None:
    """Raise ``ValueError``, one line with the key, for facts that contradict one another or have no known source."""
    check_hub(facts)
    for name, gpu in facts.gpus.options.items() if facts.gpus else ():
        require_known(f"gpus.options.{name}.team", [gpu.team] if gpu.team else [], teams(facts), "team")
    _check_buckets(facts)
    _check_sources("", facts, facts.sources)


def _check_buckets(facts: Facts) -> None:
    buckets, variables = facts.buckets, facts.environment_variables.values
    if buckets.has_writers and not buckets.names_writers_group:
        raise ValueError("buckets.writers_group: its address is missing, and it may write to a bucket")
    for variable in ("JUPYTERHUB_USER", "JUPYTER_IMAGE_SPEC"):
        if variable not in variables:
            raise ValueError(f"environment_variables.values: {variable} is missing, which JupyterHub sets")
    for variable in _OWN_PREFIXES:
        holders = [bucket for bucket in facts.buckets.options.values() if bucket.variable == variable]
        if len(holders) != 1:
            raise ValueError(f"buckets.options: exactly one has the variable {variable}")
        if (variable == "SCRATCH_BUCKET") != bool(holders[0].delete_after_days):
            raise ValueError("buckets.options: scratch has delete_after_days, and the persistent bucket has null")
        if holders[0].hub != "write":
            raise ValueError(f"buckets.options.{holders[0].name}.hub: it is read, and servers write to {variable}")
        if variables[variable].value != f"gs://{holders[0].name}/$(JUPYTERHUB_USER)":
            raise ValueError(f"environment_variables.values.{variable}: pages need gs://BUCKET/$(JUPYTERHUB_USER)")


def _check_sources(key: str, model: BaseModel, sources: dict[str, Source]) -> None:
    for name in type(model).model_fields:
        value = getattr(model, name)
        if name == "src":
            require_known(f"{key}src", value, sources, "source")
        elif isinstance(value, BaseModel):
            _check_sources(f"{key}{name}.", value, sources)
        elif isinstance(value, list):
            for number, item in enumerate(value):
                if isinstance(item, BaseModel):
                    _check_sources(f"{key}{name}.{number}.", item, sources)


def problems(path: Path) -> list[str]:
    """Return everything that keeps the file at ``path`` from being the facts of a guide, a line for each key."""
    try:
        content = read_mapping(path)
        Facts.model_validate(content if content is not None else {})
        load(path)
    except ValidationError as error:
        return all_problems(error)
    except (OSError, YamlError, FactsError) as error:
        return [str(error)]
    return []
