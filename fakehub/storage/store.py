"""The object store: buckets with their objects, generations and checksums, and when objects expire.

Data stay in memory up to a budget; large objects and further data go to files. With a state directory everything is on
disk (see ``state``). An object's data are complete before one transaction makes it visible, so a killed process never
leaves half an object.
"""

from __future__ import annotations

import heapq
import itertools
import math
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sortedcontainers import SortedDict

from fakehub.clock import Clock
from fakehub.storage.bucket_table import DAY_S, BucketTable, BucketVersion, settings_of
from fakehub.storage.computed import ComputedBucket
from fakehub.storage.hashes import check_hashes
from fakehub.storage.held import Held
from fakehub.storage.soft_deleted import SoftDeleted, SoftDeletedObjects
from fakehub.storage.spool import IN_MEMORY, Content, Received, Spool, joined
from fakehub.storage.stored import INLINE, Files, NewObject, Object, Place, measured
from fakehub.storage.write_rate import WriteRate
from hubfacts.schema import Bucket

if TYPE_CHECKING:
    from fakehub.storage.state import State

# Bytes of object data kept in memory; further data go to files.
MEMORY_BUDGET = 2 * 1024**3
# The most different sets of headers that are kept to be shared by objects.
_SHARED_HEADERS = 1000


class Store:
    """All objects of all buckets. ``spill`` is the directory for data that are not in memory.

    With ``state``, a directory that keeps everything, changes survive the end of the process and, if ``durable``, a
    loss of power. ``public`` are the buckets whose objects are computed; they are among the ``buckets``.
    """

    def __init__(
        self,
        buckets: Mapping[str, Bucket],
        clock: Clock,
        spill: Path,
        state: Path | None = None,
        public: Mapping[str, ComputedBucket] = MappingProxyType({}),
        durable: bool = False,
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
        self._incomplete, self._durable = itertools.count(), durable
        self._soft_deleted = SoftDeletedObjects(self._drop_soft_deleted)
        self._state = _open(state, durable) if state else None
        self._files = self._state.files if self._state else Files(spill)
        if self._state:
            self._restore(self._state)

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
                self._forget(stored, self._expires(stored), self._clock.now())

    def names_from(self, bucket: str, start: str, inclusive: bool = True, versions: bool = False) -> Iterator[str]:
        """Yield the names of the bucket's live objects, or of all generations, in order, from ``start`` on."""
        if bucket in self._public:
            return self._public[bucket].names_from(start, inclusive)
        names: Iterator[str] = self._live[bucket].irange(start, None, inclusive=(inclusive, True))
        if not versions:
            return names
        merged = heapq.merge(names, self._old[bucket].irange(start, None, inclusive=(inclusive, True)))
        return (name for name, _ in itertools.groupby(merged))

    def purge_bucket(self, bucket: str) -> None:
        """Remove the expired generations of all objects of a bucket."""
        if self.buckets[bucket].delete_after_days is not None:
            for name in list(self.names_from(bucket, "", versions=True)):
                self.purge(bucket, name)

    def soft_deleted_names(self, bucket: str) -> list[str]:
        """Return the names of soft-deleted objects in order; the time of all with a name may be over."""
        return list(self._soft_deleted.by_name(bucket))

    def soft_deleted_versions(self, bucket: str, name: str) -> list[SoftDeleted]:
        """Return the generations of an object that can be restored, oldest first."""
        now = self._clock.now()
        return [one for one in self._soft_deleted.by_name(bucket)[name] if one.until > now]

    def find_soft_deleted(self, bucket: str, name: str, generation: int) -> SoftDeleted | None:
        """Return a generation of an object that can be restored, or ``None``."""
        self.purge(bucket, name)
        return self._soft_deleted.find(bucket, name, generation, self._clock.now())

    def new_file(self) -> Path:
        """Return the path of a new file, for content that is not an object yet. The next start removes it."""
        return self._files.folder / f"incomplete-{next(self._incomplete)}"

    def spool(self, most: int = IN_MEMORY, md5: bool = True, sha256: bool = False) -> Spool:
        """Return a spool for new content, which is in a file beyond ``most`` bytes."""
        return Spool(self.new_file(), most, md5, sha256, self._durable)

    def hold(self) -> Held:
        """Return what holds the bytes of a new resumable upload."""
        return Held(self.new_file(), self._durable)

    def copied(self, stored: Object) -> Content:
        """Return the content of an object for a copy of it; a large one is another link to its file."""
        if isinstance(stored.data, bytes) or stored.size <= IN_MEMORY or stored.crc32c is None:
            return stored.read()
        path = self.new_file()
        try:
            path.hardlink_to(self._files.path(stored.generation))
        except OSError:  # not every file system has links, and none as many as one likes
            return replace(joined([stored.open()], self.spool(md5=False)), md5=stored.md5)
        return Received(path, stored.size, stored.crc32c, stored.md5)

    def put(self, bucket: str, new: NewObject, owner: str | None = None, acl: str | None = None) -> Object:
        """Store ``new`` as a new live generation.

        Raises ``GoogleError``: 400 when a checksum given for the data is wrong, 429 if the object was written a moment
        ago (see ``WriteRate``), 507 when the disk is full. Nothing changes then.
        """
        data, components = new.data, new.components
        size, crc32c, md5 = measured(new)
        check_hashes(new.hashes, crc32c, md5)
        self.write_rate.check(bucket, new.name)
        now = self._clock.now()
        generation = next(self._generations)
        raw = data.data if isinstance(data, Received) else data
        place = self._place(raw, size)
        sums = (size, crc32c, None if components else md5)
        texts = (self._shared(new.headers), new.metadata, components)
        # One text for the name of the bucket, which the requests that make objects do not share.
        name = sys.intern(bucket)
        stored = Object(name, new.name, generation, 1, *sums, now, now, *texts, place, None, owner, acl)
        self._keep(stored, raw)
        self._set_live(stored)
        return stored

    def _place(self, data: bytes | Path, size: int) -> bytes | Place:
        """Return where the data of a new object go; those that stay in memory are their own place."""
        if self._state:
            return self._state.rows if size <= INLINE else self._files
        if isinstance(data, bytes) and size <= IN_MEMORY and self._in_memory + size <= MEMORY_BUDGET:
            self._in_memory += size
            return data
        return self._files

    def _keep(self, stored: Object, data: bytes | Path) -> None:
        """Write a new object to the disk as far as necessary; raise ``GoogleError`` (507) when it is full."""
        if stored.data is self._files:
            self._files.add(stored.generation, data)
        if self._state is None:
            return
        replaced = self._live[stored.bucket].get(stored.name)
        inline = data if isinstance(data, bytes) and stored.data is not self._files else None
        kept = self._kept(replaced, stored.created, stored.created) if replaced else None
        try:
            self._state.put(stored, inline, replaced, self.buckets[stored.bucket].versioning, kept)
        except BaseException:
            if inline is None:
                self._files.give_back(stored.generation, data)
            raise

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
        if self._state:
            self._state.update(changed)
        self._exchange(changed)
        return changed

    def delete(self, stored: Object, forever: bool = False, soft: bool = True) -> None:
        """Remove a generation; a bucket with versioning keeps its live one as an old one, unless ``forever``.

        With ``soft``, one that the bucket does not keep as an old one can be restored for a while.
        Raises ``GoogleError`` (429) if the object was written a moment ago.
        """
        self.write_rate.check(stored.bucket, stored.name)
        if self.buckets[stored.bucket].versioning and not forever and stored.deleted is None:
            now = self._clock.now()
            if self._state:
                self._state.archive(stored, now)
            self._archive(stored, now)
        else:
            now = self._clock.now()
            self._forget(stored, now, now, soft)

    def is_empty(self, bucket: str) -> bool:
        """Return whether every object of a bucket, at any generation, was deleted or has expired."""
        return not any(self.versions(bucket, name) for name in self.names_from(bucket, "", versions=True))

    def add_bucket(self, name: str, version: BucketVersion) -> None:
        """Add a new bucket; raise ``GoogleError`` (507) when the disk is full."""
        if self._state:
            self._state.set_bucket(name, settings_of(version))
        self._add(name, version)

    def change_bucket(self, name: str, settings: Mapping[str, Any], labels: dict[str, str]) -> None:
        """Change settings of a bucket (see ``BucketVersion``); raise ``GoogleError`` (507) when the disk is full."""
        self.purge_bucket(name)  # what has expired is kept as the old settings say
        changed = self.buckets.version(name).changed(self._clock.now(), settings, labels)
        if self._state:
            self._state.set_bucket(name, settings_of(changed))
        self.buckets.set(name, changed)

    def delete_bucket(self, name: str) -> None:
        """Delete a bucket, with expired and soft-deleted objects; raise ``GoogleError`` (507) when the disk is full."""
        gone = [*self._objects_of(name), *self._soft_deleted.in_bucket(name)]
        if self._state:
            self._state.set_bucket(name, None, gone)
        for stored in gone:
            self._drop_data(stored)
        self._soft_deleted.remove_bucket(name)
        self.buckets.remove(name)

    def _add(self, name: str, version: BucketVersion) -> None:
        self._live[name], self._old[name] = SortedDict(), SortedDict()
        self.buckets.set(name, version)

    def _forget(self, stored: Object, when: float, now: float, soft: bool = True) -> None:
        """Remove an object that was deleted at ``when``; with ``soft``, its bucket may keep it for a while."""
        kept = self._kept(stored, when, now) if soft else None
        if self._state and not (kept and self._state.soft_delete(kept)):
            kept = None
            self._state.delete(stored)
        self._remove(stored)
        self._let_go(stored, kept, now)

    def _kept(self, stored: Object, when: float, now: float) -> SoftDeleted | None:
        """Return how long an object is kept that was deleted at ``when``; ``None`` if it is gone at once."""
        until = when + self.buckets[stored.bucket].soft_delete_days * DAY_S
        return SoftDeleted(stored, when, until) if until > now and self._soft_deleted.fits(stored) else None

    def _let_go(self, stored: Object, kept: SoftDeleted | None, now: float) -> None:
        if kept:
            self._soft_deleted.add(kept, now)
        else:
            self._drop_data(stored)

    def _drop_soft_deleted(self, dropped: list[Object]) -> None:
        if self._state:
            self._state.delete_all(dropped)
        for stored in dropped:
            self._drop_data(stored)

    def close(self) -> None:
        """Close the state directory."""
        if self._state:
            self._state.close()

    def _generations_of(self, bucket: str, name: str) -> list[Object]:
        """Return all generations of an object, oldest first, including expired ones."""
        old, live = self._old[bucket].get(name, ()), self._live[bucket].get(name)
        return [*old] if live is None else [*old, live]

    def _expires(self, stored: Object) -> float:
        days = self.buckets[stored.bucket].delete_after_days
        return math.inf if days is None else stored.created + days * DAY_S

    def _expired(self, stored: Object) -> bool:
        days = self.buckets[stored.bucket].delete_after_days
        return days is not None and self._clock.now() - stored.created >= days * DAY_S

    def _drop_data(self, stored: Object) -> None:
        if isinstance(stored.data, bytes):
            self._in_memory -= stored.size
        else:
            stored.data.remove(stored.generation, stored.size)

    def _shared(self, headers: dict[str, str]) -> dict[str, str]:
        """Return one dictionary for all objects that have these headers, which saves memory."""
        if len(self._headers) > _SHARED_HEADERS:
            self._headers.clear()
        return self._headers.setdefault(tuple(sorted(headers.items())), headers)

    def _set_live(self, stored: Object) -> None:
        live = self._live[stored.bucket]
        before = live.get(stored.name)
        if before is not None and self.buckets[stored.bucket].versioning:
            self._archive(before, stored.created)
            before = None
        live[stored.name] = stored
        if before is not None:
            self._let_go(before, self._kept(before, stored.created, stored.created), stored.created)

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

    def _restore(self, state: State) -> None:
        """Restore what an earlier process stored; skip objects in buckets that the facts no longer have."""
        from fakehub.storage.restored import restored  # imported late, as ``State`` is

        for name, values in state.buckets():
            is_new = name not in self.buckets
            self.buckets.restore(name, values)
            if is_new and name in self.buckets:
                self._add(name, self.buckets.version(name))
        found = restored(state, self.buckets)
        for name, objects in found.live.items():
            self._live[name], self._old[name] = SortedDict(objects), SortedDict(found.old[name])
        for deleted in found.soft_deleted:
            self._soft_deleted.add(deleted, self._clock.now())
        self._generations = itertools.count(max(found.newest + 1, int(self._clock.now() * 1e6)))

    def _objects_of(self, bucket: str) -> Iterator[Object]:
        yield from itertools.chain.from_iterable(self._old[bucket].values())
        yield from self._live[bucket].values()


def _open(folder: Path, durable: bool) -> State:
    from fakehub.storage.state import State  # imported late: a browser has no SQLite, and needs no state directory

    return State(folder, durable)
