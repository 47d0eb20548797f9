"""Sphinx extension: cells show what they printed when their page was run; the book itself runs nothing.

MyST-NB has no setting for outputs that were made elsewhere, so its choice of a client is replaced by one that
reads the runner's record of the page. A page without a record, or with other cells, is an error.
"""

from __future__ import annotations

import hashlib
import os
import re
import uuid
from pathlib import Path
from typing import Any

import myst_nb.sphinx_
import nbformat
from myst_nb.core.execute.base import ExecutionError, NotebookClientBase
from sphinx.application import Sphinx

from guide.run.records import read_record

_DRAWN = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")


class RecordedClient(NotebookClientBase):
    """Takes a notebook's outputs from the record of its run."""

    def start_client(self) -> None:
        """Put the recorded outputs into the notebook's cells; raises ``ExecutionError``."""
        record = read_record(Path(self.path), os.environ.get("GUIDE_PROFILE", "hub"))
        if record is None:
            raise ExecutionError(f"{self.path} was not run; build the book with: make book")
        ran = _code(record.notebook) if record.notebook else []
        cells = _code(self.notebook)
        if [cell.source for cell in ran] != [cell.source for cell in cells]:
            raise ExecutionError(f"{self.path} has other cells than those that ran; build the book with: make book")
        # Every kernel of this book speaks Python; without this, code has no colours.
        self.notebook.metadata["language_info"] = {"name": "python", "pygments_lexer": "ipython3"}
        for cell, recorded in zip(cells, ran, strict=True):
            cell.outputs, cell.execution_count = recorded.outputs, recorded.execution_count
        name_ids(cells, Path(self.path).name)


def name_ids(cells: list[nbformat.NotebookNode], page: str) -> None:
    """Replace the ids that libraries drew at random for their HTML by such as follow from the ``page`` alone.

    So that two builds of one commit are the same; ids that are the same in several outputs stay so.
    """
    named: dict[str, str] = {}

    def name(drawn: re.Match[str]) -> str:
        number = hashlib.sha256(f"{page} {len(named)}".encode()).hexdigest()[:32]
        return named.setdefault(drawn[0], str(uuid.UUID(hex=number)))

    for output in (output for cell in cells for output in cell.outputs):
        data = output.get("data", {})
        if "text/html" in data:
            data["text/html"] = _DRAWN.sub(name, data["text/html"])


def _code(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def _client(notebook: Any, source: str, nb_config: Any, logger: Any, read_fmt: Any = None) -> RecordedClient:
    return RecordedClient(notebook, Path(source), nb_config, logger)


def setup(app: Sphinx) -> dict[str, Any]:
    """Put the client in MyST-NB's place for one."""
    myst_nb.sphinx_.create_client = _client
    return {"parallel_read_safe": True, "parallel_write_safe": True}
