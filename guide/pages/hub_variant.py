"""Make one hub's variant of a page's text, by four rules that need no run.

- ``{{ buckets.scratch.name }}``, in code as in text, is replaced by the fact at that key.
- Lines between ``:::{if-hub} FEATURE`` and the closing ``:::`` are kept only for hubs that have the feature (see
  ``features``); those after ``:::{if-not-hub} FEATURE`` only for hubs that lack it. Both work anywhere: around
  sections, inside a paragraph, between the rows of a table and in a code block.
- Examples write to the scratch bucket. For a hub that has only a persistent one, they write to that.
- A page whose front matter says ``needs: [FEATURE]`` is left out for other hubs. ``links`` treats links to it.
"""

from __future__ import annotations

import functools
import json
import re
from pathlib import Path
from typing import Any

import yaml

from guide.facts import Facts, load
from guide.pages.fact_values import FactError, fact
from guide.pages.features import lacking
from hubfacts.location import default_path

_FILLED = re.compile(r"\{\{ ([a-z_]+(?:\.[\w-]+)+(?:\|\w+)?) \}\}")
_SECTION = re.compile(r"(:{3,})\{if-(not-)?hub\} ([\w -]+)")
# The variable of the bucket that examples write to.
_SCRATCH = "SCRATCH_BUCKET"
_FENCE = re.compile(r"(`{3,}|~{3,})")


class HubTextError(Exception):
    """An error in a page's text for one hub: the line, counted from 1, and the reason."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(f"{line}: {why}")
        self.line, self.why = line, why


def current_facts() -> Facts:
    """Return the facts of the hub whose guide is being built; the file is read again only after it changes."""
    path = default_path().resolve()
    return _facts(path, path.stat().st_mtime_ns if path.is_file() else 0)


@functools.lru_cache(maxsize=2)
def _facts(path: Path, _: int) -> Facts:
    return load(path)


class _Lines:
    """The lines of the variant, numbered as in the file.

    A removed line leaves a blank line, unless that would show: in code, or where it would split a paragraph or a table.
    It is then made up for at the next blank line or code block, so that the lines after it keep their numbers.
    """

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._owed = 0
        self._fence = ""

    def keep(self, line: str) -> None:
        """Add a line."""
        fence = _FENCE.match(line.strip())
        if not self._fence and (fence or not line.strip()):
            self._pay()
        if self._fence:
            closes = fence and line.strip() == fence[1] and line.strip().startswith(self._fence)
            self._fence = "" if closes else self._fence
        elif fence:
            self._fence = fence[1]
        self._lines.append(line)

    def remove(self) -> None:
        """Skip a line."""
        self._owed += 1
        if not self._fence and not (self._lines and self._lines[-1].strip()):
            self._pay()

    def text(self) -> str:
        """Return all lines."""
        self._pay()
        return "\n".join(self._lines)

    def _pay(self) -> None:
        self._lines += [""] * self._owed
        self._owed = 0


def for_hub(text: str, facts: Facts | None = None) -> str:
    """Return ``text`` with the facts filled in and without the lines for other hubs.

    Raises ``HubTextError`` for an unknown fact or feature, and for a section that is not closed.
    """
    if "{{ " not in text and "{if-" not in text and _SCRATCH not in text:
        return text
    facts = facts or current_facts()
    if facts.buckets.scratch is None and facts.buckets.persistent:
        text = text.replace(_SCRATCH, "PERSISTENT_BUCKET")
    variant, open_sections, hidden = _Lines(), [], 0
    for number, line in enumerate(text.split("\n"), start=1):
        section = _SECTION.fullmatch(line.strip())
        if section:
            hides = _lacks(facts, section[3].split(), number) != bool(section[2])
            open_sections.append((section[1], hides))
            hidden += hides
            variant.remove()
        elif open_sections and line.strip() == open_sections[-1][0]:
            hidden -= open_sections.pop()[1]
            variant.remove()
        elif hidden:
            variant.remove()
        else:
            variant.keep(_filled(line, facts, number))
    if open_sections:
        raise HubTextError(text.count("\n") + 1, "an {if-hub} or {if-not-hub} is not closed")
    return variant.text()


def _lacks(facts: Facts, features: list[str], number: int) -> bool:
    try:
        return bool(lacking(facts, features))
    except ValueError as error:
        raise HubTextError(number, str(error)) from error


def _filled(line: str, facts: Facts, number: int) -> str:
    try:
        return _FILLED.sub(lambda key: fact(facts, key[1]), line)
    except FactError as error:
        raise HubTextError(number, str(error)) from error


def front_matter_value(path: Path, name: str) -> Any:
    """Return the entry ``name`` of a page's front matter or a notebook's metadata, or an empty list.

    Parses only the front matter, because every build asks for it on every page. Raises ``ValueError`` if it is invalid.
    """
    text = path.read_text(encoding="utf-8")
    try:
        if path.suffix == ".ipynb":
            return json.loads(text)["metadata"].get(name, [])
        front = re.match(r"---\n(.*?\n)---\n", text, re.DOTALL)
        return yaml.safe_load(front[1]).get(name, []) if front and f"{name}:" in front[1] else []
    except (ValueError, KeyError, TypeError, AttributeError, yaml.YAMLError) as error:
        raise ValueError(f"cannot be read: {str(error).splitlines()[0]}") from error
