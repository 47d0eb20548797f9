"""Judge what a reader answers to a question of a notebook.

An answer is Python that assigns names, such as ``chunks = 256``. It runs in a copy of the notebook's namespace, so it
changes no variable of the cells.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

Result = Literal["right", "wrong", "open", "error"]


@dataclass(frozen=True)
class Judgement:
    """The ``result`` of an answer, and the message of an error.

    An answer is ``open`` while it still contains the dots of its beginning.
    """

    result: Result
    message: str = ""


def judge(answer: str, checks: Sequence[str], namespace: dict[str, Any]) -> Judgement:
    """Run an ``answer`` and evaluate the expressions ``checks``, which are all true if it is right."""
    scope = dict(namespace)
    try:
        exec(compile(answer, "<answer>", "exec"), scope)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # also exit(), which must not end the page's Python
        return Judgement("error", f"{type(error).__name__}: {error}")
    if any(value is Ellipsis for name, value in scope.items() if namespace.get(name) is not Ellipsis):
        return Judgement("open")
    return Judgement("right" if all(_holds(check, scope) for check in checks) else "wrong")


def _holds(check: str, scope: dict[str, Any]) -> bool:
    """Return whether a check is true; one that raises an error, such as for a number that is a text, is not."""
    try:
        return bool(eval(check, scope))  # noqa: S307 - written by the author of the notebook
    except Exception:
        return False
