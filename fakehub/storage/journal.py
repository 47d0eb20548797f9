"""The state directory: data files, and a journal of what was stored and deleted that a killed process leaves whole."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fakehub.errors import GoogleError


def disk_full(error: OSError) -> GoogleError:
    """507, when a file cannot be written."""
    return GoogleError(507, "diskFull", f"The stand-in's disk is full: {error.strerror}. Free some.")


class Journal:
    """An append-only file of JSON lines; a line is there wholly or not at all."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)

    def lines(self) -> Iterator[Any]:
        """What was recorded, oldest first; a last line cut short by the end of its process is cut off."""
        content = self._path.read_bytes()
        whole = content.rfind(b"\n") + 1
        os.ftruncate(self._file, whole)
        return map(json.loads, content[:whole].splitlines())

    def append(self, change: Any) -> None:
        """Record a change; raises ``GoogleError`` (507) and records nothing when the disk is full."""
        line = json.dumps(change).encode() + b"\n"
        size = os.fstat(self._file).st_size
        try:
            while line:
                line = line[os.write(self._file, line) :]
        except OSError as error:
            os.ftruncate(self._file, size)
            raise disk_full(error) from error

    def rewrite(self, changes: Iterator[Any]) -> None:
        """Put ``changes`` in the place of everything recorded so far, at once."""
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
