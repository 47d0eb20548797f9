"""Evaluate checks in the kernel of a page.

The source of this module is sent to the kernel, so it imports the standard library and nothing else. Each check
is evaluated in a copy of the reader's namespace, and what it prints is captured.
"""

from __future__ import annotations

import ast
import operator
import sys
import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

Captures = AbstractContextManager[Any]
_LONGEST = 100
_COMPARE: dict[type[ast.cmpop], Any] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.In: lambda item, whole: item in whole,
    ast.NotIn: lambda item, whole: item not in whole,
}


def first_problem(checks: list[str], namespace: dict[str, Any], capture: Callable[[], Captures]) -> str:
    """Return the first of ``checks`` that does not hold, and why, in one line; an empty text if all hold.

    ``capture`` is IPython's function that captures what is printed and displayed.
    """
    for check in checks:
        if problem := _problem(check, dict(namespace), capture):
            return f"{check}: {problem}"
    return ""


def _problem(check: str, namespace: dict[str, Any], capture: Callable[[], Captures]) -> str:
    figures = _figures()
    with capture() as captured, warnings.catch_warnings():
        # A warning that is ignored can still be shown by the reader's own code; one that is shown may not be.
        warnings.simplefilter("ignore")
        try:
            problem = _why_false(ast.parse(check, mode="eval").body, namespace)
        except BaseException as error:  # an exit() must not end the kernel either
            return f"raises {_short(f'{type(error).__name__}: {error}'.rstrip(': '))}"
    if printed := captured.stdout.strip() or captured.outputs:
        shown = f"{_short(printed)!r}" if isinstance(printed, str) else "an output"
        return f"prints {shown}; a check has to be silent"
    if drawn := _figures() - figures:
        for number in drawn:
            sys.modules["matplotlib.pyplot"].close(number)
        return "draws a plot; a check has to be silent"
    return problem


def _figures() -> set[int]:
    """Return the numbers of all open figures, which the next cell of the reader would show."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    return set(pyplot.get_fignums()) if pyplot else set()


def _why_false(node: ast.expr, namespace: dict[str, Any]) -> str:
    """Return why the expression is false, with the values that decide it; an empty text if it is true.

    Each part is evaluated at most once.
    """
    match node:
        case ast.BoolOp(op=ast.And(), values=parts):
            for part in parts:
                if why := _why_false(part, namespace):
                    return f"{ast.unparse(part)}: {why}"
            return ""
        case ast.Compare():
            return _why_not(node, namespace)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            value = _value(operand, namespace)
            return f"{ast.unparse(operand)} is {_short(repr(value))}" if value else ""
    value = _value(node, namespace)
    passes = value is None if _is_assertion(node) else value
    return "" if passes else f"it is {_short(repr(value))}"


def _why_not(node: ast.Compare, namespace: dict[str, Any]) -> str:
    left_node, left = node.left, _value(node.left, namespace)
    for sign, right_node in zip(node.ops, node.comparators, strict=True):
        right = _value(right_node, namespace)
        if not _COMPARE[type(sign)](left, right):
            sides = (("left", left_node, left), ("right", right_node, right))
            texts = [f"{side} side is {_short(repr(value))}" for side, part, value in sides if not _is_literal(part)]
            return ", ".join(texts) or "it is False"
        left_node, left = right_node, right
    return ""


def _value(node: ast.expr, namespace: dict[str, Any]) -> Any:
    return eval(compile(ast.Expression(node), "<check>", "eval"), namespace)  # noqa: S307 - written by the page's author


def _is_assertion(node: ast.expr) -> bool:
    """Return whether the expression calls a function such as ``xr.testing.assert_equal``, which returns nothing."""
    called = node.func if isinstance(node, ast.Call) else None
    name = called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""
    return name.startswith("assert")


def _is_literal(node: ast.expr) -> bool:
    return not any(isinstance(part, ast.Name) for part in ast.walk(node))


def _short(text: str) -> str:
    """Return ``text`` in one line, and its beginning only if it is long."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
