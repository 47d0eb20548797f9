"""Recorded outputs: notebooks' committed ones compared with what ran, and rewritten on request."""

from __future__ import annotations

import base64
import copy
import io
import re
from pathlib import Path
from typing import Any

import nbformat
from pytest_notebook.diffing import diff_notebooks, diff_to_string, filter_diff

from guide.for_hub import for_hub

# Differences that say nothing about what a reader sees.
_IGNORED = [
    "/metadata",
    "/cells/*/metadata",
    "/cells/*/execution_count",
    "/cells/*/outputs/*/execution_count",
]
# Ids that libraries draw anew each time.
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|[0-9a-f]{32}")
_ADDRESS = re.compile(r"0x[0-9a-f]{6,}")
# Root mean square of 0-255 pixel values: fonts hinted otherwise stay below it, a changed curve does not.
_PICTURE_TOLERANCE = 12.0


def difference(committed: nbformat.NotebookNode, ran: nbformat.NotebookNode) -> str:
    """How the outputs of ``ran`` differ from the ``committed`` ones; empty when a reader sees the same.

    Pictures are compared by their likeness, everything else by its text, without ids drawn at random.
    """
    left, right = _comparable(committed), _comparable(ran)
    for one, other in _picture_pairs(left, right):
        if _alike(one["image/png"], other["image/png"]):
            other["image/png"] = one["image/png"]
    found = filter_diff(diff_notebooks(left, right), _IGNORED)
    return diff_to_string(left, found, use_color=False) if found else ""


def _comparable(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    notebook = copy.deepcopy(notebook)
    for output in _outputs(notebook):
        data = output.get("data", output)
        for kind, text in data.items():
            if isinstance(text, str) and kind != "image/png":
                data[kind] = _ADDRESS.sub("0x", _UUID.sub("id", text))
    return notebook


def _outputs(notebook: nbformat.NotebookNode) -> list[Any]:
    return [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]


def _picture_pairs(left: nbformat.NotebookNode, right: nbformat.NotebookNode) -> list[tuple[Any, Any]]:
    pairs = zip(_outputs(left), _outputs(right), strict=False)
    found = [(one.get("data", {}), other.get("data", {})) for one, other in pairs]
    return [pair for pair in found if all("image/png" in data for data in pair)]


def _alike(one: str, other: str) -> bool:
    import numpy as np
    from matplotlib.image import imread

    first, second = (imread(io.BytesIO(base64.b64decode(picture)), format="png") for picture in (one, other))
    if first.shape != second.shape:
        return False
    return float(np.sqrt(np.mean((first - second) ** 2))) * 255 <= _PICTURE_TOLERANCE


def rewrite_notebook(path: Path, ran: nbformat.NotebookNode) -> bool:
    """Put the outputs of ``ran`` into the notebook at ``path``; whether that changed what a reader sees."""
    committed = nbformat.read(path, as_version=4)
    if not difference(committed, ran):
        return False
    for cell, executed in zip(committed.cells, ran.cells, strict=True):
        if cell.cell_type == "code":
            cell.outputs = executed.outputs
            cell.execution_count = executed.execution_count
            cell.metadata.pop("execution", None)
    nbformat.write(committed, path)
    return True


def rewrite_transcripts(path: Path, blocks: list[dict[str, Any]]) -> bool:
    """Put how its console transcripts really went into the page at ``path``; whether anything changed."""
    lines = path.read_text(encoding="utf-8").split("\n")
    changed = [block for block in blocks if block["real"] is not None]
    for block in sorted(changed, key=lambda block: -block["line"]):
        start = block["line"]  # the first line after the opening fence, counted from 0
        fence = re.match(r"\s*(`{3,}|~{3,})", lines[start - 1]).group(1)
        end = next(i for i in range(start, len(lines)) if lines[i].strip() == fence)
        # A line that says the same with its facts filled in stays as it is written.
        written = {for_hub(line): line for line in lines[start:end]}
        lines[start:end] = [written.get(line, line) for line in block["real"].rstrip("\n").split("\n")]
    path.write_text("\n".join(lines), encoding="utf-8")
    return bool(changed)
