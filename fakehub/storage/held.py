"""The bytes that a resumable upload has received: in memory at first, in a file when they are many."""

from __future__ import annotations

import hashlib
import io
import os
from pathlib import Path
from typing import BinaryIO

import google_crc32c

from fakehub.storage.spool import IN_MEMORY, PIECE, Content, Received, disk_full, write_all


class Held:
    """The first ``size`` bytes of an object. ``write`` and ``content`` may run in a thread, one call at a time.

    Checksums are computed while chunks arrive in order. If one is repeated, they are computed again at the end.
    """

    def __init__(self, path: Path, durable: bool = False) -> None:
        self.size = 0
        self._path, self._memory, self._durable = path, bytearray(), durable
        self._file: BinaryIO | None = None
        self._begin_hashes()

    def _begin_hashes(self) -> None:
        self._md5, self._crc32c, self._hashed = hashlib.md5(usedforsecurity=False), 0, 0

    def write(self, start: int, content: Content) -> None:
        """Replace everything from byte ``start`` on; raise ``GoogleError`` (507) when the disk is full."""
        size = content.size if isinstance(content, Received) else len(content)
        if self._file is None and start + size <= PIECE and not isinstance(content, Received):
            self._memory[start:] = content
            self.size = start + size
            return
        before, self.size = self.size, min(self.size, start)
        try:
            if self._file is None:
                self._move_to_file(before)
            with content.open() if isinstance(content, Received) else io.BytesIO(content) as source:
                place = start
                while piece := source.read(PIECE):
                    self._add(place, piece)
                    place += len(piece)
        except OSError as error:
            raise disk_full(error) from error
        self.size = place

    def _move_to_file(self, size: int) -> None:
        """Move the first ``size`` bytes from memory to the file; they stay in memory if that fails (``OSError``)."""
        self._file = self._path.open("x+b", buffering=0)
        try:
            self._add(0, bytes(self._memory[:size]))
        except OSError:
            self._file.close()
            self._path.unlink(missing_ok=True)
            self._file, self.size = None, size
            self._begin_hashes()
            raise
        self._memory.clear()

    def _add(self, start: int, piece: bytes) -> None:
        assert self._file is not None
        self._file.seek(start)
        write_all(self._file, piece)
        if start < self._hashed:
            self._begin_hashes()
        if start == self._hashed:
            self._md5.update(piece)
            self._crc32c = google_crc32c.extend(self._crc32c, piece)
            self._hashed += len(piece)

    def cut(self, size: int) -> None:
        """Forget everything beyond ``size`` bytes."""
        self.size = min(self.size, size)
        del self._memory[size:]

    def content(self) -> Content:
        """Return the content, which stays held; raise ``GoogleError`` (507) when the disk is full."""
        if self._file is None:
            return bytes(self._memory)
        try:
            self._file.truncate(self.size)
            self._file.seek(0)
            if self.size <= IN_MEMORY:
                return self._file.read()
            if self._hashed != self.size:
                self._hash_again()
            if self._durable:
                os.fsync(self._file.fileno())
        except OSError as error:
            raise disk_full(error) from error
        return Received(self._path, self.size, self._crc32c, self._md5.digest())

    def _hash_again(self) -> None:
        assert self._file is not None
        self._begin_hashes()
        while piece := self._file.read(PIECE):
            self._md5.update(piece)
            self._crc32c = google_crc32c.extend(self._crc32c, piece)
            self._hashed += len(piece)

    def discard(self) -> None:
        """Forget everything. The file stays if the store has made it an object's."""
        if self._file is not None:
            self._file.close()
            self._file = None
            self._path.unlink(missing_ok=True)
        self._memory.clear()
        self.size = 0
