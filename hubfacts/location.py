"""Where the facts file is, for those who need not read it."""

from __future__ import annotations

import os
from pathlib import Path


def default_path() -> Path:
    """``$FAKEHUB_HUB_YML``, else the ``hub.yml`` of the current directory, else the one beside this package."""
    named = os.environ.get("FAKEHUB_HUB_YML")
    if named:
        return Path(named)
    here = Path("hub.yml")
    return here if here.is_file() else Path(__file__).resolve().parents[1] / "hub.yml"
