"""Content on its way into the store: in memory at first, in a file when it is large, with its checksums."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

import google_crc32c

from fakehub.errors import GoogleError
from fakehub.storage.off_loop import in_thread

# Larger content is in a file, whatever the memory could hold.
IN_MEMORY = 4 * 1024**2
# Bytes that are read, hashed and written at once. Smaller bodies are not worth a thread.
PIECE = 1024**2
# Removing a larger file takes so long that a thread does it.
_LONG_TO_REMOVE = 64 * 1024**2


def disk_full(error: OSError) -> GoogleError:
    """Return 507, for a file that cannot be written."""
    return GoogleError(507, "diskFull", f"The stand-in's disk is full: {error.strerror}. Free some.")


@dataclass(slots=True)
class Received:
    """Content that arrived completely: its bytes or its file, and its checksums.

    A composite needs no ``md5``; ``sha256``, in hexadecimal digits, is for a signed URL that names it. ``head`` belongs
    to a multipart upload: the metadata and the content type of the data. A file that is ``kept`` belongs to somebody
    who removes it later.
    """

    data: bytes | Path
    size: int
    crc32c: int
    md5: bytes | None
    sha256: str | None = None
    head: tuple[bytes, str | None] | None = None
    kept: bool = False

    def open(self) -> BinaryIO:
        """Open the content to read it."""
        return io.BytesIO(self.data) if isinstance(self.data, bytes) else self.data.open("rb", buffering=0)

    def discard(self) -> None:
        """Remove the file, unless it is kept."""
        if isinstance(self.data, Path) and not self.kept:
            remove(self.data, self.size)


# The body of a request. A small one comes without checksums.
Content = bytes | Received


@contextlib.contextmanager
def discarded(content: Content) -> Iterator[Content]:
    """Discard content at the end of the block, unless the store has made it an object's."""
    try:
        yield content
    finally:
        if isinstance(content, Received):
            content.discard()


def in_memory(content: Content) -> bytes:
    """Return content that has to be small; raise ``GoogleError`` (413) if it is in a file."""
    data = content.data if isinstance(content, Received) else content
    if isinstance(data, Path):
        raise too_large()
    return data


def too_large() -> GoogleError:
    """Return 413, for a large body of a request that uploads nothing."""
    return GoogleError(413, "uploadTooLarge", "The request's body is too large.")


class Sink(Protocol):
    """Where the pieces of a body go. ``feed`` and ``finish`` may run in a thread, one call at a time."""

    def feed(self, piece: bytes) -> None:
        """Add a piece. An error is raised by ``finish``, once the client has sent everything."""

    def finish(self) -> Received:
        """Return the content; raise ``GoogleError`` for content that cannot be accepted or written."""

    def discard(self) -> None:
        """Remove what was written."""


class Spool:
    """Collects content and computes its checksums; beyond ``most`` bytes, it goes to the file ``path``.

    With ``durable``, the content of the finished file survives a loss of power.
    """

    def __init__(
        self, path: Path, most: int = IN_MEMORY, md5: bool = True, sha256: bool = False, durable: bool = False
    ) -> None:
        self._path, self._most, self._durable = path, most, durable
        self._md5 = hashlib.md5(usedforsecurity=False) if md5 else None
        self._sha256 = hashlib.sha256() if sha256 else None
        self._crc32c = self._size = 0
        self._memory: list[bytes] = []
        self._file: BinaryIO | None = None
        self._error: OSError | None = None
        self._discarded = False
        # A request that is cancelled discards the content while a thread may still write a piece of it.
        self._lock = threading.Lock()

    def feed(self, piece: bytes) -> None:
        """Add a piece; after an error, ignore it."""
        with self._lock:
            if self._error or self._discarded:
                return
            if self._md5:
                self._md5.update(piece)
            if self._sha256:
                self._sha256.update(piece)
            self._crc32c = google_crc32c.extend(self._crc32c, piece)
            self._size += len(piece)
            self._memory.append(piece)
            if self._size > self._most:
                self._write()

    def _write(self) -> None:
        try:
            if self._file is None:
                self._file = self._path.open("xb", buffering=0)
            for piece in self._memory:
                write_all(self._file, piece)
        except OSError as error:
            self._error = error
            self._remove()
        self._memory.clear()

    def finish(self) -> Received:
        """Return the content; raise ``GoogleError`` (507) if the disk was full."""
        with self._lock:
            if self._error:
                raise disk_full(self._error)
            data: bytes | Path = self._path
            if self._file is None:
                data = b"".join(self._memory)
            else:
                self._end_file(self._file)
            sha256 = self._sha256.hexdigest() if self._sha256 else None
            return Received(data, self._size, self._crc32c, self._md5.digest() if self._md5 else None, sha256)

    def _end_file(self, file: BinaryIO) -> None:
        try:
            if self._durable:
                os.fsync(file.fileno())
            file.close()
        except OSError as error:
            self._remove()
            raise disk_full(error) from error

    def discard(self) -> None:
        """Remove the file, also if a thread is about to write it."""
        with self._lock:
            self._discarded = True
            self._remove()

    def _remove(self) -> None:
        if self._file is not None:
            self._file.close()
            self._path.unlink(missing_ok=True)


def remove(path: Path, size: int) -> None:
    """Remove a file of so many bytes if it exists, a large one in a thread."""
    if size > _LONG_TO_REMOVE:
        in_thread(path.unlink, missing_ok=True)
    else:
        path.unlink(missing_ok=True)


def write_all(file: BinaryIO, data: bytes) -> None:
    """Write all of ``data`` to an unbuffered file."""
    written = file.write(data)
    if written < len(data):
        rest = memoryview(data)
        while written < len(data):
            written += file.write(rest[written:])


def joined(parts: Iterable[BinaryIO], spool: Spool) -> Received:
    """Return the content of all ``parts``, one after the other; close them. Raises ``GoogleError`` (507)."""
    try:
        for part in parts:
            with part:
                while piece := part.read(PIECE):
                    spool.feed(piece)
        return spool.finish()
    except BaseException:
        spool.discard()
        raise
