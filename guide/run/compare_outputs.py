"""Compare what a block printed with what is recorded for it, and rewrite notebooks and transcripts on request."""

from __future__ import annotations

import base64
import copy
import io
import os
import re
from collections.abc import Iterable
from hashlib import sha256
from itertools import zip_longest
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from guide.pages.blocks import EXAMPLE_USER
from guide.pages.hub_variant import for_hub
from guide.run.records import BlockResult

# Identifiers that libraries choose at random.
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|[0-9a-f]{32}")
_ADDRESS = re.compile(r"0x[0-9a-f]{6,}")
# The port of a server on this machine, such as a Dask worker, which the system chooses.
_PORT = re.compile(r"(?<=\btcp://127\.0\.0\.1:)\d+")
# A line of a library's log; it has the time, and whether it appears depends on how busy the machine is.
_LOGGED = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} - .*\n?", re.MULTILINE)
# The largest root mean square difference of pixel values (0-255) in any square of _SQUARE pixels: shades along an edge
# stay below it, and another letter or a changed curve exceeds it. (Matplotlib bundles its fonts and its renderer.)
_PICTURE_TOLERANCE, _SQUARE = 15.0, 16
_PICTURE = "image/png"


def difference(recorded: list[NotebookNode], printed: list[NotebookNode]) -> str:
    """Return how the outputs that a block ``printed`` differ from the ``recorded`` ones; empty if they do not.

    Pictures are compared by how much they look alike, everything else by its text (see ``settled``).
    """
    before, after = _comparable(recorded), _comparable(printed)
    for one, other in _picture_pairs(before, after):
        if one[_PICTURE] != other[_PICTURE] and _look_alike(one[_PICTURE], other[_PICTURE]):
            other[_PICTURE] = one[_PICTURE]
    return "" if before == after else _report(before, after)


def settled(text: str) -> str:
    """Replace what differs between runs and between users in ``text``.

    That is: random identifiers, memory addresses, ports of Dask workers, the home directory, the user name and spaces
    at the ends of lines.
    """
    for pattern, name in ((_UUID, "id"), (_ADDRESS, "0x"), (_PORT, "port")):
        text = pattern.sub(name, text)
    text = text.replace(os.environ.get("HOME", "/home/jovyan"), "~")
    if user := os.environ.get("JUPYTERHUB_USER"):
        text = re.sub(rf"\b{re.escape(user)}\b", EXAMPLE_USER, text)
    return "\n".join(line.rstrip() for line in text.split("\n"))


def without_log(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Return ``outputs`` without the lines of a library's log."""
    kept = []
    for output in outputs:
        if output.output_type == "stream" and _LOGGED.search(output.text):
            output = nbformat.v4.new_output("stream", name=output.name, text=_LOGGED.sub("", output.text))
            if not output.text:
                continue
        kept.append(output)
    return kept


def _comparable(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Return copies of ``outputs`` without what makes no difference to a reader."""
    outputs = _with_joined_streams(copy.deepcopy(outputs))
    for output in outputs:
        if "execution_count" in output:
            output["execution_count"] = None
        data = output.get("data", output)
        for kind, text in data.items():
            if isinstance(text, str) and kind != _PICTURE:
                data[kind] = settled(text)
            elif kind == "traceback":
                data[kind] = [settled(line) for line in text]
    return outputs


def _with_joined_streams(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Return ``outputs`` with one output for each stream, stdout before a stderr that it follows.

    A recorded cell has its streams like that. JupyterLab stores a text printed before a warning apart from one printed
    after it, and the order of the two streams is that in which their messages arrive.
    """
    kept: list[NotebookNode] = []
    streams: dict[str, NotebookNode] = {}
    for output in outputs:
        if output.output_type != "stream":
            kept.append(output)
        elif output.name in streams:
            streams[output.name].text += output.text
        else:
            streams[output.name] = output
            swap = output.name == "stdout" and kept and kept[-1].get("name") == "stderr"
            kept.insert(len(kept) - 1 if swap else len(kept), output)
    return kept


def _picture_pairs(left: list[NotebookNode], right: list[NotebookNode]) -> list[tuple[Any, Any]]:
    pairs = [(one.get("data", {}), other.get("data", {})) for one, other in zip(left, right, strict=False)]
    return [pair for pair in pairs if all(_PICTURE in data for data in pair)]


def _look_alike(one: str, other: str) -> bool:
    import numpy as np
    from matplotlib.image import imread

    first, second = (imread(io.BytesIO(base64.b64decode(picture)), format="png") for picture in (one, other))
    if first.shape != second.shape:
        return False
    squares = ((first - second) ** 2).mean(axis=2)
    for axis, size in enumerate(squares.shape):
        squares = np.add.reduceat(squares, range(0, size, _SQUARE), axis=axis)
    return float(np.sqrt(squares.max() / _SQUARE**2)) * 255 <= _PICTURE_TOLERANCE


def _report(before: list[NotebookNode], after: list[NotebookNode]) -> str:
    """Return the differences as text for the author, with a digest instead of each picture."""
    from nbdime.prettyprint import PrettyPrintConfig  # needed only for an output that differs

    text = io.StringIO()
    config = PrettyPrintConfig(out=text, use_git=False, use_diff=False, use_color=False)
    for number, (old, new) in enumerate(zip_longest(before, after), start=1):
        if old != new:
            _report_output(_with_digest(old), _with_digest(new), f"output {number}", config)
    return "--- recorded\n+++ printed\n" + text.getvalue().rstrip("\n")


def _report_output(old: NotebookNode | None, new: NotebookNode | None, place: str, config: Any) -> None:
    """Print how one output differs: by line, or as a whole if it is missing or of another kind."""
    from nbdime.diffing.notebooks import diff_single_outputs
    from nbdime.prettyprint import pretty_print_diff, pretty_print_value_at

    if old is not None and new is not None and old.output_type == new.output_type:
        pretty_print_diff(old, diff_single_outputs(old, new), place, config)
        return
    for output, action, prefix in ((old, "deleted", "-  "), (new, "inserted", "+  ")):
        if output is not None:
            config.out.write(f"## {action} {place}:\n")
            pretty_print_value_at(output, f"/{place}", prefix, config)
            config.out.write("\n")


def _with_digest(output: NotebookNode | None) -> NotebookNode | None:
    data = {} if output is None else output.get("data", {})
    if _PICTURE in data:
        data[_PICTURE] = f"a picture with the digest {sha256(data[_PICTURE].encode()).hexdigest()[:12]}"
    return output


def rewrite_notebook(path: Path, executed: NotebookNode) -> bool:
    """Write the outputs of ``executed`` into the notebook at ``path`` if a reader sees a difference.

    Return whether that is the case.
    """
    committed = nbformat.read(path, as_version=4)
    pairs = [pair for pair in zip(committed.cells, executed.cells, strict=True) if pair[0].cell_type == "code"]
    if not any(difference(cell.outputs, new.outputs) for cell, new in pairs):
        return False
    for cell, new in pairs:
        cell.outputs = new.outputs
        cell.execution_count = new.execution_count
        cell.metadata.pop("execution", None)
    nbformat.write(committed, path)
    return True


def rewrite_transcripts(path: Path, blocks: Iterable[BlockResult]) -> bool:
    """Replace the console transcripts of the page at ``path`` that went differently; return whether there were any."""
    lines = path.read_text(encoding="utf-8").split("\n")
    replayed = {block.line: block.replayed for block in blocks if block.replayed is not None}
    for start, transcript in sorted(replayed.items(), reverse=True):  # from the end, so that line numbers stay valid
        end = _end_of_fence(lines, start)
        # A line that is the same once its facts are filled in stays as it was written.
        written = {for_hub(line): line for line in lines[start:end]}
        lines[start:end] = [written.get(line, line) for line in transcript.rstrip("\n").split("\n")]
    path.write_text("\n".join(lines), encoding="utf-8")
    return bool(replayed)


def _end_of_fence(lines: list[str], start: int) -> int:
    """Return the index of the line that closes the fence whose first line of content has the index ``start``."""
    opening = lines[start - 1].strip()
    fence = opening[: len(opening) - len(opening.lstrip(opening[0]))]
    return next(i for i in range(start, len(lines)) if lines[i].strip() == fence)
