"""Load the facts file: read, validate and cross-check it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, cast

from pydantic import ValidationError

from hubfacts.checks import check, check_hub
from hubfacts.location import default_path
from hubfacts.schema import Facts, HubFacts, MisspeltKeyError, Model
from hubfacts.strict_yaml import YamlError, mapping_of

_F = TypeVar("_F", bound=Model)
# One of pydantic's ``ErrorDetails``.
Problem = Mapping[str, Any]


class FactsError(Exception):
    """What is wrong with the facts file: one line with the file and the key."""


def load(path: Path | None = None) -> Facts:
    """Return what the stand-in reads of the facts file at ``path`` (see ``default_path``); raises ``FactsError``."""
    return load_as(Facts, check, path)


def load_hub(path: Path | None = None) -> HubFacts:
    """Return the same, of a hub whose JupyterHub is started too; raises ``FactsError`` with all sections it lacks."""
    return load_as(HubFacts, check_hub, path)


def load_as(model: type[_F], cross_check: Callable[[_F], None], path: Path | None = None) -> _F:
    """Read the facts file at ``path`` (see ``default_path``) as ``model``; raises ``FactsError``.

    ``cross_check`` raises ``ValueError`` for facts that contradict one another. The result is cached until the file's
    content changes: pages ask for the facts one after the other, and nobody can change them.
    """
    path = path or default_path()
    try:
        data = path.read_bytes()
    except OSError as error:
        raise FactsError(f"{path}: cannot be read ({error.strerror}); name another with --hub-yml FILE") from error
    return cast(_F, _cached(model, cross_check, path, data))


@functools.lru_cache(maxsize=8)
def _cached(model: type[_F], cross_check: Callable[[_F], None], path: Path, data: bytes) -> _F:
    try:
        content = _content(data)
    except YamlError as error:
        raise FactsError(f"{path}: {error}") from error
    if content is None:
        required = [name for name, field in model.model_fields.items() if field.is_required()]
        raise FactsError(f"{path}: it should be a mapping with the sections {', '.join(required)}")
    try:
        return validated(content, model, cross_check)
    except FactsError as error:
        raise FactsError(f"{path}: {error}") from error


@functools.lru_cache(maxsize=4)
def _content(data: bytes) -> dict[Any, Any] | None:
    """Parse the file once for all models; raises ``YamlError``."""
    return mapping_of(data)


def validated(content: dict[Any, Any], model: type[_F], cross_check: Callable[[_F], None]) -> _F:
    """Return the facts in the ``content`` of a file; raises ``FactsError`` with the key."""
    try:
        facts = model.model_validate(content)
        cross_check(facts)
        return facts
    except ValidationError as error:
        raise FactsError(_first_problem(error.errors())) from error
    except ValueError as error:  # from the cross-checks
        raise FactsError(str(error)) from error


def _first_problem(errors: Sequence[Problem]) -> str:
    """Format the first error as one line; if a key is missing, every missing key."""
    first = errors[0]
    if first["type"] == "missing":
        return f"{', '.join(_key(error) for error in errors if error['type'] == 'missing')}: missing"
    given = f" (it is {first['input']!r})" if isinstance(first["input"], str | int | float | bool) else ""
    return f"{_key(first)}: {_message(first)}{given}".removeprefix(": ")


def all_problems(error: ValidationError) -> list[str]:
    """Format every error as a line with its key, except for defaults that could not follow from an invalid fact."""
    errors = [one for one in error.errors() if one["type"] != "default_factory_not_called"]
    return [f"{_key(one)}: {_message(one)}" for one in errors]


def _key(error: Problem) -> str:
    cause = error.get("ctx", {}).get("error")
    return ".".join(map(str, [*error["loc"], *([cause.key] if isinstance(cause, MisspeltKeyError) else [])]))


def _message(error: Problem) -> str:
    return "missing" if error["type"] == "missing" else error["msg"].removeprefix("Value error, ")
