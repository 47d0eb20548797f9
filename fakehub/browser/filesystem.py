"""Functions on files that a browser's file system lacks."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any


def _link(source: Any, target: Any, **_options: Any) -> None:
    """Copy a file instead of linking it; raise ``FileExistsError`` for an existing ``target``, as ``os.link`` does."""
    with Path(source).open("rb") as file, Path(target).open("xb") as copy:
        shutil.copyfileobj(file, copy)


def install() -> None:
    """Provide ``os.link``, which zarr calls to store a chunk in one step."""
    if not hasattr(os, "link"):
        os.link = _link  # type: ignore[assignment]
