"""Run pages, each in a new stand-in, several at once, and only those whose last record is not valid.

The key of a record (see ``cache_key``) covers everything that a run depends on: the page, the facts, the stand-in, the
block runner, the lock and the Python. A record with another key is not used, so the site cannot show an old output.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from fakehub.isolation.fork import side_by_side
from fakehub.session.run import run
from guide.facts import load
from guide.pages.blocks import BlockError
from guide.pages.reader import read_page
from guide.paths import HUB_YML, ROOT, display_path
from guide.run import page_process, preimport
from guide.run.cache_key import page_key, shared_digest
from guide.run.profile import QUIET, RunProfile
from guide.run.records import RecordError, RunRecord, keep, kept_record, record_path, versions
from guide.terminal_progress import PageProgress

# Files in the folder of a run: everything that it printed, and its record.
_OUTPUT, _RECORD = "output.txt", "record.json"
# Importing all libraries takes as long as running this many pages.
_FEW = 2


@dataclass(frozen=True)
class Run:
    """One run of the page at ``path``, with more ``options`` of ``page_process``."""

    path: Path
    options: tuple[str, ...] = ()


def run_pages(
    paths: list[Path],
    profile: RunProfile,
    jobs: int,
    force: bool = False,
    accept: bool = False,
) -> list[RunRecord]:
    """Return the record of each page of ``paths``; run those whose last record is not valid, or all with ``force``.

    With ``accept`` recorded outputs are not compared, and the record is not kept.
    """
    shared = shared_digest(profile)
    keys = {path: page_key(path, shared) for path in paths}
    records = {} if force else {path: kept for path in keys if (kept := kept_record(path, profile, keys[path]))}
    # Notebooks take longest; if they started last, they would run on alone.
    todo = sorted((path for path in keys if path not in records), key=lambda path: path.suffix != ".ipynb")
    runs = [Run(path, ("--accept",) if accept else ()) for path in todo]
    progress = PageProgress({display_path(path): _block_count(path) for path in todo}, len(records))
    with progress.line.ticking():
        for number, record in run_side_by_side(runs, profile, jobs, progress):
            path = todo[number]
            records[path] = record.with_key(keys[path])
            if not accept:
                keep(records[path], record_path(path, profile.name))
    if todo and len(paths) > 1:
        print(progress.summary(), flush=True)
    return [records[path] for path in paths]


def _block_count(path: Path) -> int:
    """Return the number of blocks of a page; 0 if it cannot be read."""
    try:
        return len(read_page(path, ROOT).blocks)
    except BlockError:
        return 0


def run_side_by_side(
    runs: Sequence[Run], profile: RunProfile, jobs: int, progress: PageProgress | None = None
) -> Iterator[tuple[int, RunRecord]]:
    """Do ``runs``, ``jobs`` at a time, and yield the index and the record of each when it ends.

    Each has a new stand-in, unless this process is inside one, which they then share. ``progress`` shows what they
    print; without it, failures are only in the records. Raises ``FactsError``.
    """
    if runs:
        load(HUB_YML)  # raises here once, and not in every run
    todo = []
    for number, one in enumerate(runs):
        record = _record_without_run(one, profile)
        if record is None:
            todo.append(number)
            continue
        _show(progress, record, "")
        yield number, record
    fork = preimport.can_fork_pages(profile.mode)
    if fork and len(todo) > _FEW:
        preimport.import_libraries()
    elif fork and todo:
        preimport.import_runner()
    with tempfile.TemporaryDirectory(prefix="guide-") as parent:
        folders = [Path(parent) / str(index) for index in range(len(todo))]
        actions = [_action(runs[number], folder, profile, fork) for number, folder in zip(todo, folders, strict=True)]

        def page_started(index: int) -> None:
            if progress:
                progress.page_started(display_path(runs[todo[index]].path))

        for index, status in side_by_side(actions, jobs, page_started):
            record = _collected(runs[todo[index]], folders[index] / _RECORD, profile, status)
            output = folders[index] / _OUTPUT
            _show(progress, record, output.read_text(encoding="utf-8", errors="replace") if output.is_file() else "")
            yield todo[index], record


def _record_without_run(one: Run, profile: RunProfile) -> RunRecord | None:
    """Return the record of a page that cannot be read or has nothing to run; ``None`` for a page that must run."""
    try:
        page = read_page(one.path, ROOT)
    except BlockError as error:
        return _failed(one, profile, str(error))
    if page.blocks or page.leaves:
        return None
    name = display_path(one.path)
    return RunRecord(name, profile.stack, "passed", 0.0, versions=versions(), latency_ms=page.latency_ms)


def _show(progress: PageProgress | None, record: RunRecord, output: str) -> None:
    """Show a page's ``output``, and its error if the page's process could not print it."""
    if progress:
        text = output.strip() if record.error in output else f"{output.strip()}\n{record.error}".strip()
        progress.page_ended(record.page, record.passed, text)


def _action(one: Run, folder: Path, profile: RunProfile, fork: bool) -> Callable[[], int]:
    """Return a function that runs the page, for a process that does nothing else; ``folder`` gets the record."""
    arguments = [str(one.path), "--out", str(folder / _RECORD), "--stack", profile.stack, *one.options]

    def action() -> int:
        folder.mkdir()
        _redirect_output(folder / _OUTPUT)
        return _run_here(arguments, profile) if fork else _run_as_program(arguments, folder, profile)

    return action


def _run_here(arguments: list[str], profile: RunProfile) -> int:
    """Run a page in a fork of this process, inside a new stand-in."""

    def run_page() -> int:
        preimport.reload_environment()
        return page_process.main([*arguments, "--fork-kernels"])

    os.environ["PYTHONWARNINGS"] = QUIET
    return run(run_page, profile.user, "hub", "names", None, HUB_YML)


def _run_as_program(arguments: list[str], folder: Path, profile: RunProfile) -> int:
    """Run a page in a new program, which replaces this process so that it gets the signals for it."""
    command = [sys.executable, "-m", "guide.run.page_process", *arguments]
    if "FAKEHUB_SESSION" in os.environ:
        command += ["--home", str(folder)]
    else:
        options = ["--user", profile.user, "--mode", profile.mode, "--hub-yml", str(HUB_YML)]
        command = [sys.executable, "-m", "fakehub", "run", *options, "--", *command]
    os.chdir(ROOT)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.execve(command[0], command, os.environ | {"PYTHONWARNINGS": QUIET})


def _redirect_output(file: Path) -> None:
    """Redirect what this process and its children print to ``file``, so that pages do not interleave."""
    with file.open("wb") as output:
        for stream in (1, 2):
            os.dup2(output.fileno(), stream)


def _failed(one: Run, profile: RunProfile, error: str) -> RunRecord:
    return RunRecord(display_path(one.path), profile.stack, "failed", 0.0, error=error)


def _collected(one: Run, file: Path, profile: RunProfile, status: int) -> RunRecord:
    """Return the record that a page's process wrote, or one of a failed run if it wrote none."""
    try:
        return RunRecord.from_json(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, RecordError):
        timed_out = status == 128 + signal.SIGALRM
        problem = "timed out" if timed_out else f"ended with exit status {status} before its last block"
        return _failed(one, profile, f"{display_path(one.path)}: the run {problem}")
