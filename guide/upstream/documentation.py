"""Read facts in the text of a documentation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from guide.upstream.lines import Keys
from guide.upstream.origins import Place
from guide.upstream.settings import Documentation, Statement, UpstreamError

_NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


@dataclass(frozen=True)
class Stated:
    """What a documentation says about the fact at ``key``; ``value`` is ``None`` if it no longer has the sentence."""

    key: Keys
    value: str | None
    place: Place | None
    is_name: bool


def statements(folder: Path, documentation: Documentation) -> Iterator[Stated]:
    """Yield what a checkout of the ``documentation`` says about each fact; raises ``UpstreamError``."""
    if not any((folder / one.file).is_file() for one in documentation.states.values()):
        raise UpstreamError(f"{folder}: none of the documentation's files is there; DOCS is its checkout")
    for key, statement in documentation.states.items():
        value, place = _read(folder, statement)
        yield Stated(tuple(key.split(".")), value, place, statement.is_name)


def _read(folder: Path, statement: Statement) -> tuple[str | None, Place | None]:
    path = folder / statement.file
    try:
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise UpstreamError(f"{path}: cannot be read as text") from error
    before, after = (_spaced(part) for part in statement.says.split("{}"))
    # The fact is between the two texts on one line, as closely as possible.
    found = re.search(f"{before}((?:(?!{before}).)+?){after}", text, re.IGNORECASE)
    if not found:
        return None, None
    return found[1], Place(statement.file, text.count("\n", 0, found.start(1)) + 1)


def _spaced(text: str) -> str:
    """Return a pattern for a text whose spaces may be several, as in tables."""
    return re.sub(r"(\\ )+", r"[ \\t]+", re.escape(text))


def number_of(text: str) -> str:
    """Return a number in words as digits, and any other text as it is."""
    return str(_NUMBERS.index(text.lower())) if text.lower() in _NUMBERS else text
