"""Preconditions: what a request says must be true of an object, or it changes nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from fakehub.errors import GoogleError, bad_request, condition_not_met

_CHECKS = {
    "GenerationMatch": ("generation", True),
    "GenerationNotMatch": ("generation", False),
    "MetagenerationMatch": ("metageneration", True),
    "MetagenerationNotMatch": ("metageneration", False),
}
_NUMBER = re.compile(r"-?[0-9]{1,18}")


def check(query: Mapping[str, str], found: Any, prefix: str = "if", reading: bool = False) -> None:
    """Raise ``GoogleError`` unless ``found`` meets the conditions of ``query``.

    ``found`` is an object or a bucket, ``None`` where there is none; ``prefix`` is ``if`` or, for the source of a
    copy, ``ifSource``. An unmet NotMatch of a reading request is 304, everything else 412.
    """
    if not any(name.startswith(prefix) for name in query):
        return
    for name, (attribute, must_match) in _CHECKS.items():
        text = query.get(prefix + name)
        if text is None:
            continue
        wanted = number(prefix + name, text)
        have = getattr(found, attribute) if found else (0 if attribute == "generation" else None)
        if (have == wanted) is must_match:
            continue
        if reading and not must_match:
            raise GoogleError(304, "notModified", "Not Modified")
        raise condition_not_met()


def number(name: str, text: str) -> int:
    """``text`` as a 64-bit integer; raises ``GoogleError`` (400) naming the parameter."""
    if not _NUMBER.fullmatch(text):
        raise bad_request(f"Invalid value for {name}: {text!r} is not an integer.")
    return int(text)
