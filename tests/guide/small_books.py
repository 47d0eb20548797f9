"""Copies of the project with a book of a few pages."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import yaml


def copy_of(root: Path, book: Path) -> Path:
    """The project without its pages, in the new folder ``book``."""
    book.mkdir()
    for name in ("_config.yml", "hub.yml"):
        shutil.copy(root / name, book)
    for name in ("book/_ext", "book/_static", "book/_templates", "fakehub", "lock"):
        if (root / name).is_dir():
            shutil.copytree(root / name, book / name, ignore=shutil.ignore_patterns("__pycache__"))
    return book


def build(
    book: Path,
    text: str,
    stack: str,
    command: str = "build",
    more: dict[str, str] | None = None,
    env: dict[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Build the copy with the page ``text`` as its first and ``more`` pages by their files' names."""
    (book / "book/index.md").write_text(text)
    chapters = [{"file": f"book/{name.removesuffix('.md')}"} for name in more or {}]
    for name, page in (more or {}).items():
        (book / "book" / name).write_text(page)
    toc = {"format": "jb-book", "root": "book/index"} | ({"chapters": chapters} if chapters else {})
    (book / "_toc.yml").write_text(yaml.safe_dump(toc, sort_keys=False))
    env = os.environ | {"PYTHONPATH": str(book / "book/_ext")} | (env or {})
    arguments = [sys.executable, "-m", "guide", *command.split(), "--stack", stack]
    return subprocess.run(arguments, cwd=book, env=env, capture_output=True, text=True, timeout=300)
