"""Questions of a notebook that readers answer in the browser.

The Markdown cell with the question has the exercise in its metadata. It contains the code with which the answer begins,
checks that are true for a right answer, and a hint for a wrong one. A solution proves that the checks can be passed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from guide.pages.blocks import BlockError

OPTION = "exercise"
_QUESTION = re.compile(r"^\*\*Question:\*\*", re.MULTILINE)


@dataclass(frozen=True)
class Exercise:
    """An exercise of the cell number ``cell``, for the question with this ``number`` in its notebook, from 0."""

    cell: int
    number: int
    start: str
    checks: tuple[str, ...]
    hint: str
    solution: str


def exercises(cells: Iterable[Mapping[str, Any]], name: str) -> Iterator[Exercise]:
    """Yield the exercises in the cells of the notebook ``name``; raises ``BlockError``, which names the cell too."""
    number = 0
    for place, cell in enumerate(cells, start=1):
        if cell["cell_type"] != "markdown":
            continue
        questions = len(_QUESTION.findall("".join(cell["source"])))
        metadata = cell.get("metadata", {})
        if OPTION in metadata:
            where = f"{name}:cell {place}"
            if questions != 1:
                raise BlockError(f"{where}: an exercise needs a cell with one **Question:**, and this has {questions}")
            yield Exercise(place, number, **_fields(metadata[OPTION], where))
        number += questions


def _fields(content: object, where: str) -> dict[str, Any]:
    texts = {"start", "hint", "solution"}
    if not isinstance(content, dict) or set(content) != texts | {"checks"}:
        raise BlockError(f"{where}: an exercise has the keys start, checks, hint and solution, and no others")
    checks = content["checks"]
    lists = isinstance(checks, list) and bool(checks) and all(isinstance(check, str) for check in checks)
    if not lists or not all(isinstance(content[key], str) and content[key].strip() for key in texts):
        raise BlockError(f"{where}: checks is a list of expressions, and start, hint and solution are texts")
    return {**content, "checks": tuple(checks)}
