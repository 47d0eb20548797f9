"""Preconditions: what a request says must be true of an object, or it changes nothing."""

from __future__ import annotations

from collections.abc import Mapping

from fakehub.errors import GoogleError, bad_request, condition_not_met
from fakehub.storage.objects import Object

_CHECKS = {
    "GenerationMatch": ("generation", True),
    "GenerationNotMatch": ("generation", False),
    "MetagenerationMatch": ("metageneration", True),
    "MetagenerationNotMatch": ("metageneration", False),
}


def check(query: Mapping[str, str], found: Object | None, prefix: str = "if", reading: bool = False) -> None:
    """Raise ``GoogleError`` unless ``found`` (``None``: no such object) meets the conditions of ``query``.

    ``prefix`` is ``if`` or, for the source of a copy, ``ifSource``. An unmet NotMatch of a reading request is
    304, everything else 412.
    """
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
    """``text`` as an integer; raises ``GoogleError`` (400) naming the parameter."""
    try:
        return int(text)
    except ValueError:
        raise bad_request(f"Invalid value for {name}: {text!r} is not an integer.") from None
