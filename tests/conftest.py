"""Options and fixtures of the whole suite."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import kept_results
import pytest
import suite_progress

ROOT = Path(__file__).resolve().parents[1]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--stack", default="hub", choices=["hub", "latest"], help="which locked versions these are")
    parser.addoption("--once", action="store_true", help="leave out what passed as it is now")
    parser.addoption("--retake", action="store_true", help="take the pictures of the hub anew, and run nothing else")


def pytest_configure(config: pytest.Config) -> None:
    if suite_progress.wanted(config):
        config.pluginmanager.register(suite_progress.SuiteProgress(config), "suite-progress")
    config.pluginmanager.register(kept_results.NoPage(), "no-page")
    if config.getoption("--once"):
        config.pluginmanager.register(kept_results.KeptResults(config), "kept-results")


# Side by side, files begin in this order: one builds the site, and the others that need it come when it is there.
_ORDER = {"tests/guide/pages": 2, "tests/guide/checks": 2, "tests/guide/site": 4}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start with what takes longest: the site, for the browser."""
    items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    folder = item.path.parent.relative_to(ROOT).as_posix() if item.path.is_relative_to(ROOT) else ""
    if item.path.stem == "test_every_page":
        return 0
    return _ORDER.get(folder, 3 if folder.startswith("tests/guide") else 1)


# Whom the pages run for: on the newest versions for somebody whose name is in no record.
_USERS = {"hub": "funky-user", "latest": "someone-else"}


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's folder."""
    return ROOT


@pytest.fixture(scope="session")
def stack(pytestconfig: pytest.Config) -> str:
    """The locked set of versions under test."""
    return pytestconfig.getoption("--stack")


@pytest.fixture(scope="session")
def guide(stack: str):
    """Call ``python -m guide`` as the Makefile does; the finished process, with its text."""

    def call(*arguments: str, **options) -> subprocess.CompletedProcess[str]:
        env = os.environ | options.pop("env", {})
        command = [sys.executable, "-m", "guide", *arguments]
        return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=600, **options)

    return call


@pytest.fixture(scope="session")
def site(guide, stack: str) -> Path:
    """The whole site, its pages run and its HTML built from nothing; the folder of ``index.html``.

    Where the suite's files run side by side, the first that needs it builds it for all.
    """
    out = ROOT / "_build" / "test"
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    out.parent.mkdir(exist_ok=True)
    with out.with_suffix(".lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.seek(0)
        if lock.read() != run:
            lock.truncate(0)
            built = guide("build", "--stack", stack, "--user", _USERS[stack], "--out", str(out))
            if built.returncode:
                pytest.fail(f"make book fails:\n{built.stdout}\n{built.stderr}", pytrace=False)
            lock.write(run)
    return out / "html"
