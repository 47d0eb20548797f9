"""Run a file of tests on a copy of the project in which one module of the stand-in was changed."""

from __future__ import annotations

import compileall
import hashlib
import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from fakehub.isolation.fork import side_by_side
from guide.paths import BUILD, ROOT

# Tests that hang have noticed the change as well; they are ended after this time.
_LIMIT_S = 600
_COPIED = ("hubfacts", "fakehub", "tests/fakehub", "tests/clients")


@dataclass(frozen=True)
class Trial:
    """A file of ``tests`` to run with this ``source`` of a ``module``, or on the unchanged project."""

    tests: str
    module: str = ""
    source: str = ""

    @property
    def file(self) -> Path:
        """The file of the tests, relative to the root."""
        return next(path.relative_to(ROOT) for path in ROOT.glob(f"tests/**/{self.tests}.py"))


def failed_trials(trials: list[Trial], jobs: int) -> Iterator[tuple[int, bool]]:
    """Run ``trials`` and yield the number of each, and whether its tests failed, as they end."""
    stores = [_store(trial) for trial in trials]
    todo = [number for number, store in enumerate(stores) if not store.is_file()]
    for number in sorted(set(range(len(trials))) - set(todo)):
        yield number, json.loads(stores[number].read_text(encoding="utf-8"))
    if todo:
        _prepare()
    for place, status in side_by_side([_action(trials[number]) for number in todo], jobs):
        store, failed = stores[todo[place]], status != 0
        # A failure without a change is not kept, as it may be fixed in a file that is not part of the key.
        if trials[todo[place]].module or not failed:
            store.parent.mkdir(parents=True, exist_ok=True)
            store.write_text(json.dumps(failed), encoding="utf-8")
        yield todo[place], failed


def _store(trial: Trial) -> Path:
    """Return where the result is kept, under a key of the change and the file of tests."""
    digest = hashlib.sha256(f"{trial.module}\0{trial.source}\0{trial.tests}".encode())
    digest.update((ROOT / trial.file).read_bytes())
    return BUILD / "mutants" / f"rule-{digest.hexdigest()[:32]}.json"


def _prepare() -> None:
    """Do once what every trial needs: import libraries, which forked processes keep, and compile the copied modules."""
    import pytest  # noqa: F401
    import requests  # noqa: F401

    import fakehub.server.assemble  # noqa: F401

    for name in _COPIED:
        compileall.compile_dir(ROOT / name, quiet=2)


def _action(trial: Trial) -> Callable[[], int]:
    """Return a function that runs the trial in a forked process and returns pytest's exit status."""

    def action() -> int:
        signal.alarm(_LIMIT_S)
        with tempfile.TemporaryDirectory(prefix="rules-") as folder:
            copy = Path(folder)
            for name in _COPIED:
                shutil.copytree(ROOT / name, copy / name)
            for file in (ROOT / "hub.yml", ROOT / "pyproject.toml", *ROOT.glob("tests/*.py")):
                shutil.copy(file, copy / file.relative_to(ROOT))
            (copy / ".venv").symlink_to(ROOT / ".venv")
            if trial.module:
                (copy / "fakehub" / trial.module).write_text(trial.source, encoding="utf-8")
            return _run_pytest(copy, trial.file)

    return action


def _run_pytest(copy: Path, file: Path) -> int:
    import pytest

    for name in _modules_of_the_project():
        del sys.modules[name]
    os.chdir(copy)
    sys.path.insert(0, str(copy))
    os.environ |= {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONWARNINGS": "ignore"}
    os.environ.pop("FAKEHUB_HUB_YML", None)
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
    return int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", "--rootdir", str(copy), str(file)]))


def _modules_of_the_project() -> list[str]:
    """Return the names of the loaded modules that the copy has as well, helpers of tests included.

    A trial must import the copy's instead: a test does not recognize an exception of another copy.
    """
    folders = tuple(f"{ROOT / name}{os.sep}" for name in _COPIED)
    files = {name: getattr(module, "__file__", None) for name, module in sys.modules.items()}
    return [name for name, file in files.items() if file and file.startswith(folders)]
