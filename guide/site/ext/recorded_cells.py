"""Show what cells printed when their page was run; the book itself runs nothing.

MyST-NB has no setting for outputs that were made elsewhere: it chooses notebook formats by file suffix, which would
turn every page of Markdown into a notebook. So the function that chooses its client is replaced by one whose client
reads the record of the page's run. A page without a record, or with other cells, is an error.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from pathlib import Path

import myst_nb.sphinx_
import nbformat
from myst_nb.core.execute.base import ExecutionError, NotebookClientBase
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

from guide.run.records import read_record
from guide.site.options import options_of

_RANDOM_ID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")


class RecordedClient(NotebookClientBase):
    """A client of MyST-NB that takes a notebook's outputs from the record of its run under a run profile."""

    def __init__(
        self, profile: str, notebook: nbformat.NotebookNode, path: Path, nb_config: object, logger: object
    ) -> None:
        super().__init__(notebook, path, nb_config, logger)
        self._profile = profile

    def start_client(self) -> None:
        """Put the recorded outputs into the notebook's cells. Raises ``ExecutionError``."""
        record = read_record(Path(self.path), self._profile)
        if record is None:
            raise ExecutionError(f"{self.path} was not run; build the book with: make book")
        ran = _code(record.notebook) if record.notebook else []
        cells = _code(self.notebook)
        if [cell.source for cell in ran] != [cell.source for cell in cells]:
            raise ExecutionError(f"{self.path} has cells that differ from those run; build the book with: make book")
        # Every kernel of this book runs Python; without this, code is not highlighted.
        self.notebook.metadata["language_info"] = {"name": "python", "pygments_lexer": "ipython3"}
        for cell, recorded in zip(cells, ran, strict=True):
            cell.outputs, cell.execution_count = recorded.outputs, recorded.execution_count
        replace_random_ids(cells, Path(self.path).name)


def replace_random_ids(cells: list[nbformat.NotebookNode], page: str) -> None:
    """Replace the random ids in the HTML of outputs by ids that depend only on the ``page``.

    Two builds of one commit are then the same. An id that several outputs share is replaced by one id.
    """
    new_ids: dict[str, str] = {}

    def new_id(random_id: re.Match[str]) -> str:
        number = hashlib.sha256(f"{page} {len(new_ids)}".encode()).hexdigest()[:32]
        return new_ids.setdefault(random_id[0], str(uuid.UUID(hex=number)))

    for output in (output for cell in cells for output in cell.outputs):
        data = output.get("data", {})
        if "text/html" in data:
            data["text/html"] = _RANDOM_ID.sub(new_id, data["text/html"])


def _code(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def replace_client(app: Sphinx) -> None:
    """Make MyST-NB use ``RecordedClient`` for every notebook. Raises ``ExtensionError``.

    The replacement accepts any further arguments: they are about execution, and MyST-NB adds to them.
    """
    if not hasattr(myst_nb.sphinx_, "create_client"):
        raise ExtensionError("MyST-NB no longer has myst_nb.sphinx_.create_client, which recorded_cells replaces")
    profile = options_of(app.config).profile

    def create_client(
        notebook: nbformat.NotebookNode, source: str, nb_config: object, logger: object, *_: object, **__: object
    ) -> RecordedClient:
        return RecordedClient(profile, notebook, Path(source), nb_config, logger)

    myst_nb.sphinx_.create_client = create_client
