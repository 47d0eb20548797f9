"""Buckets and objects: what is stored, its generations and checksums, and when it vanishes.

Data stay in memory up to a budget and go to files beyond it. With a state directory everything is on disk: an
object's data file is complete before one line in the journal makes it visible, so a killed process never
leaves half an object.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import heapq
import itertools
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import google_crc32c
from sortedcontainers import SortedDict

from fakehub.clock import Clock
from fakehub.errors import GoogleError, bad_request
from fakehub.storage.journal import Journal, disk_full
from hubfacts.schema import Bucket

# Bytes of object data kept in memory before further ones go to files.
MEMORY_BUDGET = 2 * 1024**3
DAY_S = 86400
# How many different sets of headers are kept to be shared by objects.
_SHARED_HEADERS = 1000


@dataclass(frozen=True, slots=True)
class Object:
    """One object at one generation. Times in seconds since the epoch, ``data`` the bytes or their file.

    ``md5`` is ``None`` for a composite; ``headers`` are contentType, cacheControl and the like as the API names
    them, shared between objects and never changed in place. ``deleted`` is when a generation stopped being the
    live one, ``owner`` who created it, ``acl`` the predefined access control list asked for.
    """

    bucket: str
    name: str
    generation: int
    metageneration: int
    size: int
    crc32c: int
    md5: bytes | None
    created: float
    updated: float
    headers: dict[str, str]
    metadata: dict[str, str] | None
    components: int | None
    data: bytes | Path = field(repr=False)
    deleted: float | None = None
    owner: str | None = None
    acl: str | None = None

    def read(self, start: int = 0, stop: int | None = None) -> bytes:
        """The content from byte ``start`` up to, not with, byte ``stop``; all of it unless told otherwise."""
        if isinstance(self.data, bytes):
            return self.data[start:stop]
        with self.data.open("rb") as file:
            file.seek(start)
            return file.read() if stop is None else file.read(stop - start)


class Store:
    """All objects of all buckets. ``spill`` is a directory for data beyond the budget."""

    def __init__(self, buckets: Mapping[str, Bucket], clock: Clock, spill: Path, state: Path | None = None) -> None:
        self.buckets = buckets
        self._clock = clock
        self._live: dict[str, SortedDict] = {name: SortedDict() for name in buckets}
        # Of buckets with versioning, the generations that are not live, oldest first.
        self._old: dict[str, SortedDict] = {name: SortedDict() for name in buckets}
        self._generations = itertools.count(int(clock.now() * 1e6))
        self._in_memory = 0
        self._headers: dict[tuple, dict[str, str]] = {}
        self._files = itertools.count()
        self._spill = state / "data" if state else spill
        self._spill.mkdir(parents=True, exist_ok=True)
        self._journal = None
        if state:
            self._journal = Journal(state / "journal")
            self._replay(self._journal)

    def get(self, bucket: str, name: str, generation: int | None = None) -> Object | None:
        """The live object or the generation asked for, or ``None``; one past its bucket's age is gone."""
        found = self.peek(bucket, name)
        if found is None:
            self.purge(bucket, name)
        if generation is None or (found is not None and found.generation == generation):
            return found
        return next((old for old in self.versions(bucket, name) if old.generation == generation), None)

    def peek(self, bucket: str, name: str) -> Object | None:
        """The live object, or ``None``."""
        found = self._live[bucket].get(name)
        return None if found is None or self._too_old(found) else found

    def versions(self, bucket: str, name: str) -> list[Object]:
        """All generations of an object, oldest first."""
        found = [*self._old[bucket].get(name, ()), self._live[bucket].get(name)]
        return [one for one in found if one is not None and not self._too_old(one)]

    def purge(self, bucket: str, name: str) -> None:
        """Remove what is past its bucket's age of an object."""
        for found in [*self._old[bucket].get(name, ()), self._live[bucket].get(name)]:
            if found is not None and self._too_old(found):
                self.delete(found, forever=True)

    def names_from(self, bucket: str, start: str, inclusive: bool = True, versions: bool = False) -> Iterator[str]:
        """Names of the bucket's live objects, or of all generations, in order, from ``start`` on."""
        names = self._live[bucket].irange(start, None, inclusive=(inclusive, True))
        if not versions:
            return names
        merged = heapq.merge(names, self._old[bucket].irange(start, None, inclusive=(inclusive, True)))
        return (name for name, _ in itertools.groupby(merged))

    def put(
        self,
        bucket: str,
        name: str,
        data: bytes,
        headers: dict[str, str],
        metadata: dict[str, str] | None,
        components: int | None = None,
        *,
        hashes: Mapping[str, str] | None = None,
        owner: str | None = None,
        acl: str | None = None,
    ) -> Object:
        """Store ``data`` as a new generation.

        Raises ``GoogleError``: 400 when the data have not the ``hashes`` given (``md5`` and ``crc32c`` in base64),
        507 when the disk is full; nothing changes then.
        """
        crc32c = google_crc32c.value(data)
        given = hashes or {}
        md5 = None
        if not components or given.get("md5"):
            md5 = hashlib.md5(data, usedforsecurity=False).digest()
        _check(given, crc32c, md5)
        now = self._clock.now()
        generation = next(self._generations)
        held = self._hold(data)
        stored = Object(
            bucket,
            name,
            generation,
            1,
            len(data),
            crc32c,
            None if components else md5,
            now,
            now,
            self._shared(headers),
            metadata,
            components,
            held,
            None,
            owner,
            acl,
        )
        self._record_new(stored)
        self._set_live(stored)
        return stored

    def update(
        self, found: Object, headers: dict[str, str], metadata: dict[str, str] | None, acl: str | None = None
    ) -> Object:
        """Change an object's metadata: the same generation, the next metageneration."""
        changed = replace(
            found,
            headers=self._shared(headers),
            metadata=metadata,
            metageneration=found.metageneration + 1,
            updated=self._clock.now(),
            acl=acl or found.acl,
        )
        if self._journal:
            self._journal.append({"update": _line(changed)})
        self._exchange(changed)
        return changed

    def delete(self, found: Object, forever: bool = False) -> None:
        """Remove a generation; with versioning the live one is kept as an old one unless it goes ``forever``."""
        if self.buckets[found.bucket].versioning and not forever and found.deleted is None:
            now = self._clock.now()
            if self._journal:
                self._journal.append({"archive": [found.bucket, found.name, now]})
            self._archive(found, now)
            return
        # The data go first: that frees a full disk, and without its data an object does not come back.
        self._drop_data(found)
        self._remove(found)
        if self._journal:
            with contextlib.suppress(GoogleError):
                self._journal.append({"delete": [found.bucket, found.name, found.generation]})

    def close(self) -> None:
        """Close the journal."""
        if self._journal:
            self._journal.close()

    def _too_old(self, found: Object) -> bool:
        days = self.buckets[found.bucket].delete_after_days
        return days is not None and self._clock.now() - found.created >= days * DAY_S

    def _hold(self, data: bytes) -> bytes | Path:
        if self._journal is None and self._in_memory + len(data) <= MEMORY_BUDGET:
            self._in_memory += len(data)
            return data
        path = self._spill / f"{next(self._files):08d}-{int(self._clock.now() * 1e6)}"
        try:
            path.write_bytes(data)
        except OSError as error:
            path.unlink(missing_ok=True)
            raise disk_full(error) from error
        return path

    def _record_new(self, stored: Object) -> None:
        if self._journal:
            try:
                self._journal.append({"put": _line(stored)})
            except GoogleError:
                self._drop_data(stored)
                raise

    def _drop_data(self, found: Object) -> None:
        if isinstance(found.data, Path):
            found.data.unlink(missing_ok=True)
        else:
            self._in_memory -= found.size

    def _shared(self, headers: dict[str, str]) -> dict[str, str]:
        """The same headers, one dict for all objects that have them."""
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

    def _archive(self, found: Object, when: float) -> None:
        del self._live[found.bucket][found.name]
        self._old[found.bucket].setdefault(found.name, []).append(replace(found, deleted=when))

    def _exchange(self, changed: Object) -> None:
        if changed.deleted is None:
            self._live[changed.bucket][changed.name] = changed
            return
        old = self._old[changed.bucket][changed.name]
        old[[found.generation for found in old].index(changed.generation)] = changed

    def _remove(self, found: Object) -> None:
        if found.deleted is None:
            del self._live[found.bucket][found.name]
            return
        old = self._old[found.bucket][found.name]
        old[:] = [kept for kept in old if kept.generation != found.generation]
        if not old:
            del self._old[found.bucket][found.name]

    def _replay(self, journal: Journal) -> None:
        """Take over what an earlier process stored; data that nothing refers to are removed."""
        lines = 0
        for change in journal.lines():
            lines += 1
            self._apply(change)
        files = set(os.listdir(self._spill))
        objects = [found for found in self._all() if found.data.name in files]
        for found in list(self._all()):
            if found.data.name not in files:
                self._remove(found)
        for name in files - {found.data.name for found in objects}:
            (self._spill / name).unlink()
        newest = max((found.generation for found in objects), default=0)
        self._generations = itertools.count(max(newest + 1, int(self._clock.now() * 1e6)))
        if lines > 2 * len(objects):
            # On a full disk it stays as long as it is.
            with contextlib.suppress(GoogleError):
                journal.rewrite({"put" if found.deleted is None else "old": _line(found)} for found in self._all())

    def _apply(self, change: dict[str, Any]) -> None:
        """Do again what one line of the journal says; a bucket that the facts no longer have is left out."""
        ((what, values),) = change.items()
        bucket, name = values[:2] if isinstance(values, list) else (values["bucket"], values["name"])
        if bucket not in self.buckets:
            return
        if what == "archive":
            self._archive(self._live[bucket][name], values[2])
        elif what == "delete":
            kept = [*self._old[bucket].get(name, ()), self._live[bucket].get(name)]
            for found in kept:
                if found is not None and found.generation == values[2]:
                    self._remove(found)
        else:
            found = self._object(values)
            if what == "put":
                self._set_live(found)
            elif what == "update":
                self._exchange(found)
            else:
                self._old[bucket].setdefault(name, []).append(found)

    def _object(self, values: dict[str, Any]) -> Object:
        values["data"] = self._spill / values["data"]
        values["md5"] = values["md5"] and bytes.fromhex(values["md5"])
        values["headers"] = self._shared(values["headers"])
        return Object(**values)

    def _all(self) -> Iterator[Object]:
        for old in self._old.values():
            yield from itertools.chain.from_iterable(old.values())
        for live in self._live.values():
            yield from live.values()


_FIELDS = tuple(one.name for one in fields(Object))


def _line(stored: Object) -> dict[str, Any]:
    values = {name: getattr(stored, name) for name in _FIELDS}
    return values | {"data": stored.data.name, "md5": stored.md5.hex() if stored.md5 else None}


def _check(given: Mapping[str, str], crc32c: int, md5: bytes | None) -> None:
    """Raise ``GoogleError`` (400) when a checksum that a request gives is not that of its data."""
    wanted = given.get("md5")
    if wanted and md5 and wanted != base64.b64encode(md5).decode():
        raise bad_request(f"Provided MD5 hash {wanted!r} doesn't match calculated MD5 hash.")
    wanted = given.get("crc32c")
    if wanted and wanted != (real := _base64_crc32c(crc32c)):
        raise bad_request(f"Provided CRC32C {wanted!r} doesn't match calculated CRC32C {real!r}.")


def _base64_crc32c(value: int) -> str:
    return base64.b64encode(value.to_bytes(4, "big")).decode()


def checksums(found: Object) -> dict[str, str]:
    """The object's ``crc32c`` and, unless it is a composite, ``md5Hash``, in base64 as the API gives them."""
    values = {"crc32c": _base64_crc32c(found.crc32c)}
    return values | ({"md5Hash": base64.b64encode(found.md5).decode()} if found.md5 else {})
