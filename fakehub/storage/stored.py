"""Objects: what is stored of each, and what a request stores."""

from __future__ import annotations

import base64
import hashlib
import io
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Protocol

import google_crc32c

from fakehub.storage.hashes import Hashes, base64_crc32c
from fakehub.storage.spool import Content, Received, disk_full, remove, write_all

# In a state directory, data up to so many bytes are in the database, where they need no file.
INLINE = 64 * 1024


class Place(Protocol):
    """Where data of objects are that are not in memory."""

    def open(self, generation: int) -> BinaryIO:
        """Open the data of an object to read them."""

    def remove(self, generation: int, size: int) -> None:
        """Remove the data of an object."""


class Files:
    """Data in files, which never change. A file has the name of its object's generation.

    With ``durable``, a file that was added survives a loss of power.
    """

    def __init__(self, folder: Path, durable: bool = False) -> None:
        self.folder, self.durable = folder, durable
        folder.mkdir(parents=True, exist_ok=True)

    def path(self, generation: int) -> Path:
        """Return the path of a file."""
        return self.folder / str(generation)

    def open(self, generation: int) -> BinaryIO:
        """Open a file to read it."""
        return self.path(generation).open("rb", buffering=0)

    def add(self, generation: int, data: bytes | Path) -> None:
        """Add a file with ``data``, or the file ``data``; raise ``GoogleError`` (507) when the disk is full."""
        path = self.path(generation)
        try:
            if isinstance(data, Path):
                data.replace(path)
            else:
                with path.open("wb", buffering=0) as file:
                    write_all(file, data)
                    if self.durable:
                        os.fsync(file.fileno())
            if self.durable:
                sync_folder(self.folder)
        except OSError as error:
            if path.exists():
                self.give_back(generation, data)
            raise disk_full(error) from error

    def give_back(self, generation: int, data: bytes | Path) -> None:
        """Undo ``add``: return a file that was given to its place, because its client may try again."""
        if isinstance(data, Path):
            self.path(generation).replace(data)
        else:
            self.path(generation).unlink(missing_ok=True)

    def remove(self, generation: int, size: int) -> None:
        """Remove a file."""
        remove(self.path(generation), size)


def sync_folder(folder: Path) -> None:
    """Let a renamed file in ``folder`` survive a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@dataclass(slots=True)
class Object:
    """One object at one generation. Times are in seconds since the epoch; ``data`` are the bytes or where they are.

    ``md5`` is ``None`` for a composite; ``headers`` are contentType, cacheControl and the like as the API names
    them, shared between objects and never changed in place. ``deleted`` is when a generation stopped being the
    live one, ``owner`` the account that created it, ``acl`` the predefined access control list asked for. A computed
    object of a public bucket has no ``md5`` and, in a listing, no ``crc32c`` and no data.

    An object never changes. A frozen dataclass would enforce that, but double the time to restore a million objects.
    """

    bucket: str
    name: str
    generation: int
    metageneration: int
    size: int
    crc32c: int | None
    md5: bytes | None
    created: float
    updated: float
    headers: dict[str, str]
    metadata: dict[str, str] | None
    components: int | None
    data: bytes | Place = field(repr=False)
    deleted: float | None = None
    owner: str | None = None
    acl: str | None = None

    def read(self, start: int = 0, stop: int | None = None) -> bytes:
        """Return the content from byte ``start`` up to, but not including, byte ``stop``; by default all of it."""
        if isinstance(self.data, bytes):
            return self.data[start:stop]
        with self.open(start) as file:
            return file.read() if stop is None else file.read(stop - start)

    def open(self, start: int = 0) -> BinaryIO:
        """Open the content at byte ``start``. It can be read to its end, even if the object is deleted meanwhile."""
        file = io.BytesIO(self.data) if isinstance(self.data, bytes) else self.data.open(self.generation)
        file.seek(start)
        return file


@dataclass(slots=True)
class NewObject:
    """An object to store: its content and everything that a request sets on it.

    ``headers`` are contentType and the like (see ``uploads.headers_of``), ``components`` is the number of a
    composite's parts, ``hashes`` the checksums that the client gives, each with its kind, ``md5`` or ``crc32c``.
    """

    name: str
    data: Content
    headers: dict[str, str]
    metadata: dict[str, str] | None = None
    components: int | None = None
    hashes: Hashes = ()


def measured(new: NewObject) -> tuple[int, int, bytes | None]:
    """Return the size and the checksums, CRC32C and MD5, of a new object; no MD5 of a composite unless one is given."""
    data = new.data
    if isinstance(data, Received):
        return data.size, data.crc32c, data.md5
    with_md5 = not new.components or any(kind == "md5" for kind, _ in new.hashes)
    md5 = hashlib.md5(data, usedforsecurity=False).digest() if with_md5 else None
    return len(data), google_crc32c.value(data), md5


def checksums(stored: Object) -> dict[str, str]:
    """Return the object's ``crc32c`` and ``md5Hash``, those that it has, in base64 as the API gives them."""
    values = {} if stored.crc32c is None else {"crc32c": base64_crc32c(stored.crc32c)}
    return values | ({"md5Hash": base64.b64encode(stored.md5).decode()} if stored.md5 else {})
