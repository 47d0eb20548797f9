"""The journal of a state directory: what was stored and deleted, in a file that a killed process leaves readable."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fakehub.storage.spool import disk_full


class Journal:
    """An append-only file of JSON lines; each line is written completely or not at all."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)

    def lines(self) -> Iterator[dict[str, Any]]:
        """Return the recorded changes, oldest first; cut off a last line that a killed process left incomplete."""
        content = self._path.read_bytes()
        whole = content.rfind(b"\n") + 1
        os.ftruncate(self._file, whole)
        return map(json.loads, content[:whole].splitlines())

    def append(self, change: dict[str, Any]) -> None:
        """Record a change. If the disk is full, record nothing and raise ``GoogleError`` (507)."""
        line = json.dumps(change).encode() + b"\n"
        size = os.fstat(self._file).st_size
        try:
            while line:
                line = line[os.write(self._file, line) :]
        except OSError as error:
            os.ftruncate(self._file, size)
            raise disk_full(error) from error

    def rewrite(self, changes: Iterator[dict[str, Any]]) -> None:
        """Replace all recorded changes with ``changes`` in one step; raise ``GoogleError`` (507) on a full disk."""
        shorter = self._path.with_suffix(".new")
        try:
            with shorter.open("w", encoding="utf-8") as file:
                file.writelines(json.dumps(change) + "\n" for change in changes)
        except OSError as error:
            shorter.unlink(missing_ok=True)
            raise disk_full(error) from error
        os.close(self._file)
        shorter.replace(self._path)
        self._file = os.open(self._path, os.O_RDWR | os.O_APPEND)

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)
