"""External programs that pages call and that the page's own Python environment does not contain."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from guide.paths import ROOT

# Programs that a block may need: the path where the project installs them, or None if only the machine can have them.
PROGRAMS: dict[str, Path | None] = {
    "gcloud": None,  # not in any package registry
    "ssh": None,
    "wget": None,
    "gsutil": ROOT / ".venv" / "tools" / "bin" / "gsutil",  # pins versions that conflict with the data stack
}


def link_programs(folder: Path) -> None:
    """Link the installed programs into ``folder``, without the other programs of their environment."""
    for name, path in PROGRAMS.items():
        if path is not None and path.is_file():
            (folder / name).symlink_to(path)


def missing(names: Iterable[str], path: str | None = None) -> list[str]:
    """Return those of the programs ``names`` that are not on this machine; search ``path`` instead of ``PATH``."""
    return [name for name in names if not _is_available(name, path)]


def _is_available(name: str, path: str | None) -> bool:
    installed = PROGRAMS[name]
    return bool(installed and installed.is_file()) or shutil.which(name, path=path) is not None
