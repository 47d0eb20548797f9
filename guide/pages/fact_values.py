"""The value of a fact by its dotted key in ``hub.yml``, as text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from guide.facts import Facts

# The seconds in each unit.
_UNITS = {"minutes": 60, "hours": 3600, "days": 86400}


class FactError(Exception):
    """A fact that hub.yml does not have: one line."""


def fact(facts: Facts, key: str) -> str:
    """Return the fact at a dotted ``key`` as text; raises ``FactError``.

    A number of seconds is converted if the key names a unit, as in ``hub.timeouts.spawn_timeout_s|minutes``.
    """
    path, _, unit = key.partition("|")
    value: Any = facts
    for part in path.split("."):
        name = {"with": "with_", "for": "for_"}.get(part, part)
        if isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            value = value.get(part) if isinstance(value, Mapping) else getattr(value, name, None)
        if value is None:
            raise FactError(f"hub.yml has no fact {path!r}")
    if isinstance(value, list) and unit == "quoted":
        return ", ".join(f'"{item}"' for item in value)
    if isinstance(value, list):
        return ", ".join(f"{item:g}" if isinstance(item, float) else str(item) for item in value)
    if isinstance(value, Mapping | BaseModel):
        raise FactError(f"{path!r} is a section of hub.yml, not a fact")
    if not unit:
        return f"{value:g}" if isinstance(value, float) else str(value)
    if unit not in _UNITS:
        raise FactError(f"unknown unit {unit!r}; known are {', '.join(_UNITS)}")
    count = value / _UNITS[unit]
    return f"{count:g} {unit if count != 1 else unit[:-1]}"
