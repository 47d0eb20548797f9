"""Outputs: committed ones compared with what ran; notebooks' and transcripts' rewritten on request."""

from __future__ import annotations

import base64
import copy
import io
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from pytest_notebook.diffing import diff_notebooks, diff_to_string, filter_diff

from guide.pages.hub_variant import for_hub
from guide.run.records import BlockResult

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
# A line that a library logs; whether it comes depends on how busy the machine is, and it has the time.
_LOGGED = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} - .*\n?", re.MULTILINE)
# Whose name stands in recorded outputs, in place of the one they were made by.
USER = "funky-user"
# Root mean square of 0-255 pixel values in any square of so many pixels: shades along an edge stay below it, another
# letter or a changed curve does not. (Matplotlib brings its fonts and what draws them.)
_PICTURE_TOLERANCE, _SQUARE = 15.0, 16


def difference(committed: list[NotebookNode], ran: list[NotebookNode]) -> str:
    """How the outputs ``ran`` of a block differ from the ``committed`` ones; empty when a reader sees the same.

    Pictures are compared by their likeness, everything else by its text (see ``settled``).
    """
    left, right = _comparable(committed), _comparable(ran)
    for one, other in _picture_pairs(left, right):
        if _alike(one["image/png"], other["image/png"]):
            other["image/png"] = one["image/png"]
    before, after = _notebook(left), _notebook(right)
    found = filter_diff(diff_notebooks(before, after), _IGNORED)
    return diff_to_string(before, found, use_color=False) if found else ""


def settled(text: str) -> str:
    """``text`` without what differs from run to run or from reader to reader.

    That are ids and addresses in memory, the home directory, the user's name and blanks at the ends of lines.
    """
    text = _ADDRESS.sub("0x", _UUID.sub("id", text)).replace(os.environ.get("HOME", "/home/jovyan"), "~")
    if user := os.environ.get("JUPYTERHUB_USER"):
        text = re.sub(rf"\b{re.escape(user)}\b", USER, text)
    return "\n".join(line.rstrip() for line in text.split("\n"))


def without_log(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """``outputs`` without lines that a library logged."""
    left = []
    for output in outputs:
        if output.output_type == "stream" and _LOGGED.search(output.text):
            output = nbformat.v4.new_output("stream", name=output.name, text=_LOGGED.sub("", output.text))
            if not output.text:
                continue
        left.append(output)
    return left


def _comparable(outputs: list[NotebookNode]) -> list[NotebookNode]:
    outputs = copy.deepcopy(outputs)
    for output in outputs:
        data = output.get("data", output)
        for kind, text in data.items():
            if isinstance(text, str) and kind != "image/png":
                data[kind] = settled(text)
    return outputs


def _notebook(outputs: list[NotebookNode]) -> NotebookNode:
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(outputs=outputs, id="block")])


def _picture_pairs(left: list[NotebookNode], right: list[NotebookNode]) -> list[tuple[Any, Any]]:
    found = [(one.get("data", {}), other.get("data", {})) for one, other in zip(left, right, strict=False)]
    return [pair for pair in found if all("image/png" in data for data in pair)]


def _alike(one: str, other: str) -> bool:
    import numpy as np
    from matplotlib.image import imread

    first, second = (imread(io.BytesIO(base64.b64decode(picture)), format="png") for picture in (one, other))
    if first.shape != second.shape:
        return False
    off = ((first - second) ** 2).mean(axis=2)
    rows, columns = (range(0, size, _SQUARE) for size in off.shape)
    squares = np.add.reduceat(np.add.reduceat(off, rows, axis=0), columns, axis=1) / _SQUARE**2
    return float(np.sqrt(squares.max())) * 255 <= _PICTURE_TOLERANCE


def rewrite_notebook(path: Path, ran: NotebookNode) -> bool:
    """Put the outputs of ``ran`` into the notebook at ``path``; whether that changed what a reader sees."""
    committed = nbformat.read(path, as_version=4)
    pairs = [pair for pair in zip(committed.cells, ran.cells, strict=True) if pair[0].cell_type == "code"]
    if not any(difference(cell.outputs, executed.outputs) for cell, executed in pairs):
        return False
    for cell, executed in pairs:
        cell.outputs = executed.outputs
        cell.execution_count = executed.execution_count
        cell.metadata.pop("execution", None)
    nbformat.write(committed, path)
    return True


def rewrite_transcripts(path: Path, blocks: Iterable[BlockResult]) -> bool:
    """Put how its console transcripts really went into the page at ``path``; whether anything changed."""
    lines = path.read_text(encoding="utf-8").split("\n")
    changed = {block.line: block.real for block in blocks if block.real is not None}
    for start, real in sorted(changed.items(), reverse=True):  # the first line after the opening fence, counted from 0
        fence = re.match(r"\s*(`{3,}|~{3,})", lines[start - 1]).group(1)
        end = next(i for i in range(start, len(lines)) if lines[i].strip() == fence)
        # A line that says the same with its facts filled in stays as it is written.
        written = {for_hub(line): line for line in lines[start:end]}
        lines[start:end] = [written.get(line, line) for line in real.rstrip("\n").split("\n")]
    path.write_text("\n".join(lines), encoding="utf-8")
    return bool(changed)
