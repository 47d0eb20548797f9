"""Find the line of a file on which a value is written, by the keys that lead to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

import yaml

# The keys that lead to a value; an entry of a list has its number.
Keys: TypeAlias = tuple[str, ...]
# The first and the last line of a value, counted from 1.
Span: TypeAlias = tuple[int, int]


class Lines:
    """The lines of one file, and where each value is among them."""

    def __init__(self, file: Path, name: str) -> None:
        """Read a ``file`` of YAML or of Terraform's variables, which can be parsed; reports call it ``name``."""
        self.name = name
        text = file.read_text(encoding="utf-8")
        self._lines = text.splitlines()
        self._spans = dict(_terraform(text) if file.suffix == ".tfvars" else _yaml(text))

    def find(self, keys: Keys, hint: str = "") -> int | None:
        """Return the line of the value at ``keys``, or the first of its lines that has the text ``hint``."""
        if keys not in self._spans:
            return None
        first, last = self._spans[keys]
        if not hint:
            return first
        return next((number for number in range(first, last + 1) if hint in self._lines[number - 1]), None)


def _yaml(text: str) -> Iterator[tuple[Keys, Span]]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C loader is optional
    root = yaml.compose(text, Loader=loader)
    if root is not None:
        yield from _below(root, ())


def _below(node: yaml.Node, keys: Keys) -> Iterator[tuple[Keys, Span]]:
    """Yield each value in a node. One that repeats an anchor has the lines of the anchor."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            path = _unwrapped((*keys, str(key.value)))
            yield path, (value.start_mark.line + 1, _last_line(value))
            yield from _below(value, path)
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            path = (*keys, str(number))
            yield path, (value.start_mark.line + 1, _last_line(value))
            yield from _below(value, path)


def _unwrapped(keys: Keys) -> Keys:
    """Return the keys below basehub, in a file of the chart daskhub, as those of basehub itself."""
    return keys[1:] if keys[0] == "basehub" and len(keys) > 1 else keys


def _last_line(node: yaml.Node) -> int:
    # A block ends at the beginning of the line that follows it.
    last: int = node.end_mark.line + (1 if node.end_mark.column else 0)
    return max(last, node.start_mark.line + 1)


def _terraform(text: str) -> Iterator[tuple[Keys, Span]]:
    import hcl2  # an optional dependency, which the draft has already used

    yield from _elements(hcl2.parses_to_tree(text), ())


def _elements(tree: Any, keys: Keys) -> Iterator[tuple[Keys, Span]]:
    for child in getattr(tree, "children", ()):
        path = keys
        if getattr(child, "data", None) in ("attribute", "object_elem"):
            path = (*keys, _name(child.children[0]))
            yield path, (child.meta.line, child.meta.end_line)
        yield from _elements(child, path)


def _name(tree: Any) -> str:
    """Return the name of an attribute, or of a key that is written with or without quotation marks."""
    tokens = tree.scan_values(lambda token: token.type in ("NAME", "STRING_CHARS"))
    return "".join(str(token) for token in tokens)
