"""Mistakes in the rules of the stand-in, one at a time, as text: who may what, until when, and what a refusal says."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

_TURNED = {
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
# Statuses of HTTP, and the one a mistake puts in its place.
_STATUSES = {400: 403, 401: 403, 403: 404, 404: 403, 409: 412, 410: 404, 412: 409, 416: 400, 304: 412}
# What a comparison with the time is made of.
_TIMES = {"expires", "now", "iat", "exp", "left_s", "life_s", "seconds", "age"}
KINDS = ("a right", "a status", "an expiry", "a comparison", "a condition")


@dataclass(frozen=True)
class Mistake:
    """A place in a source, by line, and what stands there instead."""

    line: int
    kind: str
    before: str
    after: str
    source: str


def mistakes(source: str) -> Iterator[Mistake]:
    """Every mistake of these kinds that ``source`` can have, in the order of its lines."""
    found = []
    for node in ast.walk(ast.parse(source)):
        for kind, after in _of(node, source):
            found.append(_put(source, node, kind, after))
    yield from sorted(found, key=lambda one: (one.line, one.kind, one.after))


def _of(node: ast.AST, source: str) -> Iterator[tuple[str, str]]:
    """Kinds of mistake, and the text in place of the node's."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        text = ast.get_source_segment(source, node.left), ast.get_source_segment(source, node.comparators[0])
        yield "a comparison", f"{text[0]} {_TURNED[type(node.ops[0])]} {text[1]}"
        if _TIMES & _names(node):
            yield "an expiry", "False"
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield "a condition", f"({ast.get_source_segment(source, node.operand)})"
    elif isinstance(node, ast.BoolOp):
        word = "or" if isinstance(node.op, ast.And) else "and"
        yield "a condition", f"({f' {word} '.join(ast.get_source_segment(source, value) for value in node.values)})"
    elif isinstance(node, ast.Constant) and type(node.value) is int and node.value in _STATUSES:
        yield "a status", str(_STATUSES[node.value])
    elif isinstance(node, ast.Set | ast.Tuple) and len(node.elts) > 1 and all(map(_is_right, node.elts)):
        for left in range(len(node.elts)):
            kept = [ast.get_source_segment(source, item) for i, item in enumerate(node.elts) if i != left]
            yield "a right", f"{{{', '.join(kept)}}}" if isinstance(node, ast.Set) else f"({', '.join(kept)},)"
    elif isinstance(node, ast.Name) and node.id in _OTHER_RIGHTS and isinstance(node.ctx, ast.Load):
        yield "a right", _OTHER_RIGHTS[node.id]


# Names of sets of rights, and one that grants more or less.
_OTHER_RIGHTS = {"_READ": "_WRITE", "_WRITE": "_READ", "_READ_SCOPES": "_WRITE_SCOPES", "_WRITE_SCOPES": "_READ_SCOPES"}
_OTHER_RIGHTS |= {"_CONTROL_SCOPES": "_WRITE_SCOPES", "_READING": "_READ", "_CONTROL": "_READ"}


def _is_right(node: ast.expr) -> bool:
    """Whether this is the name of a permission, a scope or a role."""
    text = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
    return text.startswith(("storage.", "cloud-platform", "devstorage.")) or text in {"READER", "WRITER", "OWNER"}


def _names(node: ast.AST) -> set[str]:
    inner = list(ast.walk(node))
    names = {part.id for part in inner if isinstance(part, ast.Name)}
    return names | {part.attr.lstrip("_") for part in inner if isinstance(part, ast.Attribute)}


def _put(source: str, node: ast.AST, kind: str, after: str) -> Mistake:
    lines = source.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line.encode()))
    data = source.encode()
    begin, end = starts[node.lineno - 1] + node.col_offset, starts[node.end_lineno - 1] + node.end_col_offset
    changed = data[:begin] + f"({after})".encode() + data[end:] if kind != "a status" else None
    changed = changed or data[:begin] + after.encode() + data[end:]
    return Mistake(node.lineno, kind, " ".join(data[begin:end].decode().split()), after, changed.decode())
