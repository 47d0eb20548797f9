"""Paths of the project: its root, the facts file in use and the build folder."""

from __future__ import annotations

from pathlib import Path

from hubfacts.location import default_path

ROOT = Path(__file__).resolve().parents[1]
HUB_YML = default_path().resolve()
# The guide of another hub is built in a separate folder, so that two guides never share a file.
OWN_HUB = HUB_YML == ROOT / "hub.yml"
BUILD = ROOT / "_build" if OWN_HUB else ROOT / "_build" / "hubs" / HUB_YML.parent.name


def display_path(path: Path) -> str:
    """Format a path for messages, relative to the root if possible."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)
