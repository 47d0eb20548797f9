"""Where things are."""

from __future__ import annotations

from pathlib import Path

from fakehub.where import default_path

ROOT = Path(__file__).resolve().parents[3]
# Whose guide this is; what is built for another hub than the project's lies in a folder of its own.
HUB_YML = default_path().resolve()
OWN_HUB = HUB_YML == ROOT / "hub.yml"
BUILD = ROOT / "_build" if OWN_HUB else ROOT / "_build" / "hubs" / HUB_YML.parent.name


def shown(path: Path) -> str:
    """A path as it is told, from the root where it is below that."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)
