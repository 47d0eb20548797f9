"""Find facts that somebody typed on a page instead of naming their key in ``hub.yml``.

Checks prose only: code needs a bucket's literal name, and is tested by running it. A text counts as a typed fact if it
cannot be there by chance: an address, a reference or a team. A number counts if its unit follows, in digits or words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from guide.checks.prose import prose_lines
from guide.facts import Facts

_NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
# Units of a number, by the end of its key: each name that prose may use, and how many of the key's units it is.
_UNITS = {
    "_s": {"seconds?|s": 1, "minutes?|min": 60, "hours?|h": 3600, "days?": 86400, "weeks?": 604800},
    "_minutes": {"minutes?|min": 1, "hours?|h": 60},
    "_h": {"hours?|h": 1},
    "_days": {"days?": 1, "weeks?": 7},
    "_months": {"months?": 1},
    "_gb": {"GB": 1},
    "_gib": {"GiB|GB": 1},
}
# A text that matches is not a word of everyday language.
_ODD = re.compile(r"[/:@_\[]|\w-\w+-\w|\d{2}|\w\.\w")
_ROLE = re.compile(r"\{fact(?:-link)?\}`[^`]*`")


def facts_by_key(facts: Facts) -> Iterator[tuple[str, str | int | float]]:
    """Yield the dotted key and value of every text and number in ``facts``; names of options count as texts too."""
    yield from _values("", facts.model_dump(exclude={"sources"}))


def _values(key: str, value: Any) -> Iterator[tuple[str, str | int | float]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            if key.endswith("options"):
                yield f"{key}.{name}", name
            yield from _values(f"{key}.{name}" if key else name, inner)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            if not key.endswith(("src", ".on_dask_workers")):
                yield from _values(f"{key}.{index}", inner)
    # A page names a variable as code does, so its name is not a typed fact.
    elif isinstance(value, str | int | float) and not isinstance(value, bool) and not key.endswith(".variable"):
        yield key, value


def _patterns(facts: Facts) -> Iterator[tuple[str, re.Pattern[str]]]:
    """Yield the key of each fact with a pattern that matches it in prose."""
    for key, value in facts_by_key(facts):
        if isinstance(value, str):
            if len(value) > 5 and _ODD.search(value) and " " not in value.strip():
                yield key, re.compile(rf"(?<![\w-]){re.escape(value)}(?![\w-])")
            continue
        units: dict[str, int] = next((units for end, units in _UNITS.items() if key.endswith(end)), {})
        for unit, size in units.items():
            count = value / size
            if count < 1 or count != int(count):
                continue
            words = [str(int(count)), *_NUMBERS[int(count) : int(count) + 1]]
            yield key, re.compile(rf"(?<![\w.,-])(?:{'|'.join(words)})[ -]?(?:{unit})\b", re.IGNORECASE)


def _is_part(words: str, others: Iterable[str]) -> bool:
    """Return whether an address is only the beginning of a longer one on the same line."""
    return "://" in words and any(other != words and other.startswith(words) for other in others)


def typed_facts(text: str, facts: Facts) -> list[tuple[int, str, str]]:
    """Return the facts typed in the prose of ``text``: line (from 1), key in ``hub.yml`` and words on the page."""
    patterns = list(_patterns(facts))
    typed = []
    for number, line in prose_lines(text):
        line = _ROLE.sub("", line)
        keys: dict[str, str] = {}
        for key, pattern in patterns:
            for match in pattern.finditer(line):
                keys.setdefault(match.group(), key)
        typed += [(number, key, words) for words, key in keys.items() if not _is_part(words, keys)]
    return typed
