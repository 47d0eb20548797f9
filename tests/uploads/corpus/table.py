"""Write the table of the corpus, ``TABLE.md``: ``python tests/uploads/corpus/table.py``."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import fields
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from corpus import ENTRIES
from corpus.model import Is

TABLE = Path(__file__).with_name("TABLE.md")
ABOUT = """# The sources with which the upload script is tested

{count} sources, made by the modules in this folder: {copied} must be copied bit for bit, {refused} refused in one line
before anything is written, and {stopped} stopped with one line when the damage is read. `CORPUS=all` also runs the rows
with a star, which resemble others.
"""


def table() -> str:
    """Return the table in Markdown."""
    rights = Counter(entry.right for entry in ENTRIES.values())
    head = ["source", *(each.name for each in fields(Is)), "right"]
    rows = [head, ["---"] * len(head)]
    rows += [[f"{'* ' * entry.more}{cells[0]}", *cells[1:]] for entry in ENTRIES.values() for cells in [entry.cells()]]
    lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return ABOUT.format(count=len(ENTRIES), **rights) + "\n" + "\n".join(lines) + "\n"


if __name__ == "__main__":
    TABLE.write_text(table(), encoding="utf-8")
