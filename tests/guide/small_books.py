"""Copies of the project with a book of a few pages."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import yaml


def copy_of(root: Path, book: Path) -> Path:
    """Copy the project without its pages into the new folder ``book``; return the folder."""
    book.mkdir()
    for name in ("_config.yml", "hub.yml", "uv.lock"):
        shutil.copy(root / name, book)
    for name in ("book/_static", "book/_images", "book/_templates", "fakehub", "guide", "hubfacts"):
        if (root / name).is_dir():
            shutil.copytree(root / name, book / name, ignore=shutil.ignore_patterns("__pycache__"))
    return book


def write(book: Path, pages: dict[str, str]) -> None:
    """Write ``pages``, texts by the names of their files, and a ``_toc.yml`` with them; ``index.md`` is its root."""
    for name, text in pages.items():
        (book / "book" / name).write_text(text)
    chapters = [{"file": f"book/{name.rpartition('.')[0]}"} for name in pages if name != "index.md"]
    toc = {"format": "jb-book", "root": "book/index"} | ({"chapters": chapters} if chapters else {})
    (book / "_toc.yml").write_text(yaml.safe_dump(toc, sort_keys=False))


def environment(book: Path) -> dict[str, str]:
    """Return an environment in which ``python -m guide`` is that of the copy."""
    return os.environ | {"PYTHONPATH": str(book)}


def build(
    book: Path,
    text: str,
    stack: str,
    command: str = "build",
    more: dict[str, str] | None = None,
    env: dict[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Build the copy with ``text`` as its first page, and ``more`` pages by the names of their files."""
    write(book, {"index.md": text} | (more or {}))
    arguments = [sys.executable, "-m", "guide", *command.split(), "--stack", stack]
    env = environment(book) | (env or {})
    return subprocess.run(arguments, cwd=book, env=env, capture_output=True, text=True, timeout=300)
