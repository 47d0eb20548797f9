"""The text of a page as one hub's guide has it, by three rules that need no run.

- ``{{ buckets.scratch.name }}``, in code as in text, is the fact at that key.
- What stands between ``:::{if-hub} FEATURE`` and the ``:::`` that ends it is for hubs that have the feature (see
  ``features``). Its lines stay where they are, so that a block's line is its line in the file.
- A page whose front matter says ``needs: [FEATURE]`` is left out for other hubs. A link to it becomes its text, and a
  row of a table that links to it is left out.
"""

from __future__ import annotations

import functools
import json
import posixpath
import re
from pathlib import Path
from typing import Any

import yaml

from hubfacts.features import lacking
from hubfacts.load import load
from hubfacts.location import default_path
from hubfacts.schema import Facts
from hubfacts.values import FactError, fact

_FILLED = re.compile(r"\{\{ ([a-z_]+(?:\.[\w-]+)+(?:\|\w+)?) \}\}")
_SECTION = re.compile(r"(:{3,})\{if-hub\} ([\w -]+)")
_LINK = re.compile(r"\[([^\]]+)\]\(([^)\s#]+)\.(?:md|ipynb)(?:#[^)\s]*)?\)")


class HubTextError(Exception):
    """What cannot be made of a page for this hub: the line, from 1, and why."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(f"{line}: {why}")
        self.line, self.why = line, why


def current_facts() -> Facts:
    """The facts of the hub whose guide is being made, read once while their file is as it is."""
    path = default_path().resolve()
    return _facts(path, path.stat().st_mtime_ns if path.is_file() else 0)


@functools.lru_cache(maxsize=2)
def _facts(path: Path, _: int) -> Facts:
    return load(path)


def for_hub(text: str, facts: Facts | None = None) -> str:
    """``text`` with the facts filled in and without what this hub lacks; raises ``HubTextError``."""
    if "{{ " not in text and "{if-hub}" not in text:
        return text
    facts = facts or current_facts()
    lines, ends, hidden = [], [], 0
    for number, line in enumerate(text.split("\n"), start=1):
        begins = _SECTION.fullmatch(line.strip())
        if begins:
            hides = _hides(facts, begins[2].split(), number)
            ends.append((begins[1], hides))
            hidden += hides
            lines.append("")
        elif ends and line.strip() == ends[-1][0]:
            hidden -= ends.pop()[1]
            lines.append("")
        else:
            lines.append("" if hidden else _filled(line, facts, number))
    if ends:
        raise HubTextError(len(lines), "an {if-hub} does not end")
    return "\n".join(lines)


def _hides(facts: Facts, names: list[str], number: int) -> bool:
    try:
        return bool(lacking(facts, names))
    except ValueError as error:
        raise HubTextError(number, str(error)) from error


def _filled(line: str, facts: Facts, number: int) -> str:
    try:
        return _FILLED.sub(lambda key: fact(facts, key[1]), line)
    except FactError as error:
        raise HubTextError(number, str(error)) from error


def front_matter_value(path: Path, name: str) -> Any:
    """What the page's front matter, or the notebook's metadata, says under ``name``; an empty list for nothing.

    Reads no more than that: it is asked of every page in every build. Raises ``ValueError`` where that is unreadable.
    """
    text = path.read_text(encoding="utf-8")
    try:
        if path.suffix == ".ipynb":
            return json.loads(text)["metadata"].get(name, [])
        front = re.match(r"---\n(.*?\n)---\n", text, re.DOTALL)
        return yaml.safe_load(front[1]).get(name, []) if front and f"{name}:" in front[1] else []
    except (ValueError, KeyError, TypeError, AttributeError, yaml.YAMLError) as error:
        raise ValueError(f"cannot be read: {str(error).splitlines()[0]}") from error


def without_links(text: str, page: str, left_out: set[str]) -> str:
    """``text`` of the ``page`` (its name, without suffix) without links to pages that are ``left_out``."""
    if not left_out:
        return text

    def leads_out(link: re.Match[str]) -> bool:
        return posixpath.normpath(posixpath.join(posixpath.dirname(page), link[2])) in left_out

    rows = text.split("\n")
    kept = [row for row in rows if not (row.startswith("|") and any(map(leads_out, _LINK.finditer(row))))]
    return _LINK.sub(lambda link: link[1] if leads_out(link) else link[0], "\n".join(kept))
