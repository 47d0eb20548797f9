"""Paths of the project: its root, the facts file in use and the build folder."""

from __future__ import annotations

import hashlib
from pathlib import Path

from hubfacts.location import default_path

ROOT = Path(__file__).resolve().parents[1]


def display_path(path: Path) -> str:
    """Format a path for messages, relative to the root if possible."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def build_folder(hub_yml: Path) -> Path:
    """Return the build folder of the guide for the hub that ``hub_yml`` describes.

    Each other hub has a folder named after that of its file and a digest of the file's path, so that no two hubs
    share a file.
    """
    if hub_yml == ROOT / "hub.yml":
        return ROOT / "_build"
    digest = hashlib.sha256(display_path(hub_yml).encode()).hexdigest()[:8]
    return ROOT / "_build" / "hubs" / f"{hub_yml.parent.name}-{digest}"


def record_path(hub_yml: Path) -> Path:
    """Return the path of the record that says when the facts in ``hub_yml`` were last compared with their sources."""
    return hub_yml.with_suffix(".checked.yml")


HUB_YML = default_path().resolve()
OWN_HUB = HUB_YML == ROOT / "hub.yml"
BUILD = build_folder(HUB_YML)
