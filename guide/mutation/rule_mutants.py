"""Mistakes in the rules of the stand-in: permissions, conditions, expiry and the status of a refusal."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

_OPPOSITE = {
    ast.Eq: "!=",
    ast.NotEq: "==",
    ast.Lt: ">=",
    ast.LtE: ">",
    ast.Gt: "<=",
    ast.GtE: "<",
    ast.In: "not in",
    ast.NotIn: "in",
    ast.Is: "is not",
    ast.IsNot: "is",
}
# HTTP statuses, each with the one that a mistake returns instead.
_STATUSES = {400: 403, 401: 403, 403: 404, 404: 403, 409: 412, 410: 404, 412: 409, 416: 400, 304: 412}
# A comparison with one of these names is about time.
_TIMES = {"expires", "now", "iat", "exp", "left_s", "life_s", "seconds", "age"}
KINDS = ("a right", "a status", "an expiry", "a comparison", "a condition")
# Constants that hold sets of permissions or scopes, each with one that grants more or less.
_OTHER_RIGHTS = {
    "_READ": "_WRITE",
    "_WRITE": "_READ",
    "_READ_SCOPES": "_WRITE_SCOPES",
    "_WRITE_SCOPES": "_READ_SCOPES",
    "_CONTROL_SCOPES": "_WRITE_SCOPES",
    "_READING": "_READ",
    "_CONTROL": "_READ",
}


@dataclass(frozen=True)
class Mistake:
    """A mistake in a module: ``after`` replaces ``before`` on ``line``, and ``source`` is the whole result."""

    line: int
    kind: str
    before: str
    after: str
    source: str


def mistakes(source: str) -> list[Mistake]:
    """Return every mistake of these kinds that ``source`` can have, in the order of its lines."""
    module = _Module(source)
    made = [
        module.replace(node, kind, text)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.expr)
        for kind, text in module.replacements(node)
    ]
    return sorted(made, key=lambda mistake: (mistake.line, mistake.kind, mistake.after))


class _Module:
    """The source of a module, whose expressions can be replaced."""

    def __init__(self, source: str) -> None:
        self._bytes = source.encode()  # ast counts columns in bytes
        self._starts = list(accumulate(map(len, self._bytes.splitlines(keepends=True)), initial=0))

    def replacements(self, node: ast.expr) -> Iterator[tuple[str, str]]:
        """Yield the kind of each mistake in ``node``, and the text that replaces it."""
        match node:
            case ast.Compare(ops=[operator], comparators=[right]):
                yield "a comparison", f"{self._text(node.left)} {_OPPOSITE[type(operator)]} {self._text(right)}"
                if _TIMES & _names(node):
                    yield "an expiry", "False"
            case ast.UnaryOp(op=ast.Not()):
                yield "a condition", f"({self._text(node.operand)})"
            case ast.BoolOp():
                word = " or " if isinstance(node.op, ast.And) else " and "
                yield "a condition", f"({word.join(map(self._text, node.values))})"
            case ast.Constant(value=int(status)) if type(status) is int and status in _STATUSES:
                yield "a status", str(_STATUSES[status])
            case ast.Set() | ast.Tuple() if len(node.elts) > 1 and all(map(_is_right, node.elts)):
                for number in range(len(node.elts)):
                    rest = ", ".join(self._text(item) for item in node.elts[:number] + node.elts[number + 1 :])
                    yield "a right", f"{{{rest}}}" if isinstance(node, ast.Set) else f"({rest},)"
            case ast.Name(ctx=ast.Load()) if node.id in _OTHER_RIGHTS:
                yield "a right", _OTHER_RIGHTS[node.id]

    def replace(self, node: ast.expr, kind: str, text: str) -> Mistake:
        """Return the mistake that replaces ``node`` with ``text``, in parentheses unless it is a number."""
        start, end = self._span(node)
        replacement = text if kind == "a status" else f"({text})"
        changed = self._bytes[:start] + replacement.encode() + self._bytes[end:]
        return Mistake(node.lineno, kind, " ".join(self._text(node).split()), text, changed.decode())

    def _span(self, node: ast.expr) -> tuple[int, int]:
        end_line, end_column = node.end_lineno or node.lineno, node.end_col_offset or node.col_offset
        return self._starts[node.lineno - 1] + node.col_offset, self._starts[end_line - 1] + end_column

    def _text(self, node: ast.expr) -> str:
        start, end = self._span(node)
        return self._bytes[start:end].decode()


def _is_right(node: ast.expr) -> bool:
    """Return whether this is the name of a permission, a scope or a role."""
    text = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
    return text.startswith(("storage.", "cloud-platform", "devstorage.")) or text in {"READER", "WRITER", "OWNER"}


def _names(node: ast.AST) -> set[str]:
    """Return the names and attributes in an expression, attributes without leading underscores."""
    inner = list(ast.walk(node))
    names = {part.id for part in inner if isinstance(part, ast.Name)}
    return names | {part.attr.lstrip("_") for part in inner if isinstance(part, ast.Attribute)}
