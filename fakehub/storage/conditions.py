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
_NUMBER = re.compile(r"-?[0-9]{1,19}")
_MOST = 2**63 - 1
# Google's clients send these words; the one for Python sends True and False.
_TRUE, _FALSE = frozenset({"true", "t", "yes", "y", "1"}), frozenset({"false", "f", "no", "n", "0"})


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
    if not _NUMBER.fullmatch(text) or not -_MOST <= int(text) <= _MOST:
        raise bad_request(f"Invalid value for {name}: {text!r} is not an integer.")
    return int(text)


def check_tags(headers: Mapping[str, str], tag: str, reading: bool, prefix: str = "") -> None:
    """Raise ``GoogleError`` unless the entity tag meets the conditions in ``If-Match`` and ``If-None-Match``.

    An unmet ``If-None-Match`` is 304 when ``reading``; every other unmet condition is 412. ``prefix`` begins the names
    of the headers.
    """
    match, none_match = f"{prefix}If-Match", f"{prefix}If-None-Match"
    if match in headers and not _has_tag(headers[match], tag):
        raise condition_not_met()
    if none_match in headers and _has_tag(headers[none_match], tag):
        raise GoogleError(304, "notModified", "Not Modified") if reading else condition_not_met()


def _has_tag(header: str, tag: str) -> bool:
    tags = [item.strip().removeprefix("W/").strip('"') for item in header.split(",")]
    return "*" in tags or tag in tags


def boolean(text: str | None) -> bool:
    """Return whether a parameter, which ``is_boolean``, is true; a missing or empty one is not."""
    return text is not None and text.lower() in _TRUE


def is_boolean(text: str) -> bool:
    """Return whether ``text`` is one of the words by which Google reads a truth value, in upper or lower case."""
    return text.lower() in _TRUE | _FALSE
