"""Runs pages: each in a stand-in of its own, several at once, and never again while nothing changed.

What a run was made from is in its key: the page, the facts, the stand-in, the block runner, the lock and the
Python. A result whose key is not today's is not used, so the site cannot show a stale output.
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
from guide.pages.blocks import BlockError, read_page
from guide.paths import HUB_YML, ROOT, display_path
from guide.run import page_process, preimport
from guide.run.cache_key import page_key, shared_digest
from guide.run.profile import QUIET, RunProfile
from guide.run.records import RunRecord, keep, kept_record, record_path, versions
from guide.terminal_progress import Pages

# In the folder of a run: all that it printed.
_SAID = "said.txt"


@dataclass(frozen=True)
class Run:
    """One run of the page at ``path``, with further ``options`` of ``page_process``."""

    path: Path
    options: tuple[str, ...] = ()


def run_pages(
    paths: list[Path],
    profile: RunProfile,
    jobs: int,
    force: bool = False,
    accept: bool = False,
    begun: Callable[[], object] = lambda: None,
) -> list[RunRecord]:
    """Return the record of each page of ``paths``; run those whose last record is not valid, or all with ``force``.

    With ``accept`` recorded outputs are not compared, and the record is not kept. ``begun`` is called if there is a
    page to run.
    """
    shared = shared_digest(profile)
    keys = {path: page_key(path, shared) for path in paths}
    records = {} if force else {path: kept for path in keys if (kept := kept_record(path, profile, keys[path]))}
    # Notebooks take longest; begun last, they would run on alone.
    todo = sorted((path for path in keys if path not in records), key=lambda path: path.suffix != ".ipynb")
    if todo:
        begun()
    runs = [Run(path, ("--accept",) if accept else ()) for path in todo]
    progress = Pages({display_path(path): _blocks(path) for path in todo}, len(records))
    with progress.line.ticking():
        for number, record in run_side_by_side(runs, profile, jobs, progress):
            path = todo[number]
            records[path] = record.with_key(keys[path])
            if not accept:
                keep(records[path], record_path(path, profile.name))
    if todo and len(paths) > 1:
        print(progress.sum(), flush=True)
    return [records[path] for path in paths]


def _blocks(path: Path) -> int:
    """How many blocks a page has; none, where it cannot be read."""
    try:
        return len(read_page(path, ROOT).blocks)
    except BlockError:
        return 0


def run_side_by_side(
    runs: Sequence[Run], profile: RunProfile, jobs: int, progress: Pages | None = None
) -> Iterator[tuple[int, RunRecord]]:
    """Do ``runs``, each in a new stand-in, or all in the one this process lives in; place and record as they end.

    What they say is told to ``progress``; without it, it is in their records alone. Raises ``FactsError``.
    """
    sound = []
    if runs:
        load(HUB_YML)  # or each of them would fail by it
    for number, one in enumerate(runs):
        record = _at_once(one, profile)
        if record:
            _tell(progress, record, "")
            yield number, record
        else:
            sound.append(number)
    copies = preimport.can_be_copied(profile.mode)
    if copies and sound:
        # Importing all libraries pays for more than a page or two.
        preimport.import_libraries() if len(sound) > 2 else preimport.import_runner()
    with tempfile.TemporaryDirectory(prefix="guide-") as folder:
        places = [Path(folder) / str(number) for number in range(len(sound))]
        actions = [_action(runs[number], place, profile, copies) for number, place in zip(sound, places, strict=True)]

        def begun(place: int) -> None:
            if progress:
                progress.begun(display_path(runs[sound[place]].path))

        for place, status in side_by_side(actions, jobs, begun):
            record = _collected(runs[sound[place]], places[place] / "record.json", profile, status)
            said = places[place] / _SAID
            _tell(progress, record, said.read_text(encoding="utf-8", errors="replace") if said.is_file() else "")
            yield sound[place], record


def _at_once(one: Run, profile: RunProfile) -> RunRecord | None:
    """The record of a page that need not run: it cannot be read, or it has no block."""
    try:
        page = read_page(one.path, ROOT)
    except BlockError as error:
        return _failed(one, profile, str(error))
    if page.blocks or page.leaves:
        return None
    name = display_path(one.path)
    return RunRecord(name, profile.stack, "passed", 0.0, versions=versions(), latency_ms=page.latency_ms)


def _tell(progress: Pages | None, record: RunRecord, said: str) -> None:
    """Tell ``progress`` that a page has run, and what it said; why it failed is in that, if it could say so itself."""
    if progress:
        text = said.strip() if record.error in said else f"{said.strip()}\n{record.error}".strip()
        progress.ended(record.page, record.passed, text)


def _action(one: Run, place: Path, profile: RunProfile, copies: bool) -> Callable[[], int]:
    """What runs the page in a process of its own, and writes its record into the folder ``place``."""
    inside = [str(one.path), "--out", str(place / "record.json"), "--stack", profile.stack, *one.options]
    module = [sys.executable, "-m", "guide.run.page_process"]
    options = ["--user", profile.user, "--mode", profile.mode, "--hub-yml", str(HUB_YML)]
    env = os.environ | {"PYTHONWARNINGS": QUIET}

    def in_new_processes() -> int:
        if "FAKEHUB_SESSION" in os.environ:
            command = [*module, *inside, "--home", str(place)]
        else:
            command = [sys.executable, "-m", "fakehub", "run", *options, "--", *module, *inside]
        os.chdir(ROOT)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.execve(command[0], command, env)  # in this process's place, so that it is told when this one is to end

    def in_copies() -> int:
        def run_here() -> int:
            preimport.read_environment_again()
            return page_process.main([*inside, "--copies"])

        os.environ["PYTHONWARNINGS"] = QUIET
        return run(run_here, profile.user, "hub", "names", None, HUB_YML)

    def action() -> int:
        place.mkdir()
        _collect_what_is_said(place / _SAID)
        return in_copies() if copies else in_new_processes()

    return action


def _collect_what_is_said(file: Path) -> None:
    """Have all that this process and its children print go to ``file``: pages that run at once do not interleave."""
    with file.open("wb") as said:
        for stream in (1, 2):
            os.dup2(said.fileno(), stream)


def _failed(one: Run, profile: RunProfile, error: str) -> RunRecord:
    return RunRecord(display_path(one.path), profile.stack, "failed", 0.0, error=error)


def _collected(one: Run, out: Path, profile: RunProfile, status: int) -> RunRecord:
    """Return the record that a page's process left, or one of a failed run if it left none."""
    if out.is_file():
        return RunRecord.from_json(out.read_text(encoding="utf-8"))
    late = status == 128 + signal.SIGALRM
    why = "did not end in time" if late else f"ended with exit status {status}, before its last block"
    return _failed(one, profile, f"{display_path(one.path)}: its run {why}")
