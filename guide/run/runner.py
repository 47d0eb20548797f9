"""Runs pages: each in a stand-in of its own, several at once, and never again while nothing changed.

What a run was made from is in its key: the page, the facts, the stand-in, the block runner, the lock and the
Python. A result whose key is not today's is not used, so the site cannot show a stale output.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fakehub.isolation.fork import side_by_side
from fakehub.session.run import run
from guide.pages.blocks import BlockError, read_page
from guide.paths import HUB_YML, ROOT, display_path
from guide.run import page_process, preimport
from guide.run.profile import QUIET, Lane
from guide.run.records import keep, kept_record, page_key, record_path, versions, world_digest
from guide.terminal_progress import Pages
from hubfacts.load import load

# In the folder of a run: all that it printed.
_SAID = "said.txt"


@dataclass(frozen=True)
class Run:
    """One run of the page at ``path``, with further ``options`` of ``page_process``."""

    path: Path
    options: tuple[str, ...] = ()


def run_pages(
    paths: list[Path],
    lane: Lane,
    jobs: int,
    force: bool = False,
    accept: bool = False,
    begun: Callable[[], object] = lambda: None,
) -> list[dict[str, Any]]:
    """Run ``paths`` (those whose last run still holds are only read, unless ``force``); one record a page.

    Records are what ``_build/run`` keeps: page, key, status, date, seconds, versions, blocks, notebook. With
    ``accept`` recorded outputs are not compared; such a run is not kept. ``begun`` is called when there is a page to
    run.
    """
    world = world_digest(lane)
    keys = {path: page_key(path, world) for path in paths}
    records = {} if force else {path: kept for path in keys if (kept := kept_record(path, lane, keys[path]))}
    # Notebooks take longest; begun last, they would run on alone.
    todo = sorted((path for path in keys if path not in records), key=lambda path: path.suffix != ".ipynb")
    if todo:
        begun()
    runs = [Run(path, ("--accept",) if accept else ()) for path in todo]
    progress = Pages({display_path(path): _blocks(path) for path in todo}, len(records))
    with progress.line.ticking():
        for number, record in run_side_by_side(runs, lane, jobs, progress):
            path = todo[number]
            records[path] = record | {"key": keys[path]}
            if not accept:
                keep(records[path], record_path(path, lane.name))
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
    runs: Sequence[Run], lane: Lane, jobs: int, progress: Pages | None = None
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Do ``runs``, each in a new stand-in, or all in the one this process lives in; place and record as they end.

    What they say is told to ``progress``; without it, it is in their records alone. Raises ``FactsError``.
    """
    sound = []
    if runs:
        load(HUB_YML)  # or each of them would fail by it
    for number, one in enumerate(runs):
        record = _at_once(one, lane)
        if record:
            _tell(progress, record, "")
            yield number, record
        else:
            sound.append(number)
    copies = preimport.can_be_copied(lane.mode)
    if copies and sound:
        # Importing all libraries pays for more than a page or two.
        preimport.import_libraries() if len(sound) > 2 else preimport.import_runner()
    with tempfile.TemporaryDirectory(prefix="guide-") as folder:
        places = [Path(folder) / str(number) for number in range(len(sound))]
        actions = [_action(runs[number], place, lane, copies) for number, place in zip(sound, places, strict=True)]

        def begun(place: int) -> None:
            if progress:
                progress.begun(display_path(runs[sound[place]].path))

        for place, status in side_by_side(actions, jobs, begun):
            record = _collected(runs[sound[place]], places[place] / "record.json", lane, status)
            said = places[place] / _SAID
            _tell(progress, record, said.read_text(encoding="utf-8", errors="replace") if said.is_file() else "")
            yield sound[place], record


def _at_once(one: Run, lane: Lane) -> dict[str, Any] | None:
    """The record of a page that need not run: it cannot be read, or it has no block."""
    try:
        page = read_page(one.path, ROOT)
    except BlockError as error:
        return _record(one.path, lane) | {"status": "failed", "seconds": 0.0, "error": str(error)}
    if page.blocks or page.leaves:
        return None
    nothing = {"refused": [], "latency_ms": page.latency_ms, "versions": versions()}
    return _record(one.path, lane) | {"status": "passed", "seconds": 0.0} | nothing


def _tell(progress: Pages | None, record: dict[str, Any], said: str) -> None:
    """Tell ``progress`` that a page has run, and what it said; why it failed is in that, if it could say so itself."""
    if progress:
        error = record.get("error", "")
        text = said.strip() if error in said else f"{said.strip()}\n{error}".strip()
        progress.ended(record["page"], record["status"] == "passed", text)


def _action(one: Run, place: Path, lane: Lane, copies: bool) -> Callable[[], int]:
    """What runs the page in a process of its own, and writes its record into the folder ``place``."""
    inside = [str(one.path), "--out", str(place / "record.json"), "--stack", lane.stack, *one.options]
    module = [sys.executable, "-m", "guide.run.page_process"]
    options = ["--user", lane.user, "--mode", lane.mode, "--hub-yml", str(HUB_YML)]
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
        return run(run_here, lane.user, "hub", "names", None, HUB_YML)

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


def _record(path: Path, lane: Lane) -> dict[str, Any]:
    date = datetime.now(UTC).isoformat(timespec="seconds")
    return {"page": display_path(path), "stack": lane.stack, "date": date, "blocks": [], "notebook": None}


def _collected(one: Run, out: Path, lane: Lane, status: int) -> dict[str, Any]:
    """The record that a page's process left."""
    if out.is_file():
        return _record(one.path, lane) | json.loads(out.read_text(encoding="utf-8"))
    late = status == 128 + signal.SIGALRM
    why = "did not end in time" if late else f"ended with exit status {status}, before its last block"
    error = f"{display_path(one.path)}: its run {why}"
    return _record(one.path, lane) | {"status": "failed", "seconds": 0.0, "error": error}
