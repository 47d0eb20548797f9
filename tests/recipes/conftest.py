"""Run the functions that readers copy from a page on other data than the page's own, inside a stand-in."""

from __future__ import annotations

import itertools
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from page_code import definitions

from fakehub.session.session import Session, SessionOptions, start_session
from guide.facts import load

Run = Callable[..., subprocess.CompletedProcess[str]]
_runs = itertools.count()


@pytest.fixture(scope="session")
def stand_in(root: Path) -> Iterator[Session]:
    """A stand-in that all recipes share."""
    hub_yml = root / "hub.yml"
    with start_session(SessionOptions(load(hub_yml), hub_yml)) as running:
        yield running


@pytest.fixture
def recipe(root: Path, stand_in: Session, tmp_path: Path) -> Run:
    """Run ``program`` after the definitions of ``page`` that have the ``names``; returns the finished process.

    The program has ``fs``, and a ``folder`` in the scratch bucket, also named ``base``, that no other run uses. It
    starts in ``tmp_path``.
    """

    def call(page: str, names: tuple[str, ...], program: str) -> subprocess.CompletedProcess[str]:
        start = f"""
            import os, gcsfs
            fs = gcsfs.GCSFileSystem()
            base = folder = os.environ["SCRATCH_BUCKET"] + "/recipes/{next(_runs)}"
            """
        parts = (textwrap.dedent(start), definitions(root, page, names) if names else "", textwrap.dedent(program))
        script = tmp_path / "program.py"
        script.write_text("\n".join(parts), encoding="utf-8")
        command = [sys.executable, "-W", "ignore", str(script)]
        env = stand_in.environment
        return subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120)

    return call


@pytest.fixture
def printed(recipe: Run) -> Callable[[str, tuple[str, ...], str], list[str]]:
    """Run a program as ``recipe`` does, and return the lines that it printed; it has to succeed."""

    def call(page: str, names: tuple[str, ...], program: str) -> list[str]:
        done = recipe(page, names, program)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    return call
