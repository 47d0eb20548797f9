"""What tests of the book read of its pages."""

from __future__ import annotations

import json
from pathlib import Path


def texts_of(path: Path) -> list[str]:
    """The text of a page, or of each text cell of a notebook."""
    if path.suffix == ".md":
        return [path.read_text(encoding="utf-8")]
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]
