"""Walk through the document tree of a page."""

from __future__ import annotations

from collections.abc import Iterator

from docutils import nodes


def parents(node: nodes.Node) -> Iterator[nodes.Element]:
    """Yield the elements around ``node``, from the innermost to the document."""
    while node.parent is not None:
        node = node.parent
        yield node
