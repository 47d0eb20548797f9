"""Run pages among a reader's own files, as the page and as the notebook that its launch link opens.

Each page runs next to a reader's cluster, in a home directory and buckets with files. The files have likely names and
all names that occur on the page (see ``guide.run.reader_files``). A page that changes any of them fails. A notebook of
the book runs only as opened: its cells are the same, and the folder where they start is full of such files too.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import nbformat

from guide.pages.hub_variant import current_facts
from guide.pages.reader import read_page
from guide.paths import BUILD, ROOT, display_path
from guide.run.profile import RunProfile
from guide.run.records import RunRecord
from guide.run.runner import Run, run_side_by_side
from guide.site.export.formats import ExportedPage, notebook
from guide.site.export.markdown import Piece
from guide.site.settings import settings
from guide.terminal_progress import PageProgress

# Outputs such as a listing of the home directory differ among a reader's files, so they are not compared.
_OPTIONS = ("--accept", "--among-files")


def run_among_files(paths: list[Path], profile: RunProfile, jobs: int, *, in_turn: bool = False) -> list[RunRecord]:
    """Run each of ``paths`` as a page (Markdown only) and as the notebook that it opens as; return all records.

    If ``in_turn``, a page that opens as a notebook runs in one of the two ways only, and its neighbours in the other.
    """
    BUILD.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="harmless-", dir=BUILD) as folder:
        launched = {path: [*_launched(path, Path(folder))] for path in paths}
        only_as_page = [path for path in paths if launched[path] and path.suffix == ".md"][::2] if in_turn else []
        only_launched = [path for path in paths if launched[path] and path not in only_as_page] if in_turn else []
        runs = [Run(path, _OPTIONS) for path in paths if path.suffix == ".md" and path not in only_launched]
        runs += [run for path in paths if path not in only_as_page for run in launched[path]]
        progress = PageProgress({display_path(run.path): len(read_page(run.path, ROOT).blocks) for run in runs}, 0)
        with progress.line.ticking():
            records = dict(run_side_by_side(runs, profile, jobs, progress))
    print(progress.summary(), flush=True)
    return [records[number] for number in range(len(runs))]


def _launched(path: Path, folder: Path) -> Iterator[Run]:
    """Yield the run of the notebook that a page's launch link opens, in the directory where the link puts it."""
    relative = PurePosixPath(display_path(path))
    clone = settings(current_facts())["sphinx"]["config"]["guide_launch"]["folder"]
    if path.suffix == ".ipynb":
        yield Run(path, (*_OPTIONS, "--start-in", str(clone / relative.parent)))
    elif made := made_notebook(path):
        file = folder / relative.with_suffix(".ipynb")
        file.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(made, file)
        yield Run(file, (*_OPTIONS, "--start-in", str(clone / relative.parent)))


def made_notebook(path: Path) -> nbformat.NotebookNode | None:
    """Return the notebook that is made from a page of Markdown, without its text; ``None`` if none is made."""
    page = read_page(path, ROOT)
    cells = page.notebook.cells if page.notebook else []
    pieces: list[Piece] = ["# Page", *(block for block in page.blocks if block.kind not in {"skip", "parsed"})]
    limit = page.between_writes_s
    exported = ExportedPage("", page.folder, pieces, cells, page.leaves, page.writes, between_writes_s=limit)
    return notebook(exported) if page.on_the_hub_alone and exported.runs else None
