"""Checks that a page carries and that its readers never see.

A cell has them in lines ``:check: EXPRESSION``, a fence in ``check="…"``, and a cell of a notebook in its metadata. A
check is a Python expression, or a shell command for a bash block or a transcript. This module reads checks and removes
them from text that is shown; ``guide.run.run_checks`` evaluates them.
"""

from __future__ import annotations

import ast
import json
import re

from guide.pages.exercises import OPTION as EXERCISE

OPTION = "check"
# Lines of a cell that only the run reads. MyST-NB would read the option ``on`` as the YAML value true.
_HIDDEN = (f":{OPTION}:", ":on:")
_CELL = re.compile(r"\s*(`{3,}|~{3,})\s*\{code-cell\}")


class CheckError(Exception):
    """A check that cannot be evaluated or cannot fail: the check and the reason, in one line."""


def checks_of(value: object, language: str) -> tuple[str, ...]:
    """Return the checks that an option gives as one text or as a list, for a block in that ``language``.

    Raises ``CheckError``.
    """
    checks = [value] if isinstance(value, str) else value
    if not isinstance(checks, list) or not all(isinstance(check, str) and check.strip() for check in checks):
        raise CheckError("check must be an expression, or a list of them")
    for check in checks:
        if language == "python":
            _parse(check)
    return tuple(check.strip() for check in checks)


def _parse(check: str) -> None:
    """Raise ``CheckError`` unless ``check`` is a Python expression that depends on the page."""
    try:
        tree = ast.parse(check.strip(), mode="eval")
    except SyntaxError as error:
        raise CheckError(f"check {check.strip()} is not a Python expression: {error.msg}") from error
    if not any(isinstance(node, ast.Name) for node in ast.walk(tree)):
        raise CheckError(f"check {check.strip()} cannot fail; name something that the block makes")


def without_checks(text: str) -> str:
    """Return the Markdown of a page without the checks of its cells and the names of their machines.

    Each removed line is made up for by an empty one after its cell, so that later lines keep their numbers. Those of
    fences stay: they are in the info line, which no output shows.
    """
    if not any(option in text for option in _HIDDEN):
        return text
    kept: list[str] = []
    fence, in_options, removed = "", False, 0
    for line in text.split("\n"):
        if not fence and (opening := _CELL.match(line)):
            fence, in_options = opening[1], True
        elif fence:
            in_options = in_options and line.startswith(":")
            if in_options and line.startswith(_HIDDEN):
                removed += 1
                continue
            if line.strip().startswith(fence) and not line.strip().strip(fence[0]):
                kept += [line, *[""] * removed]
                fence, removed = "", 0
                continue
        kept.append(line)
    return "\n".join(kept)


def notebook_without_checks(text: str) -> str:
    """Return the text of a notebook's file without the checks and exercises of its cells; unchanged if it has none."""
    notebook = json.loads(text)
    found = [cell["metadata"].pop(option, None) for cell in notebook["cells"] for option in (OPTION, EXERCISE)]
    # As nbformat writes a file.
    return json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n" if any(found) else text
