"""Versions of packages."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterator

from hubcheck.common import Hub, Observation


def packages(hub: Hub) -> Iterator[Observation]:
    """Compare the installed versions with those that the guide was tested with."""
    for name, says in hub.guide["packages"].items():
        try:
            seen = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            seen = "not installed"
        yield hub.observed(f"package.{name}", says, seen)
