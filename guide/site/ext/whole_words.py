"""Keep dates and names with a hyphen on one line: browsers may break a line after any hyphen."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.transforms import SphinxTransform

from guide.site.doctree import parents

# 2026-06-04, and names of two capitalised words such as Remote-SSH.
_WHOLE = re.compile(r"\b(\d{4}-\d\d-\d\d|[A-Z][A-Za-z]+-[A-Z][A-Za-z]+)\b")
# Code breaks its lines elsewhere, titles are copied to menus, and links may be completed later.
_EXCLUDED = (nodes.literal, nodes.literal_block, nodes.title, nodes.reference, pending_xref, nodes.raw, nodes.comment)


class KeepWordsWhole(SphinxTransform):
    """Give each such date and name the class ``guide-whole``, which forbids line breaks."""

    default_priority = 760  # after quotation marks have become typographic

    def apply(self, **kwargs: Any) -> None:
        """Mark the dates and names in running text."""
        for text in list(self.document.findall(nodes.Text)):
            parts = _WHOLE.split(text.astext())
            if len(parts) > 1 and not any(isinstance(parent, _EXCLUDED) for parent in parents(text)):
                pieces = [_piece(part, whole=number % 2 == 1) for number, part in enumerate(parts) if part]
                text.parent.replace(text, pieces)


def _piece(part: str, whole: bool) -> nodes.Node:
    return nodes.inline(part, part, classes=["guide-whole"]) if whole else nodes.Text(part)
