"""A copy of the project with the pages of a test alone."""

import os
import shutil
from pathlib import Path

import yaml


def copy(root: Path, project: Path) -> Path:
    """Copy what builds a book from ``root`` to the new folder ``project``; its path."""
    project.mkdir()
    for name in ("_config.yml", "hub.yml"):
        shutil.copy(root / name, project)
    for name in ("book/_ext", "book/_static", "book/_templates", "fakehub", "lock"):
        shutil.copytree(root / name, project / name, ignore=shutil.ignore_patterns("__pycache__"))
    return project


def write(project: Path, pages: dict[str, str]) -> None:
    """Write ``pages`` by the names of their files, of which ``index.md`` is one, and name them in ``_toc.yml``."""
    for name, text in pages.items():
        (project / "book" / name).write_text(text)
    chapters = [{"file": f"book/{name.removesuffix('.md')}"} for name in pages if name != "index.md"]
    toc = {"format": "jb-book", "root": "book/index"} | ({"chapters": chapters} if chapters else {})
    (project / "_toc.yml").write_text(yaml.safe_dump(toc, sort_keys=False))


def environment(project: Path) -> dict[str, str]:
    """Variables with which ``python -m guide`` is that of ``project``."""
    return os.environ | {"PYTHONPATH": str(project / "book/_ext")}
