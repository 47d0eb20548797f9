"""Run the functions that readers copy from a page on other data than the page's own, inside a stand-in."""

from __future__ import annotations

import ast
import itertools
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fakehub.session.session import Session, SessionOptions, start_session
from guide.facts import load
from guide.pages.reader import read_page

Run = Callable[..., subprocess.CompletedProcess[str]]
_runs = itertools.count()


def definitions(root: Path, page: str, names: tuple[str, ...]) -> str:
    """Return the imports of all Python blocks that run, and the functions and assignments that have the ``names``.

    Raises ``ValueError`` if the page defines no such name.
    """
    all_blocks = read_page(root / page, root).blocks
    blocks = [block.source for block in all_blocks if block.language == "python" and block.kind != "skip"]
    statements = [statement for source in blocks for statement in ast.parse(source).body]
    imports = [each for each in statements if isinstance(each, ast.Import | ast.ImportFrom)]
    wanted = [each for each in statements if _names(each) & set(names)]
    if lacking := set(names) - set().union(*map(_names, wanted)):
        raise ValueError(f"{page} defines no {', '.join(sorted(lacking))}")
    return "\n".join(map(ast.unparse, [*imports, *wanted]))


def _names(statement: ast.stmt) -> set[str]:
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return {statement.name}
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    return {target.id for target in targets if isinstance(target, ast.Name)}


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
