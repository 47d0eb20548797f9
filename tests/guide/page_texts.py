"""The text of pages, as tests of the book read it."""

from __future__ import annotations

import json
from pathlib import Path


def texts_of(path: Path) -> list[str]:
    """Return the text of a page, or the text of each Markdown cell of a notebook."""
    if path.suffix == ".md":
        return [path.read_text(encoding="utf-8")]
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]
