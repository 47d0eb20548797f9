"""The path of the facts file, for code that does not read it."""

from __future__ import annotations

import os
from pathlib import Path


def default_path() -> Path:
    """Return ``$FAKEHUB_HUB_YML``, else the ``hub.yml`` of the current directory, else that of this checkout if any."""
    named = os.environ.get("FAKEHUB_HUB_YML")
    if named:
        return Path(named)
    here, checkout = Path("hub.yml"), Path(__file__).resolve().parents[1] / "hub.yml"
    return checkout if checkout.is_file() and not here.is_file() else here
