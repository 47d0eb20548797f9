"""Runs pages: each in a stand-in of its own, several at once, and never again while nothing changed.

What a run was made from is in its key: the page, the facts, the stand-in, the block runner, the lock and the
Python. A result whose key is not today's is not used, so the site cannot show a stale output.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from guide.blocks import BlockError, read_page
from guide.recorded import record_of

ROOT = Path(__file__).resolve().parents[3]
BUILD = ROOT / "_build"
# The modules that decide what a block's result is; others only show it.
_DECIDING = ("blocks.py", "effects.py", "outputs.py", "recorded.py", "session.py", "shell.py", "__main__.py")
# A library's remark about Python 3.11, where this project may run; the hub's Python is newer.
QUIET = "ignore:You are using a Python version:FutureWarning"


@dataclass(frozen=True)
class Lane:
    """How pages are run: the locked ``stack`` (``hub`` or ``latest``), the ``user`` and the stand-in's ``mode``."""

    stack: str = "hub"
    user: str = "funky-user"
    mode: str = "auto"

    @property
    def name(self) -> str:
        """What its records are kept under."""
        return self.stack if self.user == Lane.user else f"{self.stack}-{self.user}"


def pages_of_book() -> list[Path]:
    """Every page and notebook of ``_toc.yml``, in order."""
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
    paths: list[Path], lane: Lane, jobs: int, force: bool = False, accept: bool = False
) -> list[dict[str, Any]]:
    """Run ``paths`` (those whose last run still holds are only read, unless ``force``); one record a page.

    Records are what ``_build/run`` keeps: page, key, status, date, seconds, versions, blocks, notebook. With
    ``accept`` recorded outputs are not compared; such a run is not kept.
    """
    world = _world(lane)
    with ThreadPoolExecutor(jobs) as pool:
        return list(pool.map(lambda path: _run(path, lane, world, force, accept), paths))


def _run(path: Path, lane: Lane, world: bytes, force: bool, accept: bool) -> dict[str, Any]:
    store = record_path(path, lane.name)
    files = (file for file in (path, record_of(path)) if file.is_file())
    key = hashlib.sha256(world + b"".join(file.read_bytes() for file in files)).hexdigest()
    if not force and store.is_file():
        record = json.loads(store.read_text(encoding="utf-8"))
        if record["key"] == key and record["status"] == "passed":
            return record
    print(f"running {_name(path)}", flush=True)
    record = _run_in_stand_in(path, lane, ["--accept"] if accept else []) | {"key": key}
    if accept:
        return record
    store.parent.mkdir(parents=True, exist_ok=True)
    part = store.with_suffix(f".{os.getpid()}.part")
    part.write_text(json.dumps(record, indent=1), encoding="utf-8")
    part.replace(store)
    return record


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def record_path(path: Path, lane: str) -> Path:
    """Where the record of a page's run in the lane of that name is kept."""
    return BUILD / "run" / lane / f"{_name(path).strip('/').replace('/', '--')}.json"


def _world(lane: Lane) -> bytes:
    """Digest of everything a run depends on besides the page itself."""
    here = Path(__file__).parent
    files = [ROOT / "hub.yml", ROOT / "lock" / f"{lane.stack}.txt", *(here / name for name in _DECIDING)]
    files += sorted((ROOT / "fakehub").rglob("*.py"))
    digest = hashlib.sha256(f"{lane} {sys.version}".encode())
    for file in files:
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.digest()


def _run_in_stand_in(path: Path, lane: Lane, how: list[str]) -> dict[str, Any]:
    """Run one page in a new stand-in, or in the one this process already lives in."""
    record: dict[str, Any] = {"page": _name(path), "stack": lane.stack, "blocks": [], "notebook": None}
    record["date"] = datetime.now(UTC).isoformat(timespec="seconds")
    try:
        read_page(path, ROOT)
    except BlockError as error:
        print(error, flush=True)
        return record | {"status": "failed", "seconds": 0.0, "error": str(error)}
    with tempfile.TemporaryDirectory(prefix="guide-") as folder:
        out = Path(folder) / "record.json"
        command, env = in_stand_in(path, lane, out, Path(folder), how)
        done = subprocess.run(command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL)
        if not out.is_file():
            error = f"{_name(path)}: its run ended with exit status {done.returncode}, before its last block"
            print(error, flush=True)
            return record | {"status": "failed", "seconds": 0.0, "error": error}
        return record | json.loads(out.read_text(encoding="utf-8"))


def in_stand_in(path: Path, lane: Lane, out: Path, home: Path, how: list[str]) -> tuple[list[str], dict[str, str]]:
    """Command and environment that run one page; its record goes to ``out``.

    ``home`` serves where this process already lives in a stand-in; ``how`` are options of ``guide in-session``.
    """
    inside = [sys.executable, "-m", "guide", "in-session", str(path), "--out", str(out), "--stack", lane.stack, *how]
    if "FAKEHUB_SESSION" in os.environ:
        command = [*inside, "--home", str(home)]
    else:
        options = ["--user", lane.user, "--mode", lane.mode, "--hub-yml", str(ROOT / "hub.yml")]
        command = [sys.executable, "-m", "fakehub", "run", *options, "--", *inside]
    return command, os.environ | {"PYTHONPATH": str(Path(__file__).parents[1]), "PYTHONWARNINGS": QUIET}


def versions() -> dict[str, str]:
    """Versions of Python and of the packages whose outputs the pages show."""
    from importlib.metadata import version

    names = ("xarray", "zarr", "gcsfs", "dask", "numpy", "pandas", "google-cloud-storage", "matplotlib")
    return {"python": platform.python_version()} | {name: version(name) for name in names}
