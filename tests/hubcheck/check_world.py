"""Runs of the check in a stand-in, changed or not."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from changes import Change

from hubcheck.command import SUBJECTS

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "book/hub/check_hub.py"
# Subjects that take long, which a run makes only for their own changes.
_LONG = {"worker", "archives", "packages", "machine"}


@dataclass(frozen=True)
class Ran:
    """A finished check: its exit status, what it printed, and its result."""

    status: int
    printed: str
    error: str
    result: dict[str, Any]

    @property
    def differs(self) -> set[str]:
        """The names of the observations that differ."""
        return set(self.result["differs"])

    @property
    def unseen(self) -> set[str]:
        """The names of those that could not be made."""
        return {name for names in self.result["not observable"].values() for name in names.split()}

    @property
    def agrees(self) -> set[str]:
        """The names of those that agree."""
        return set(self.result["agrees"].split())


def run_check(
    folder: Path,
    subjects: Iterable[str] = SUBJECTS,
    hub_yml: Path = ROOT / "hub.yml",
    project: Path = ROOT,
    script: Path = SCRIPT,
    user: str = "funky-user",
    env: dict[str, str] | None = None,
) -> Ran:
    """Run the script in a new stand-in, which the code in ``project`` plays."""
    out = folder / "result.json"
    options = ["--mode", "proxy", "--user", user, "--hub-yml", str(hub_yml)]
    settings = [f"{name}={value}" for name, value in (env or {}).items()]
    command = [sys.executable, "-m", "fakehub", "run", *options, "--", "env", *settings]
    command += ["python", str(script), "--out", str(out), "--only", *subjects]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=300)
    result = json.loads(out.read_text()) if out.exists() else {}
    return Ran(done.returncode, done.stdout, done.stderr, result)


def run_changed(folder: Path, changes: list[Change]) -> Ran:
    """Run what can notice these changes in a stand-in that has all of them."""
    wanted = {change.subject for change in changes}
    subjects = [name for name in SUBJECTS if name not in _LONG or name in wanted]
    with changed_project(folder, changes) as (project, hub_yml):
        return run_check(folder, subjects, hub_yml, project)


@contextlib.contextmanager
def changed_project(folder: Path, changes: list[Change]) -> Iterator[tuple[Path, Path]]:
    """Copy the stand-in and its facts, make the changes, and yield the copy and its hub.yml."""
    project = folder / "changed"
    for name in ("fakehub", "hubfacts"):
        shutil.copytree(ROOT / name, project / name, ignore=shutil.ignore_patterns("__pycache__"))
    content = yaml.safe_load((ROOT / "hub.yml").read_text())
    for change in changes:
        if change.facts:
            change.facts(content)
        if change.code:
            name, old, new = change.code
            text = (project / name).read_text()
            assert old in text, f"{change.name}: {name} no longer has the text {old!r}"
            (project / name).write_text(text.replace(old, new))
    (project / "hub.yml").write_text(yaml.safe_dump(content, sort_keys=False))
    yield project, project / "hub.yml"
    shutil.rmtree(project)
