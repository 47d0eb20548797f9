"""Objects in a target, and their checksums."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Stored:
    """An object as the target lists it; ``md5`` is in base64, as in Google's API."""

    md5: str
    size: int
    generation: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    is_noted: bool = False  # the manifest says that this very object was sent, so it may be replaced


def stored(item: dict[str, Any]) -> Stored:
    """Return an object as the bucket describes it."""
    return Stored(item.get("md5Hash", ""), int(item.get("size", 0)), item["generation"], item.get("metadata", {}))


def md5(data: bytes | memoryview) -> str:
    """Return a checksum in the form of Google's API."""
    return base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()
