"""A state directory: a database of buckets and objects with the data of small ones, beside the files of large ones.

SQLite keeps it readable whenever the process is killed, and reuses or returns the space of what was deleted.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sqlite3
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from fakehub.errors import GoogleError
from fakehub.storage.old_journal import JOURNAL, OldJournal
from fakehub.storage.soft_deleted import SoftDeleted
from fakehub.storage.spool import disk_full
from fakehub.storage.stored import INLINE, Files, Object

DATABASE, DATA = "buckets.sqlite", "data"
# Names the objects that were deleted while the disk was full. It has its size from the start, so that a full disk has
# room for them.
_DELETED, _NUMBER, _MOST_DELETED = "deleted", struct.Struct("<q"), 8192
# After so many changes, at most so many unused pages of the database are returned to the file system.
_CHANGES, _PAGES = 1000, 2000
_TABLES = """
create table if not exists buckets (name text primary key, settings text) without rowid;
create table if not exists objects (
    generation integer primary key, bucket text, name text, metageneration integer, size integer, crc32c integer,
    md5 blob, created real, updated real, headers text, metadata text, components integer, deleted real, owner text,
    acl text
);
create table if not exists contents (generation integer primary key, data blob);
create table if not exists soft_deleted (generation integer primary key, at real, until real);
"""
_COLUMNS = (
    "generation, bucket, name, metageneration, size, crc32c, md5, created, updated, headers, metadata, components, "
    "deleted, owner, acl"
)
_PUT = f"replace into objects ({_COLUMNS}) values ({', '.join('?' * 15)})"
_ARCHIVE = "update objects set deleted = ? where generation = ?"
_SOFT_DELETE = "replace into soft_deleted values (?, ?, ?)"
_REPLACE = "replace into contents values (?, ?)"
_SET = "replace into buckets values (?, ?)"
_READ = "select data from contents where generation = ?"


class StateError(OSError):
    """A state directory that cannot be used; the message is one line."""


class Rows:
    """The data that are in the database."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def open(self, generation: int) -> BinaryIO:
        """Open the data of an object to read them."""
        return io.BytesIO(self._database.execute(_READ, (generation,)).fetchone()[0])

    def remove(self, generation: int, size: int) -> None:
        """Do nothing: the data are deleted together with their object."""


class State:
    """The database and the files of a directory, which one process can use at a time.

    What was recorded survives the end of the process and, if ``durable``, a loss of power. Methods that record
    something raise ``GoogleError`` (507) when the disk is full, and change nothing then. The constructor raises
    ``StateError`` if the directory cannot be used.
    """

    def __init__(self, folder: Path, durable: bool = False) -> None:
        self.files, self._changes = Files(folder / DATA, durable), 0
        self._database = sqlite3.connect(folder / DATABASE, timeout=1, isolation_level=None)
        try:
            for pragma in ("auto_vacuum = incremental", "locking_mode = exclusive", "journal_mode = wal"):
                self._database.execute(f"pragma {pragma}")
            self._database.execute(f"pragma synchronous = {'full' if durable else 'off'}")
            self._database.executescript(_TABLES)
        except sqlite3.Error as error:
            self._database.close()
            why = "another process uses it" if "locked" in str(error) else str(error)
            raise StateError(f"--state {folder}: {why}; use another directory") from error
        self.rows = Rows(self._database)
        deleted = folder / _DELETED
        if not deleted.exists():
            deleted.write_bytes(bytes(_NUMBER.size * _MOST_DELETED))
        self._deleted = deleted.open("r+b", buffering=0)
        self._convert(folder)
        self._pending = [number for (number,) in _NUMBER.iter_unpack(self._deleted.read()) if number]
        with contextlib.suppress(GoogleError):
            self._delete_pending()

    def _convert(self, folder: Path) -> None:
        """Move what an earlier version left into the database; raise ``StateError`` if that is impossible.

        Interrupted, it starts again: the journal and the files of small objects stay until the end.
        """
        path, files = folder / JOURNAL, self.files
        if not path.exists():
            return
        try:
            old = OldJournal(path, set(os.listdir(files.folder)))
            objects = [(_of_journal(values, files), files.folder / values["data"]) for values in old.objects()]
        except (ValueError, KeyError, TypeError) as error:
            message = "its file 'journal' is not one of fakehub's; use another directory"
            raise StateError(f"--state {folder}: {message}") from error
        try:
            with self._change() as database:
                for name, settings in old.buckets.items():
                    database.execute(_SET, (name, json.dumps(settings)))
                for stored, data in objects:
                    database.execute(_PUT, _row(stored))
                    if stored.size <= INLINE:
                        database.execute(_REPLACE, (stored.generation, data.read_bytes()))
                    elif data.exists():
                        data.replace(files.path(stored.generation))
        except GoogleError as error:
            raise StateError(f"--state {folder}: {error.message}") from error
        path.unlink()

    @contextlib.contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        """Make several changes at once, or none of them."""
        database = self._database
        try:
            database.execute("begin")
            yield database
            database.execute("commit")
        except BaseException as error:
            if database.in_transaction:
                database.execute("rollback")
            if isinstance(error, sqlite3.Error):
                raise disk_full(OSError(0, str(error))) from error
            raise
        self._changes += 1
        if self._changes % _CHANGES == 0:
            # The change is recorded; whether its space is returned now makes no difference to it.
            with contextlib.suppress(sqlite3.Error):
                database.execute(f"pragma incremental_vacuum({_PAGES})").fetchall()

    def _delete_pending(self) -> None:
        """Delete what could not be deleted while the disk was full."""
        if not self._pending:
            return
        with self._change() as database:
            for generation in self._pending:
                _delete(database, generation)
        self._deleted.seek(0)
        self._deleted.write(bytes(_NUMBER.size * len(self._pending)))
        self._pending.clear()

    def put(
        self, stored: Object, data: bytes | None, replaced: Object | None, archived: bool, kept: SoftDeleted | None
    ) -> None:
        """Record a new object, whose ``data`` are in a file if ``None``.

        ``replaced`` is ``archived``, ``kept`` as soft-deleted, or deleted.
        """
        self._delete_pending()
        with self._change() as database:
            database.execute(_PUT, _row(stored))
            if data is not None:
                database.execute("insert into contents values (?, ?)", (stored.generation, data))
            if replaced is not None and archived:
                database.execute(_ARCHIVE, (stored.created, replaced.generation))
            elif replaced is not None and kept is not None:
                database.execute(_SOFT_DELETE, (replaced.generation, kept.when, kept.until))
            elif replaced is not None:
                _delete(database, replaced.generation)

    def update(self, stored: Object) -> None:
        """Record the new metadata of an object."""
        with self._change() as database:
            database.execute(_PUT, _row(stored))

    def archive(self, stored: Object, when: float) -> None:
        """Record that a generation is no longer the live one."""
        with self._change() as database:
            database.execute(_ARCHIVE, (when, stored.generation))

    def soft_delete(self, deleted: SoftDeleted) -> bool:
        """Record that a generation was deleted and is kept; return ``False`` if the disk is full."""
        try:
            with self._change() as database:
                database.execute(_SOFT_DELETE, (deleted.stored.generation, deleted.when, deleted.until))
        except GoogleError:
            return False
        return True

    def soft_deleted(self) -> dict[int, tuple[float, float]]:
        """Return when each soft-deleted generation was deleted, and until when it is kept."""
        rows = self._database.execute("select generation, at, until from soft_deleted")
        return {generation: (at, until) for generation, at, until in rows}

    def delete(self, stored: Object) -> None:
        """Record that a generation was deleted, even when the disk is full."""
        try:
            self._delete_pending()
            with self._change() as database:
                _delete(database, stored.generation)
        except GoogleError:
            if len(self._pending) == _MOST_DELETED:
                raise
            self._deleted.seek(_NUMBER.size * len(self._pending))
            self._deleted.write(_NUMBER.pack(stored.generation))
            if self.files.durable:
                os.fsync(self._deleted.fileno())
            self._pending.append(stored.generation)

    def delete_all(self, deleted: list[Object]) -> None:
        """Record that generations were deleted, at once if the disk is not full."""
        try:
            with self._change() as database:
                for stored in deleted:
                    _delete(database, stored.generation)
        except GoogleError:
            for stored in deleted:
                self.delete(stored)

    def set_bucket(self, name: str, settings: dict[str, Any] | None, deleted: Iterable[Object] = ()) -> None:
        """Record the settings of a bucket, ``None`` for one that was deleted together with objects."""
        with self._change() as database:
            database.execute(_SET, (name, json.dumps(settings)))
            for stored in deleted:
                _delete(database, stored.generation)

    def buckets(self) -> Iterator[tuple[str, dict[str, Any] | None]]:
        """Yield the name and the settings of every bucket that was made, changed or deleted."""
        for name, settings in self._database.execute("select name, settings from buckets"):
            yield name, json.loads(settings)

    def objects(self) -> Iterator[Object]:
        """Yield all objects, oldest first, except those whose file is missing; remove files that belong to none."""
        texts: dict[str, str] = {}
        parsed: dict[str, Any] = {"null": None}
        files, pending = set(os.listdir(self.files.folder)), set(self._pending)
        for row in self._database.execute(f"select {_COLUMNS} from objects order by generation"):
            generation, bucket, name, metageneration, size, crc32c, md5, created, updated, headers, metadata, *rest = (
                row
            )
            components, deleted, owner, acl = rest
            if generation in pending:
                continue
            if size > INLINE:
                if str(generation) not in files:
                    continue
                files.remove(str(generation))
            if headers not in parsed:
                parsed[headers] = json.loads(headers)
            yield Object(
                texts.setdefault(bucket, bucket),
                name,
                generation,
                metageneration,
                size,
                crc32c,
                md5,
                created,
                created if updated == created else updated,
                parsed[headers],
                None if metadata is None else json.loads(metadata),
                components,
                self.rows if size <= INLINE else self.files,
                deleted,
                owner and texts.setdefault(owner, owner),
                acl and texts.setdefault(acl, acl),
            )
        for name in files:
            (self.files.folder / name).unlink()

    def close(self) -> None:
        """Close the database."""
        self._database.close()
        self._deleted.close()


def _of_journal(values: dict[str, Any], files: Files) -> Object:
    """Return the object that a line of an old journal describes."""
    md5 = values["md5"] and bytes.fromhex(values["md5"])
    return Object(**values | {"data": files, "md5": md5})


def _row(stored: Object) -> tuple[Any, ...]:
    return (
        stored.generation,
        stored.bucket,
        stored.name,
        stored.metageneration,
        stored.size,
        stored.crc32c,
        stored.md5,
        stored.created,
        stored.updated,
        json.dumps(stored.headers, sort_keys=True),
        None if stored.metadata is None else json.dumps(stored.metadata),
        stored.components,
        stored.deleted,
        stored.owner,
        stored.acl,
    )


def _delete(database: sqlite3.Connection, generation: int) -> None:
    database.execute("delete from objects where generation = ?", (generation,))
    database.execute("delete from contents where generation = ?", (generation,))
    database.execute("delete from soft_deleted where generation = ?", (generation,))
