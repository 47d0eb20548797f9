"""Options, order and fixtures of the whole suite."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path

import kept_results
import pytest
import suite_progress


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--stack", default="hub", choices=["hub", "latest"], help="the set of locked versions under test")
    parser.addoption("--once", action="store_true", help="leave out unaffected tests that passed before")
    parser.addoption("--retake", action="store_true", help="retake the pictures of the hub, and run nothing else")


def pytest_configure(config: pytest.Config) -> None:
    # Programs under test run as for readers: a shell ignores SIGINT in the background, and CI often stops buffering.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.pop("PYTHONUNBUFFERED", None)
    if suite_progress.wanted(config):
        config.pluginmanager.register(suite_progress.SuiteProgress(config), "suite-progress")
    config.pluginmanager.register(kept_results.NoPage(config.rootpath), "no-page")
    if config.getoption("--once"):
        config.pluginmanager.register(kept_results.KeptResults(config), "kept-results")


# Files that run all pages start first: at the end, one of them would run while the other workers have nothing to do.
_LONGEST = {"test_every_page", "test_harmless"}
# The order in which parallel workers start the other files: those that need the site, which the first builds, last.
_ORDER = {"tests/guide/pages": 2, "tests/guide/checks": 2, "tests/guide/site": 4, "tests/guide": 3}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start with the tests that take longest."""
    items.sort(key=_rank)


def _rank(item: pytest.Item) -> int:
    root = item.config.rootpath
    folder = item.path.parent.relative_to(root).as_posix() if item.path.is_relative_to(root) else ""
    if item.path.stem in _LONGEST:
        return 0
    return next((rank for start, rank in _ORDER.items() if folder.startswith(start)), 1)


# The user that the pages run for. On the newest versions, one whose name is in no recorded output.
_USERS = {"hub": "funky-user", "latest": "someone-else"}


@pytest.fixture(scope="session")
def root(pytestconfig: pytest.Config) -> Path:
    """The root of the project."""
    return pytestconfig.rootpath


@pytest.fixture(scope="session")
def stack(pytestconfig: pytest.Config) -> str:
    """The set of locked versions under test."""
    return pytestconfig.getoption("--stack")


@pytest.fixture(scope="session")
def guide(root: Path):
    """Run ``python -m guide`` with arguments, as the Makefile does; returns the finished process."""

    def call(*arguments: str, **options) -> subprocess.CompletedProcess[str]:
        env = os.environ | options.pop("env", {})
        command = [sys.executable, "-m", "guide", *arguments]
        return subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, **{"timeout": 600} | options)

    return call


@pytest.fixture(scope="session")
def site(guide, root: Path, stack: str) -> Path:
    """Run all pages and build the whole site; the folder of ``index.html``.

    With parallel workers, the first that needs the site builds it for all.
    """
    out = root / "_build" / "test"
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    out.parent.mkdir(exist_ok=True)
    with out.with_suffix(".lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.seek(0)
        if lock.read() != run:
            lock.truncate(0)
            built = guide("build", "--stack", stack, "--user", _USERS[stack], "--out", str(out), timeout=1800)
            if built.returncode:
                pytest.fail(f"make book fails:\n{built.stdout}\n{built.stderr}", pytrace=False)
            lock.write(run)
    return out / "html"
