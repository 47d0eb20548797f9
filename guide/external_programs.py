"""Programs that pages call and that Python's packages do not bring into the page's own environment."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# Programs a block may need: where the project installed them, or None for those that the machine has or has not.
PROGRAMS: dict[str, Path | None] = {
    "gcloud": None,  # on no registry of packages
    "gsutil": ROOT / ".venv" / "tools" / "bin" / "gsutil",  # pins what the data stack cannot have
}


def link_programs(folder: Path) -> None:
    """Put the installed programs, and nothing else of the environment they live in, into ``folder``."""
    for name, path in PROGRAMS.items():
        if path is not None and path.is_file():
            (folder / name).symlink_to(path)


def missing(names: Iterable[str], path: str | None = None) -> list[str]:
    """Which of the programs ``names`` are not here; ``path`` is where to look (default: this process's)."""
    return [name for name in names if not _found(name, path)]


def _found(name: str, path: str | None) -> bool:
    installed = PROGRAMS[name]
    return bool(installed and installed.is_file()) or shutil.which(name, path=path) is not None
