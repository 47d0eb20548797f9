"""Load the facts file: read, validate and cross-check it."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from hubfacts.checks import check
from hubfacts.location import default_path
from hubfacts.schema import Facts
from hubfacts.strict_yaml import YamlError, mapping_of


class FactsError(Exception):
    """What is wrong with the facts file: one line with the file and the key."""


def load(path: Path | None = None) -> Facts:
    """Read and check the facts file at ``path`` (see ``default_path``); raises ``FactsError``."""
    path = path or default_path()
    try:
        data = path.read_bytes()
    except OSError as error:
        raise FactsError(f"{path}: cannot be read ({error.strerror}); name another with --hub-yml FILE") from error
    return _checked(path, data)


@functools.lru_cache(maxsize=4)
def _checked(path: Path, data: bytes) -> Facts:
    """The facts in ``data``: pages ask for one after the other, and none of them is ever changed."""
    try:
        content = mapping_of(data)
    except YamlError as error:
        raise FactsError(f"{path}: {error}") from error
    if content is None:
        raise FactsError(f"{path}: it should be a mapping with the sections {', '.join(Facts.model_fields)}")
    try:
        return checked(content)
    except FactsError as error:
        raise FactsError(f"{path}: {error}") from error


def checked(content: dict[Any, Any]) -> Facts:
    """The facts of what a file of them holds; raises ``FactsError`` with the key."""
    try:
        facts = Facts.model_validate(content)
        check(facts)
        return facts
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        message = first["msg"].removeprefix("Value error, ")
        given = f" (it is {first['input']!r})" if isinstance(first["input"], str | int | float | bool) else ""
        raise FactsError(f"{key + ': ' if key else ''}{message}{given}") from error
    except ValueError as error:  # from ``check``
        raise FactsError(str(error)) from error
