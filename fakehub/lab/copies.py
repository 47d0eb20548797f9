"""Copy files into the reader's folder, where files that the reader changed stay as they are."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

# The digests of the copies in the folder, which tell a copy of an older version from one that the reader changed.
RECORD = ".fakehub-lab.json"


@dataclass(frozen=True)
class Copied:
    """The names of the files that were written, and of those that differ because the reader changed them."""

    written: list[str]
    kept: list[str]


def copy(files: Mapping[str, bytes], folder: Path) -> Copied:
    """Write ``files``, by their paths in ``folder``, except those that were changed there; raises ``OSError``."""
    folder.mkdir(parents=True, exist_ok=True)
    record = _read(folder / RECORD)
    result = Copied([], [])
    for name, content in files.items():
        target = folder / name
        current = target.read_bytes() if target.exists() else None
        if current is not None and current != content and record.get(name) != _digest(current):
            result.kept.append(name)
            continue
        if current != content:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            result.written.append(name)
        record[name] = _digest(content)
    (folder / RECORD).write_text(json.dumps(record, indent=1, sort_keys=True), encoding="utf-8")
    return result


def _read(file: Path) -> dict[str, str]:
    """Return the recorded digests; if there are none to read, every file that differs counts as changed."""
    try:
        record = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
