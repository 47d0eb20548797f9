"""Note the checksums of sent chunks."""

from __future__ import annotations

import contextlib
import json
import threading
from pathlib import Path
from typing import Any

from uploader.common import MARK, UploadError, report

# How every manifest begins.
OPENING = '{"target": '


class Manifest:
    """The checksum of each chunk that the target has confirmed, a line each, in a file on this disk.

    A line also names the state of the source files that the chunk comes from; it does not count if they have changed.
    Without its manifest an upload loses nothing, but every chunk is read, encoded and compared once more.
    """

    def __init__(self, path: Path, target: str, made_from: str) -> None:
        self.path, self._head = path, {"target": target, MARK: made_from}
        self._notes: dict[str, tuple[str, str]] = {}
        self._writing, self._warned = threading.Lock(), False
        try:
            self._file = path.open("a+", encoding="utf-8", errors="surrogateescape")
        except OSError as error:
            raise UploadError(f"{path}: cannot be written ({error.strerror}): name another with --manifest") from None
        self._check()
        self._lock()
        self._read()

    def _check(self) -> None:
        """Raise ``UploadError`` for a file that is not a manifest and so must not be overwritten."""
        self._file.seek(0)
        first = self._file.readline()
        cut_off = OPENING.startswith(first)  # empty, or from a run that was killed while it wrote
        if not cut_off and not first.startswith(OPENING):
            raise UploadError(f"{self.path}: this file is not a manifest: name another with --manifest")

    def _lock(self) -> None:
        """Keep other copies away. Where files cannot be locked, the conditions on each object still do."""
        with contextlib.suppress(OSError, ImportError):
            import fcntl  # which Windows lacks

            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                problem = "another copy of this script is working on this upload: wait until it has ended"
                raise UploadError(f"{self.path}: {problem}") from None

    def _read(self) -> None:
        self._file.seek(0)
        head, *lines = [found for line in self._file if (found := parsed(line))] or [{}]
        if head and head.get("target") != self._head["target"]:
            message = f"{self.path}: this is the manifest of {head.get('target')}: name another with --manifest"
            raise UploadError(message)
        if head != self._head:
            self.clear()
            return
        self._notes = {line["object"]: (line["md5"], line.get("source", "")) for line in lines if "md5" in line}
        self._write("")  # ends an incomplete last line

    def get(self, name: str, source: str) -> str | None:
        """Return the checksum of an object if it was made from the source in this state."""
        digest, noted = self._notes.get(name, (None, ""))
        return digest if noted == source else None

    def digest(self, name: str) -> str | None:
        """Return the checksum of an object as it was sent, in whatever state the source was then."""
        return self._notes.get(name, (None, ""))[0]

    def clear(self) -> None:
        """Forget everything, so that the next run compares every chunk."""
        self._notes = {}
        with contextlib.suppress(OSError):
            self._file.truncate(0)
        self._write(json.dumps(self._head))

    def add(self, name: str, digest: str, source: str) -> None:
        """Note an object."""
        with self._writing:
            self._notes[name] = digest, source
            self._write(json.dumps({"object": name, "md5": digest, "source": source}))

    def _write(self, line: str) -> None:
        try:
            self._file.write(line + "\n")
            self._file.flush()
        except OSError as error:
            if not self._warned:
                report(f"{self.path}: {error.strerror}: continuing without it; the next run will take longer")
            self._warned = True


def read_head(path: Path) -> dict[str, Any]:
    """Return the first line of a manifest; empty if there is none."""
    with contextlib.suppress(OSError, UnicodeDecodeError), path.open(encoding="utf-8") as file:
        return parsed(file.readline()) or {}
    return {}


def parsed(line: str) -> dict[str, Any] | None:
    """Return a line of a manifest; ``None`` if it is incomplete."""
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
