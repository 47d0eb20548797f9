"""Facts that somebody typed on a page in place of naming their key in ``hub.yml``.

Looks at prose alone: code needs a bucket's name as it is, and is proven by running. A text counts as typed when it
cannot be there by chance (an address, a reference, a team); a number when it stands with its unit, in figures or words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from guide.checks.prose import prose_lines
from guide.facts import Facts

_NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
# Units of a number by the end of its key: what prose may call it, and how many of the key's units that is.
_UNITS = {
    "_s": {"seconds?|s": 1, "minutes?|min": 60, "hours?|h": 3600, "days?": 86400, "weeks?": 604800},
    "_minutes": {"minutes?|min": 1, "hours?|h": 60},
    "_days": {"days?": 1, "weeks?": 7},
    "_months": {"months?": 1},
    "_gb": {"GB": 1},
    "_gib": {"GiB|GB": 1},
}
# A text with one of these is no word of everyday language.
_ODD = re.compile(r"[/:@_\[]|\w-\w+-\w|\d{2}|\w\.\w")
_ROLE = re.compile(r"\{fact(?:-link)?\}`[^`]*`")


def facts_by_key(facts: Facts) -> Iterator[tuple[str, str | int | float]]:
    """Every text and number of ``facts`` with its dotted key; names of options count as texts of their own."""
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
    # A page calls a variable by its name, as code does.
    elif isinstance(value, str | int | float) and not isinstance(value, bool) and not key.endswith(".variable"):
        yield key, value


def _patterns(facts: Facts) -> Iterator[tuple[str, re.Pattern[str]]]:
    for key, value in facts_by_key(facts):
        if isinstance(value, str):
            if len(value) > 5 and _ODD.search(value) and " " not in value.strip():
                yield key, re.compile(rf"(?<![\w-]){re.escape(value)}(?![\w-])")
            continue
        units = next((units for end, units in _UNITS.items() if key.endswith(end)), {})
        for unit, size in units.items():
            count = value / size
            if count < 1 or count != int(count):
                continue
            words = [str(int(count)), *_NUMBERS[int(count) : int(count) + 1]]
            yield key, re.compile(rf"(?<![\w.,-])(?:{'|'.join(words)})[ -]?(?:{unit})\b", re.IGNORECASE)


def _is_part(words: str, others: Iterable[str]) -> bool:
    """Whether an address is only the beginning of a longer one."""
    return "://" in words and any(other != words and other.startswith(words) for other in others)


def typed_facts(text: str, facts: Facts) -> list[tuple[int, str, str]]:
    """Facts typed in the prose of ``text``: the line (from 1), the key in ``hub.yml`` and the words on the page."""
    patterns = list(_patterns(facts))
    found = []
    for number, line in prose_lines(text):
        line = _ROLE.sub("", line)
        seen = {}
        for key, pattern in patterns:
            for words in pattern.finditer(line):
                seen.setdefault(words.group(), key)
        found += [(number, key, words) for words, key in seen.items() if not _is_part(words, seen)]
    return found
