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
    _check_help(facts)
    _check_sources("", facts, facts.sources)


def _check_buckets(facts: Facts) -> None:
    buckets, variables = facts.buckets, facts.environment_variables.values
    if buckets.has_writers and not buckets.names_writers_group:
        raise ValueError("buckets.writers_group: its address is missing, and it may write to a bucket")
    for variable in ("JUPYTERHUB_USER", "JUPYTER_IMAGE_SPEC"):
        if variable not in variables:
            raise ValueError(f"environment_variables.values: {variable} is missing, which JupyterHub sets")
    if buckets.options and len(buckets.rules) != 2:
        raise ValueError("buckets.rules: a hub with buckets has two rules, about secrets and about prefixes")
    for variable in _OWN_PREFIXES:
        holders = [bucket for bucket in facts.buckets.options.values() if bucket.variable == variable]
        if not holders and variable in variables:
            raise ValueError(f"buckets.options: none has the variable {variable}, which the hub's servers have")
        if not holders:
            continue
        if len(holders) > 1:
            raise ValueError(f"buckets.options: at most one has the variable {variable}")
        if (variable == "SCRATCH_BUCKET") != bool(holders[0].delete_after_days):
            raise ValueError("buckets.options: scratch has delete_after_days, and the persistent bucket has null")
        if holders[0].hub != "write":
            raise ValueError(f"buckets.options.{holders[0].name}.hub: it is read, and servers write to {variable}")
        if variables[variable].value != f"gs://{holders[0].name}/$(JUPYTERHUB_USER)":
            raise ValueError(f"environment_variables.values.{variable}: pages need gs://BUCKET/$(JUPYTERHUB_USER)")


def _check_help(facts: Facts) -> None:
    """Raise ``ValueError`` if a contact is missing that pages about another part of the hub name."""
    places = facts.help
    if not places.contact:
        raise ValueError("help.email: it is missing, and so is help.website; readers need one of them")
    needed = [
        ("help.forum", places.forum, "help.listed_until", places.listed_until),
        ("help.office_hours", places.office_hours, "help.listed_until", places.listed_until),
        ("help.dataset_issues", places.dataset_issues, "help.catalog", places.catalog),
        ("help.new_dataset_request", places.new_dataset_request, "help.catalog", places.catalog),
        ("help.feedstock_template", places.feedstock_template, "help.catalog", places.catalog),
        ("help.email", places.email, "help.chat", facts.help.chat),
        ("help.application_form", places.application_form, "access.tiers", facts.access.renewed),
        ("help.catalog", places.catalog, "osn", facts.osn and facts.osn.inbox),
        ("home.recommended_gb", facts.home.recommended_gb, "home.usage_alert", facts.home.usage_alert),
    ]
    for key, value, section, used in needed:
        if used and not value:
            raise ValueError(f"{key}: it is missing, and pages about {section} need it")


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
