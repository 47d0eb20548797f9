"""The object store: buckets with their objects, generations and checksums, and when objects expire.

Data stay in memory up to a budget; large objects and further data go to files. With a state directory everything is on
disk. An object's data file is complete before one line in the journal makes the object visible, so a killed process
never leaves half an object.
"""

from __future__ import annotations

import contextlib
import hashlib
import heapq
import itertools
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import google_crc32c
from sortedcontainers import SortedDict

from fakehub.clock import Clock
from fakehub.errors import GoogleError
from fakehub.storage.bucket_table import BucketTable, BucketVersion, line
from fakehub.storage.computed import ComputedBucket
from fakehub.storage.hashes import check_hashes
from fakehub.storage.journal import Journal
from fakehub.storage.off_loop import in_thread
from fakehub.storage.spool import IN_MEMORY, Content, Received, Spool, disk_full
from fakehub.storage.stored import Files, NewObject, Object
from fakehub.storage.write_rate import WriteRate
from hubfacts.schema import Bucket

# Bytes of object data kept in memory; further data go to files.
MEMORY_BUDGET = 2 * 1024**3
# Removing a larger file takes so long that a thread does it.
_LONG_TO_REMOVE = 64 * 1024**2
DAY_S = 86400
# The most different sets of headers that are kept to be shared by objects.
_SHARED_HEADERS = 1000


class Store:
    """All objects of all buckets. ``spill`` is the directory for data beyond the memory budget.

    ``public`` are the buckets whose objects are computed; they are among the ``buckets``.
    """

    def __init__(
        self,
        buckets: Mapping[str, Bucket],
        clock: Clock,
        spill: Path,
        state: Path | None = None,
        public: Mapping[str, ComputedBucket] = MappingProxyType({}),
    ) -> None:
        self.buckets = BucketTable(buckets)
        self._public = public
        self._clock = clock
        self.write_rate = WriteRate(clock)
        self._live: dict[str, SortedDict] = {name: SortedDict() for name in buckets}
        # Generations that are no longer live, oldest first, of buckets with versioning.
        self._old: dict[str, SortedDict] = {name: SortedDict() for name in buckets}
        self._generations = itertools.count(int(clock.now() * 1e6))
        self._in_memory = 0
        self._headers: dict[tuple[tuple[str, str], ...], dict[str, str]] = {}
        self._incomplete = itertools.count()
        self._files = Files(state / "data" if state else spill)
        self._files.folder.mkdir(parents=True, exist_ok=True)
        self._journal = None
        if state:
            self._journal = Journal(state / "journal")
            self._replay(self._journal)

    def stored_buckets(self) -> list[str]:
        """Return the names of the buckets whose objects are stored and not computed."""
        return [name for name in self.buckets if name not in self._public]

    def get(self, bucket: str, name: str, generation: int | None = None) -> Object | None:
        """Return the live object or the generation asked for; ``None`` if there is none or it has expired."""
        live = self.peek(bucket, name)
        if live is None:
            self.purge(bucket, name)
        if generation is None or (live is not None and live.generation == generation):
            return live
        return next((old for old in self.versions(bucket, name) if old.generation == generation), None)

    def peek(self, bucket: str, name: str) -> Object | None:
        """Return the live object, or ``None``; unlike ``get``, leave an expired one in the store."""
        if bucket in self._public:
            return self._public[bucket].complete(name)
        live = self._live[bucket].get(name)
        return None if live is None or self._expired(live) else live

    def listed(self, bucket: str, name: str) -> Object | None:
        """Return the live object as a listing shows it: like ``peek``, but nothing is computed."""
        return self._public[bucket].listed(name) if bucket in self._public else self.peek(bucket, name)

    def versions(self, bucket: str, name: str) -> list[Object]:
        """Return all generations of an object that have not expired, oldest first."""
        if bucket in self._public:
            stored = self.listed(bucket, name)
            return [stored] if stored else []
        return [stored for stored in self._generations_of(bucket, name) if not self._expired(stored)]

    def purge(self, bucket: str, name: str) -> None:
        """Remove the expired generations of an object."""
        for stored in self._generations_of(bucket, name):
            if self._expired(stored):
                self._forget(stored)

    def names_from(self, bucket: str, start: str, inclusive: bool = True, versions: bool = False) -> Iterator[str]:
        """Yield the names of the bucket's live objects, or of all generations, in order, from ``start`` on."""
        if bucket in self._public:
            return self._public[bucket].names_from(start, inclusive)
        names: Iterator[str] = self._live[bucket].irange(start, None, inclusive=(inclusive, True))
        if not versions:
            return names
        merged = heapq.merge(names, self._old[bucket].irange(start, None, inclusive=(inclusive, True)))
        return (name for name, _ in itertools.groupby(merged))

    def new_file(self) -> Path:
        """Return the path of a new file, for content that is not an object yet. The next start removes it."""
        return self._files.folder / f"incomplete-{next(self._incomplete)}"

    def spool(self, most: int = IN_MEMORY, md5: bool = True, sha256: bool = False) -> Spool:
        """Return a spool for new content, which is in a file beyond ``most`` bytes."""
        return Spool(self.new_file(), most, md5, sha256)

    def copied(self, stored: Object) -> Content:
        """Return the content of an object for a copy of it; a large one is another link to its file."""
        if isinstance(stored.data, bytes) or stored.size <= IN_MEMORY or stored.crc32c is None:
            return stored.read()
        path, source = self.new_file(), self._files.path(stored.generation)
        try:
            path.hardlink_to(source)
        except OSError:  # not every file system has links, and none as many as one likes
            try:
                shutil.copyfile(source, path)
            except OSError as error:
                path.unlink(missing_ok=True)
                raise disk_full(error) from error
        return Received(path, stored.size, stored.crc32c, stored.md5)

    def put(self, bucket: str, new: NewObject, owner: str | None = None, acl: str | None = None) -> Object:
        """Store ``new`` as a new live generation.

        Raises ``GoogleError``: 400 when a checksum given for the data is wrong, 429 if the object was written a moment
        ago (see ``WriteRate``), 507 when the disk is full. Nothing changes then.
        """
        data, components, given = new.data, new.components, new.hashes
        if isinstance(data, Received):
            size, crc32c, md5 = data.size, data.crc32c, data.md5
        else:
            size, crc32c, md5 = len(data), google_crc32c.value(data), None
            if not components or any(kind == "md5" for kind, _ in given):
                md5 = hashlib.md5(data, usedforsecurity=False).digest()
        check_hashes(given, crc32c, md5)
        self.write_rate.check(bucket, new.name)
        now = self._clock.now()
        generation = next(self._generations)
        held = self._hold(generation, data)
        stored = Object(
            bucket,
            new.name,
            generation,
            1,
            size,
            crc32c,
            None if components else md5,
            now,
            now,
            self._shared(new.headers),
            new.metadata,
            components,
            held,
            None,
            owner,
            acl,
        )
        self._record_new(stored, data)
        self._set_live(stored)
        return stored

    def update(
        self, stored: Object, headers: dict[str, str], metadata: dict[str, str] | None, acl: str | None = None
    ) -> Object:
        """Change an object's metadata, which keeps its generation and starts its next metageneration.

        Raises ``GoogleError`` (429) if the object was written a moment ago.
        """
        self.write_rate.check(stored.bucket, stored.name)
        changed = replace(
            stored,
            headers=self._shared(headers),
            metadata=metadata,
            metageneration=stored.metageneration + 1,
            updated=self._clock.now(),
            acl=acl or stored.acl,
        )
        if self._journal:
            self._journal.append({"update": _line(changed)})
        self._exchange(changed)
        return changed

    def delete(self, stored: Object, forever: bool = False) -> None:
        """Remove a generation; a bucket with versioning keeps its live one as an old one, unless ``forever``.

        Raises ``GoogleError`` (429) if the object was written a moment ago.
        """
        self.write_rate.check(stored.bucket, stored.name)
        if self.buckets[stored.bucket].versioning and not forever and stored.deleted is None:
            now = self._clock.now()
            if self._journal:
                self._journal.append({"archive": [stored.bucket, stored.name, now]})
            self._archive(stored, now)
        else:
            self._forget(stored)

    def is_empty(self, bucket: str) -> bool:
        """Return whether every object of a bucket, at any generation, was deleted or has expired."""
        return not any(self.versions(bucket, name) for name in self.names_from(bucket, "", versions=True))

    def add_bucket(self, name: str, version: BucketVersion) -> None:
        """Add a new bucket; raise ``GoogleError`` (507) when the disk is full."""
        if self._journal:
            self._journal.append(line(name, version))
        self._add(name, version)

    def change_bucket(self, name: str, settings: Mapping[str, Any], labels: dict[str, str]) -> None:
        """Change settings of a bucket (see ``BucketVersion``); raise ``GoogleError`` (507) when the disk is full."""
        changed = self.buckets.version(name).changed(self._clock.now(), settings, labels)
        if self._journal:
            self._journal.append(line(name, changed))
        self.buckets.set(name, changed)

    def delete_bucket(self, name: str) -> None:
        """Delete a bucket, with objects that have expired; raise ``GoogleError`` (507) when the disk is full."""
        if self._journal:
            self._journal.append(line(name, None))
        for stored in self._objects_of(name):
            self._drop_data(stored)
        self.buckets.remove(name)

    def _add(self, name: str, version: BucketVersion) -> None:
        self._live[name], self._old[name] = SortedDict(), SortedDict()
        self.buckets.set(name, version)

    def _forget(self, stored: Object) -> None:
        # Remove the data first: this frees a full disk, and without its data an object is not restored.
        self._drop_data(stored)
        self._remove(stored)
        if self._journal:
            with contextlib.suppress(GoogleError):
                self._journal.append({"delete": [stored.bucket, stored.name, stored.generation]})

    def close(self) -> None:
        """Close the journal."""
        if self._journal:
            self._journal.close()

    def _generations_of(self, bucket: str, name: str) -> list[Object]:
        """Return all generations of an object, oldest first, including expired ones."""
        old, live = self._old[bucket].get(name, ()), self._live[bucket].get(name)
        return [*old] if live is None else [*old, live]

    def _expired(self, stored: Object) -> bool:
        days = self.buckets[stored.bucket].delete_after_days
        return days is not None and self._clock.now() - stored.created >= days * DAY_S

    def _hold(self, generation: int, content: Content) -> bytes | Files:
        """Keep content in memory or in a file; raise ``GoogleError`` (507) when the disk is full."""
        path, data = self._files.path(generation), content.data if isinstance(content, Received) else content
        if isinstance(data, bytes):
            small = len(data) <= IN_MEMORY and self._in_memory + len(data) <= MEMORY_BUDGET
            if self._journal is None and small:
                self._in_memory += len(data)
                return data
        try:
            if isinstance(data, bytes):
                path.write_bytes(data)
            else:
                data.replace(path)
        except OSError as error:
            path.unlink(missing_ok=True)
            raise disk_full(error) from error
        return self._files

    def _record_new(self, stored: Object, content: Content) -> None:
        if self._journal:
            try:
                self._journal.append({"put": _line(stored)})
            except GoogleError:
                if isinstance(content, Received) and isinstance(content.data, Path):
                    self._files.path(stored.generation).replace(content.data)  # the client may try again
                else:
                    self._drop_data(stored)
                raise

    def _drop_data(self, stored: Object) -> None:
        if isinstance(stored.data, bytes):
            self._in_memory -= stored.size
        elif stored.size > _LONG_TO_REMOVE:
            in_thread(stored.data.path(stored.generation).unlink, missing_ok=True)
        else:
            stored.data.path(stored.generation).unlink(missing_ok=True)

    def _shared(self, headers: dict[str, str]) -> dict[str, str]:
        """Return one dictionary for all objects that have these headers, which saves memory."""
        if len(self._headers) > _SHARED_HEADERS:
            self._headers.clear()
        return self._headers.setdefault(tuple(sorted(headers.items())), headers)

    def _set_live(self, stored: Object) -> None:
        live = self._live[stored.bucket]
        before = live.get(stored.name)
        if before is not None:
            if self.buckets[stored.bucket].versioning:
                self._archive(before, stored.created)
            else:
                self._drop_data(before)
        live[stored.name] = stored

    def _archive(self, stored: Object, when: float) -> None:
        del self._live[stored.bucket][stored.name]
        self._old[stored.bucket].setdefault(stored.name, []).append(replace(stored, deleted=when))

    def _exchange(self, changed: Object) -> None:
        if changed.deleted is None:
            self._live[changed.bucket][changed.name] = changed
            return
        old = self._old[changed.bucket][changed.name]
        old[[stored.generation for stored in old].index(changed.generation)] = changed

    def _remove(self, stored: Object) -> None:
        if stored.deleted is None:
            del self._live[stored.bucket][stored.name]
            return
        old = self._old[stored.bucket][stored.name]
        old[:] = [kept for kept in old if kept.generation != stored.generation]
        if not old:
            del self._old[stored.bucket][stored.name]

    def _replay(self, journal: Journal) -> None:
        """Restore the objects that an earlier process stored, and remove data files that belong to none."""
        lines = 0
        for change in journal.lines():
            lines += 1
            if "bucket" in change:
                name, values = change["bucket"]
                is_new = name not in self.buckets
                self.buckets.restore(name, values)
                if is_new and name in self.buckets:
                    self._add(name, self.buckets.version(name))
            else:
                self._apply(change)
        files = set(os.listdir(self._files.folder))
        objects = [stored for stored in self._all() if str(stored.generation) in files]
        for stored in list(self._all()):
            if str(stored.generation) not in files:
                self._remove(stored)
        for name in files - {str(stored.generation) for stored in objects}:
            (self._files.folder / name).unlink()
        newest = max((stored.generation for stored in objects), default=0)
        self._generations = itertools.count(max(newest + 1, int(self._clock.now() * 1e6)))
        if lines > 2 * len(objects):
            # A full disk leaves the journal at its length, which does no harm.
            with contextlib.suppress(GoogleError):
                objects_now = ({"put" if it.deleted is None else "old": _line(it)} for it in self._all())
                journal.rewrite(itertools.chain(self.buckets.lines(), objects_now))

    def _apply(self, change: dict[str, Any]) -> None:
        """Repeat the change that one line of the journal records; skip buckets that the facts no longer have."""
        ((action, values),) = change.items()
        bucket, name = values[:2] if isinstance(values, list) else (values["bucket"], values["name"])
        if bucket not in self.buckets:
            return
        if action == "archive":
            self._archive(self._live[bucket][name], values[2])
        elif action == "delete":
            for stored in self._generations_of(bucket, name):
                if stored.generation == values[2]:
                    self._remove(stored)
        else:
            stored = self._restored(values)
            if action == "put":
                self._set_live(stored)
            elif action == "update":
                self._exchange(stored)
            else:
                self._old[bucket].setdefault(name, []).append(stored)

    def _restored(self, values: dict[str, Any]) -> Object:
        # Earlier versions named the files otherwise.
        before, now = self._files.folder / values["data"], self._files.path(values["generation"])
        if before != now and before.exists():
            before.replace(now)
        values["data"] = self._files
        values["md5"] = values["md5"] and bytes.fromhex(values["md5"])
        values["headers"] = self._shared(values["headers"])
        return Object(**values)

    def _all(self) -> Iterator[Object]:
        return itertools.chain.from_iterable(map(self._objects_of, self.buckets))

    def _objects_of(self, bucket: str) -> Iterator[Object]:
        yield from itertools.chain.from_iterable(self._old[bucket].values())
        yield from self._live[bucket].values()


_FIELDS = tuple(column.name for column in fields(Object))


def _line(stored: Object) -> dict[str, Any]:
    values = {name: getattr(stored, name) for name in _FIELDS}
    return values | {"data": str(stored.generation), "md5": stored.md5.hex() if stored.md5 else None}
