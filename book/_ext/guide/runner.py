"""Runs pages: each in a stand-in of its own, several at once, and never again while nothing changed.

What a run was made from is in its key: the page, the facts, the stand-in, the block runner, the lock and the
Python. A result whose key is not today's is not used, so the site cannot show a stale output.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from fakehub.facts import load
from fakehub.fork import side_by_side
from fakehub.run import run
from guide import warm
from guide.blocks import BlockError, read_page
from guide.features import lacking
from guide.for_hub import current_facts, told_first
from guide.lane import Lane
from guide.places import BUILD, HUB_YML, ROOT
from guide.programs import PROGRAMS, missing
from guide.progress import Pages
from guide.recorded import record_of

# The modules that decide what a block's result is; others only show it.
_DECIDING = (
    *("blocks.py", "conda_commands.py", "dialog.py", "effects.py", "fact_values.py", "features.py", "for_hub.py"),
    *("kernel.py", "machine.py", "outputs.py", "programs.py", "recorded.py", "session.py", "shell.py", "warm.py"),
    "__main__.py",
)
# In the folder of a run: all that it printed.
_SAID = "said.txt"
# A library's remark about Python 3.11, where this project may run; the hub's Python is newer.
QUIET = "ignore:You are using a Python version:FutureWarning"


@dataclass(frozen=True)
class Run:
    """One run of the page at ``path``, with further ``options`` of ``guide in-session``."""

    path: Path
    options: tuple[str, ...] = ()


def pages_of_book() -> list[Path]:
    """Every page and notebook of ``_toc.yml`` that the hub's guide has, in order."""
    return [page for page in _pages() if not _lacks(page)]


def left_out() -> set[str]:
    """Names, without suffix, of the pages that say they need what this hub lacks."""
    return {_name(page.with_suffix("")) for page in _pages() if _lacks(page)}


def _lacks(page: Path) -> bool:
    try:
        return bool(lacking(current_facts(), told_first(page, "needs")))
    except ValueError as error:
        raise BlockError(f"{_name(page)}:1: needs: {error}") from error


def _pages() -> list[Path]:
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    names: list[str] = []

    def collect(node: Any) -> None:
        if isinstance(node, dict):
            names.extend(node[key] for key in ("root", "file") if key in node)
            for value in node.values():
                collect(value)
        elif isinstance(node, list):
            for item in node:
                collect(item)

    collect(toc)
    return [_source(name) for name in names]


def _source(name: str) -> Path:
    for suffix in (".md", ".ipynb"):
        if (ROOT / f"{name}{suffix}").is_file():
            return ROOT / f"{name}{suffix}"
    raise BlockError(f"_toc.yml names {name}, but there is no such page")


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
    world = _world(lane)
    keys = {path: _key(path, world) for path in paths}
    records = {} if force else {path: kept for path in keys if (kept := _kept(path, lane, keys[path]))}
    # Notebooks take longest; begun last, they would run on alone.
    todo = sorted((path for path in keys if path not in records), key=lambda path: path.suffix != ".ipynb")
    if todo:
        begun()
    runs = [Run(path, ("--accept",) if accept else ()) for path in todo]
    progress = Pages({_name(path): _blocks(path) for path in todo}, len(records))
    with progress.line.ticking():
        for number, record in run_side_by_side(runs, lane, jobs, progress):
            path = todo[number]
            records[path] = record | {"key": keys[path]}
            if not accept:
                _keep(records[path], record_path(path, lane.name))
    if todo and len(paths) > 1:
        print(progress.sum(), flush=True)
    return [records[path] for path in paths]


def _blocks(path: Path) -> int:
    """How many blocks a page has; none, where it cannot be read."""
    try:
        return len(read_page(path, ROOT).blocks)
    except BlockError:
        return 0


def _key(path: Path, world: bytes) -> str:
    files = (file for file in (path, record_of(path), *_handed(path)) if file.is_file())
    return hashlib.sha256(world + b"\0".join(file.read_bytes() for file in files)).hexdigest()


def _handed(path: Path) -> tuple[Path, ...]:
    """The files that a page hands to its reader."""
    try:
        return tuple(path.parent / name for name in told_first(path, "files"))
    except (ValueError, TypeError):  # told when it is run
        return ()


def _kept(path: Path, lane: Lane, key: str) -> dict[str, Any] | None:
    """The record of a page's last run, if it passed and was made from what there is now."""
    store = record_path(path, lane.name)
    record = json.loads(store.read_text(encoding="utf-8")) if store.is_file() else {"key": None}
    return record if record["key"] == key and record["status"] == "passed" else None


def _keep(record: dict[str, Any], store: Path) -> None:
    store.parent.mkdir(parents=True, exist_ok=True)
    part = store.with_suffix(f".{os.getpid()}.part")
    part.write_text(json.dumps(record, indent=1), encoding="utf-8")
    part.replace(store)


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def record_path(path: Path, lane: str) -> Path:
    """Where the record of a page's run in the lane of that name is kept."""
    return BUILD / "run" / lane / f"{_name(path).strip('/').replace('/', '--')}.json"


def _world(lane: Lane) -> bytes:
    """Digest of everything a run depends on besides the page itself."""
    here = Path(__file__).parent
    files = [HUB_YML, ROOT / "lock" / f"{lane.stack}.txt", *(here / name for name in _DECIDING)]
    files += sorted((ROOT / "fakehub").rglob("*.py"))
    digest = hashlib.sha256(f"{lane} {sys.version} {missing(PROGRAMS)}".encode())
    for file in files:
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.digest()


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
    copies = warm.can_be_copied(lane.mode)
    if copies and sound:
        # Importing all libraries pays for more than a page or two.
        warm.import_libraries() if len(sound) > 2 else warm.import_runner()
    with tempfile.TemporaryDirectory(prefix="guide-") as folder:
        places = [Path(folder) / str(number) for number in range(len(sound))]
        actions = [_action(runs[number], place, lane, copies) for number, place in zip(sound, places, strict=True)]

        def begun(place: int) -> None:
            if progress:
                progress.begun(_name(runs[sound[place]].path))

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
    inside = ["in-session", str(one.path), "--out", str(place / "record.json"), "--stack", lane.stack, *one.options]
    module = [sys.executable, "-m", "guide"]
    options = ["--user", lane.user, "--mode", lane.mode, "--hub-yml", str(HUB_YML)]
    env = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1]), "PYTHONWARNINGS": QUIET}

    def in_new_processes() -> int:
        if "FAKEHUB_SESSION" in os.environ:
            command = [*module, *inside, "--home", str(place)]
        else:
            command = [sys.executable, "-m", "fakehub", "run", *options, "--", *module, *inside]
        os.chdir(ROOT)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.execve(command[0], command, env)  # in this process's place, so that it is told when this one is to end

    def in_copies() -> int:
        from guide.__main__ import main

        def run_here() -> int:
            warm.read_environment_again()
            return main([*inside, "--copies"])

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
    return {"page": _name(path), "stack": lane.stack, "date": date, "blocks": [], "notebook": None}


def _collected(one: Run, out: Path, lane: Lane, status: int) -> dict[str, Any]:
    """The record that a page's process left."""
    if out.is_file():
        return _record(one.path, lane) | json.loads(out.read_text(encoding="utf-8"))
    late = status == 128 + signal.SIGALRM
    why = "did not end in time" if late else f"ended with exit status {status}, before its last block"
    error = f"{_name(one.path)}: its run {why}"
    return _record(one.path, lane) | {"status": "failed", "seconds": 0.0, "error": error}


def versions() -> dict[str, str]:
    """Versions of Python and of the packages whose outputs the pages show."""
    from importlib.metadata import version

    names = ("xarray", "zarr", "gcsfs", "dask", "numpy", "pandas", "google-cloud-storage", "matplotlib")
    return {"python": platform.python_version()} | {name: version(name) for name in names}
