"""Find units of prose that do not fit the fact before them, as GB after a fact in GiB."""

from __future__ import annotations

import re
from collections.abc import Iterator

from guide.checks.prose import prose_lines

# What prose may write after a fact, by the end of the fact's key.
_UNITS = {
    "_s": "seconds?|s",
    "_ms": "milliseconds?|ms",
    "_minutes": "minutes?|min",
    "_h": "hours?|h",
    "_hours": "hours?|h",
    "_days": "days?",
    "_weeks": "weeks?",
    "_months": "months?",
    "_mb": "MB",
    "_gb": "GB",
    "_gib": "GiB",
    "_threads": "threads?",
}
_ANY = "|".join((*_UNITS.values(), "[kKMGTP]i?B", "%", "years?", "CPUs?"))
_FACT = re.compile(rf"(?:\{{fact\}}`([^`<]+)`|\{{\{{ *([\w.|]+) *\}}\}})[ \u00a0-]*({_ANY})(?!\w)")


def unfitting_units(text: str) -> Iterator[tuple[int, str]]:
    """Yield the line of each fact in the prose of ``text`` with a unit after it that is not the fact's."""
    for number, line in prose_lines(text):
        for role, place, unit in _FACT.findall(line):
            key = role or place
            right = next((units for end, units in _UNITS.items() if key.endswith(end)), "")
            if "|" in key:
                yield number, f"{key} is written with its unit: leave out {unit!r}"
            elif right and not re.fullmatch(right, unit):
                yield number, f"{unit!r} is not the unit of {key}"
