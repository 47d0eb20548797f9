"""Options and fixtures of the whole suite."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--stack", default="hub", choices=["hub", "latest"], help="which locked versions these are")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Side by side, a file's tests stay together, as do all that need the built site; what takes longest begins."""
    for item in items:
        group = "site" if "site" in item.fixturenames else str(item.path)
        item.add_marker(pytest.mark.xdist_group(group))
    items.sort(key=lambda item: "site" not in item.fixturenames)


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
        env = os.environ | {"PYTHONPATH": str(ROOT / "book" / "_ext")} | options.pop("env", {})
        command = [sys.executable, "-m", "guide", *arguments]
        return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=600, **options)

    return call


@pytest.fixture(scope="session")
def site(guide, stack: str) -> Path:
    """The whole site, its pages run and its HTML built from nothing; the folder of ``index.html``."""
    out = ROOT / "_build" / "test"
    built = guide("build", "--stack", stack, "--out", str(out))
    if built.returncode:
        pytest.fail(f"make book fails:\n{built.stdout}\n{built.stderr}", pytrace=False)
    return out / "_build" / "html"
