"""Where the facts of a hub are checked: a file beside the facts file, named like it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import Field, ValidationError

from hubfacts.load import all_problems
from hubfacts.schema import Model
from hubfacts.strict_yaml import YamlError, read_mapping


class UpstreamError(Exception):
    """What keeps the facts from being compared, in one line."""


class Statement(Model, extra="forbid"):
    """Where a documentation states a fact: the ``file``, and the text around ``{}``, which stands for the fact.

    ``is_name`` is set if the fact is the last part of its key instead of the value there.
    """

    file: str
    says: str = Field(pattern=r"^[^{}]+\{\}[^{}]+$")
    is_name: bool = False


class Documentation(Model, extra="forbid"):
    """What the documentation that is the ``source`` says, by the keys of facts."""

    source: str
    states: Mapping[str, Statement]


class Upstream(Model, extra="forbid"):
    """The hub's cluster and name in the operator's repository, and what the community's documentation says."""

    cluster: str
    hub: str
    documentation: Documentation | None = None


def upstream_of(hub_yml: Path) -> Upstream:
    """Return the settings in the file beside ``hub_yml``; raises ``UpstreamError``."""
    path = hub_yml.with_suffix(".upstream.yml")
    try:
        return Upstream.model_validate(read_mapping(path))
    except OSError as error:
        raise UpstreamError(f"{path}: cannot be read ({error.strerror}); it says where to check the facts") from error
    except YamlError as error:
        raise UpstreamError(f"{path}: {error}") from error
    except ValidationError as error:
        raise UpstreamError(f"{path}: {all_problems(error)[0]}") from error
