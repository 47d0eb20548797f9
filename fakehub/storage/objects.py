"""Buckets and objects: what is stored, its generations and checksums, and when it vanishes.

Data stay in memory up to a budget and go to files beyond it. With a state directory everything is on disk: an
object's data file is complete before one line in the journal makes it visible, so a killed process never
leaves half an object.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import google_crc32c
from sortedcontainers import SortedDict

from fakehub.clock import Clock
from fakehub.errors import GoogleError
from fakehub.facts import Bucket

# Bytes of object data kept in memory before further ones go to files.
MEMORY_BUDGET = 2 * 1024**3
DAY_S = 86400


@dataclass(frozen=True, slots=True)
class Object:
    """One object at one generation. Times in seconds since the epoch, ``data`` the bytes or their file.

    ``md5`` is ``None`` for a composite; ``headers`` are contentType, cacheControl and the like as the API names them.
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

    def read(self) -> bytes:
        """The whole content."""
        return self.data if isinstance(self.data, bytes) else self.data.read_bytes()


class Store:
    """All objects of all buckets. ``spill`` is a directory for data beyond the budget."""

    def __init__(self, buckets: dict[str, Bucket], clock: Clock, spill: Path, state: Path | None = None) -> None:
        self.buckets = buckets
        self._clock = clock
        self._objects: dict[str, SortedDict] = {name: SortedDict() for name in buckets}
        self._generations = itertools.count(int(clock.now() * 1e6))
        self._in_memory = 0
        self._files = itertools.count()
        self._spill = state / "data" if state else spill
        self._spill.mkdir(parents=True, exist_ok=True)
        self._journal = None
        if state:
            self._replay(state / "journal")
            self._journal = (state / "journal").open("a", encoding="utf-8")

    def get(self, bucket: str, name: str) -> Object | None:
        """The live object, or ``None``; one past its bucket's age is gone."""
        found = self._objects[bucket].get(name)
        if found is not None and self._too_old(found):
            self.delete(found)
            return None
        return found

    def names_from(self, bucket: str, start: str, inclusive: bool = True) -> Iterator[str]:
        """Names of the bucket in order, from ``start`` on."""
        return self._objects[bucket].irange(start, None, inclusive=(inclusive, True))

    def put(
        self,
        bucket: str,
        name: str,
        data: bytes,
        headers: dict[str, str],
        metadata: dict[str, str] | None,
        components: int | None = None,
    ) -> Object:
        """Store ``data`` as a new generation; raises ``GoogleError`` (507) when the disk is full."""
        now = self._clock.now()
        held = self._hold(data)
        crc32c = google_crc32c.value(data)
        md5 = None if components else hashlib.md5(data, usedforsecurity=False).digest()
        generation = next(self._generations)
        stored = Object(
            bucket, name, generation, 1, len(data), crc32c, md5, now, now, headers, metadata, components, held
        )
        self._record({"put": _line(stored)})
        self._drop_data(self._objects[bucket].get(name))
        self._objects[bucket][name] = stored
        return stored

    def update(self, found: Object, headers: dict[str, str], metadata: dict[str, str] | None) -> Object:
        """Change an object's metadata: the same generation, the next metageneration."""
        changed = replace(
            found,
            headers=headers,
            metadata=metadata,
            metageneration=found.metageneration + 1,
            updated=self._clock.now(),
        )
        self._record({"put": _line(changed)})
        self._objects[found.bucket][found.name] = changed
        return changed

    def delete(self, found: Object) -> None:
        """Remove an object."""
        self._record({"delete": [found.bucket, found.name]})
        del self._objects[found.bucket][found.name]
        self._drop_data(found)

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
            raise GoogleError(507, "diskFull", f"The stand-in's disk is full: {error.strerror}. Free some.") from error
        return path

    def _drop_data(self, found: Object | None) -> None:
        if found is None:
            return
        if isinstance(found.data, Path):
            found.data.unlink(missing_ok=True)
        else:
            self._in_memory -= found.size

    def _record(self, change: dict[str, Any]) -> None:
        if self._journal is None:
            return
        try:
            self._journal.write(json.dumps(change) + "\n")
            self._journal.flush()
        except OSError as error:
            raise GoogleError(507, "diskFull", f"The stand-in's disk is full: {error.strerror}. Free some.") from error

    def _replay(self, journal: Path) -> None:
        """Take over what an earlier process stored; a last line cut short by its end does not count."""
        text = journal.read_text(encoding="utf-8") if journal.is_file() else ""
        whole = text[: text.rfind("\n") + 1]
        if whole != text:
            journal.write_text(whole, encoding="utf-8")
        for line in whole.splitlines():
            change = json.loads(line)
            if "delete" in change:
                bucket, name = change["delete"]
                self._objects.get(bucket, {}).pop(name, None)
                continue
            values = change["put"]
            if values["bucket"] in self._objects:
                values |= {
                    "data": self._spill / values["data"],
                    "md5": values["md5"] and bytes.fromhex(values["md5"]),
                }
                self._objects[values["bucket"]][values["name"]] = Object(**values)
        kept = {found.data.name for objects in self._objects.values() for found in objects.values()}
        for path in self._spill.iterdir():
            if path.name not in kept:
                path.unlink()


def _line(stored: Object) -> dict[str, Any]:
    data = stored.data.name if isinstance(stored.data, Path) else None
    values = asdict(replace(stored, data=b""))
    return values | {"data": data, "md5": stored.md5.hex() if stored.md5 else None}


def checksums(found: Object) -> dict[str, str]:
    """The object's ``crc32c`` and, unless it is a composite, ``md5Hash``, in base64 as the API gives them."""
    values = {"crc32c": base64.b64encode(found.crc32c.to_bytes(4, "big")).decode()}
    return values | ({"md5Hash": base64.b64encode(found.md5).decode()} if found.md5 else {})
