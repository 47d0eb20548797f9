"""Preconditions on an object's generation and metageneration, without which a request has no effect."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Protocol

from fakehub.errors import GoogleError, bad_request, condition_not_met

_CHECKS = {
    "GenerationMatch": ("generation", True),
    "GenerationNotMatch": ("generation", False),
    "MetagenerationMatch": ("metageneration", True),
    "MetagenerationNotMatch": ("metageneration", False),
}
_NUMBER = re.compile(r"-?[0-9]{1,18}")


class Versioned(Protocol):
    """An object or a bucket, with the two numbers that preconditions compare."""

    @property
    def generation(self) -> int:
        """The number of its content."""

    @property
    def metageneration(self) -> int:
        """The number of its metadata at this generation."""


def check(query: Mapping[str, str], current: Versioned | None, prefix: str = "if", reading: bool = False) -> None:
    """Raise ``GoogleError`` unless ``current`` meets the preconditions in ``query``.

    ``current`` is an object or a bucket, ``None`` if it does not exist; ``prefix`` is ``if`` or, for the source of a
    copy, ``ifSource``. An unmet NotMatch is 304 when ``reading``; every other unmet precondition is 412.
    """
    for name in query:
        if name.startswith(prefix):
            break
    else:
        return
    for name, (attribute, must_match) in _CHECKS.items():
        text = query.get(prefix + name)
        if text is None:
            continue
        wanted = number(prefix + name, text)
        have = getattr(current, attribute) if current else (0 if attribute == "generation" else None)
        if (have == wanted) is must_match:
            continue
        if reading and not must_match:
            raise GoogleError(304, "notModified", "Not Modified")
        raise condition_not_met()


def number(name: str, text: str) -> int:
    """Parse ``text`` as a 64-bit integer; raise ``GoogleError`` (400) that names the parameter."""
    if not _NUMBER.fullmatch(text):
        raise bad_request(f"Invalid value for {name}: {text!r} is not an integer.")
    return int(text)
