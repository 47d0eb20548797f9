"""Soft-deleted objects: what was deleted or overwritten and can still be listed and restored.

A bucket says for how many days it keeps them. All buckets together keep at most ``MOST_BYTES`` and ``MOST_OBJECTS``,
without what was deleted first, so that a server that runs for long does not fill the memory or the disk.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from fakehub.storage.stored import Object

MOST_BYTES, MOST_OBJECTS = 1024**3, 100_000


@dataclass(slots=True, eq=False)
class SoftDeleted:
    """A generation that was deleted, when that was, and when Google deletes it permanently; in seconds."""

    stored: Object
    when: float
    until: float


class SoftDeletedObjects:
    """The soft-deleted objects of all buckets; ``drop`` removes the data of one that is deleted permanently."""

    def __init__(self, drop: Callable[[Object], None]) -> None:
        self._drop = drop
        # By generation and not by name, because objects are deleted all the time and listed almost never.
        self._kept: dict[str, dict[int, SoftDeleted]] = {}
        self._oldest_first: deque[SoftDeleted] = deque()
        self._bytes = 0

    def fits(self, stored: Object) -> bool:
        """Return whether an object is small enough to be kept at all."""
        return stored.size <= MOST_BYTES

    def add(self, deleted: SoftDeleted, now: float) -> None:
        """Keep an object, and drop those whose time is over or that are too many."""
        stored = deleted.stored
        self._kept.setdefault(stored.bucket, {})[stored.generation] = deleted
        self._oldest_first.append(deleted)
        self._bytes += stored.size
        queue = self._oldest_first
        while queue and (queue[0].until <= now or self._bytes > MOST_BYTES or len(queue) > MOST_OBJECTS):
            self._forget(queue.popleft())

    def _forget(self, deleted: SoftDeleted) -> None:
        stored = deleted.stored
        del self._kept[stored.bucket][stored.generation]
        self._bytes -= stored.size
        self._drop(stored)

    def find(self, bucket: str, name: str, generation: int, now: float) -> SoftDeleted | None:
        """Return a soft-deleted generation of an object, or ``None``."""
        found = self._kept.get(bucket, {}).get(generation)
        return found if found and found.stored.name == name and found.until > now else None

    def in_bucket(self, bucket: str) -> list[Object]:
        """Return the soft-deleted objects of a bucket, also those whose time is over."""
        return [one.stored for one in self._kept.get(bucket, {}).values()]

    def by_name(self, bucket: str, now: float) -> dict[str, list[SoftDeleted]]:
        """Return the soft-deleted objects of a bucket, by their names in order, oldest generation first."""
        kept = [one for one in self._kept.get(bucket, {}).values() if one.until > now]
        kept.sort(key=lambda one: (one.stored.name, one.stored.generation))
        return {name: list(found) for name, found in itertools.groupby(kept, lambda one: one.stored.name)}

    def remove_bucket(self, bucket: str) -> None:
        """Forget the objects of a bucket that was deleted, without ``drop``."""
        removed = self._kept.pop(bucket, {})
        self._bytes -= sum(one.stored.size for one in removed.values())
        self._oldest_first = deque(one for one in self._oldest_first if one.stored.generation not in removed)
