"""Soft-deleted objects: what was deleted or overwritten and can still be listed and restored.

A bucket says for how many days it keeps them. All buckets together keep at most ``MOST_BYTES`` and ``MOST_OBJECTS``,
without what was deleted first, so that a server that runs for long does not fill the memory or the disk.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from fakehub.storage.stored import Object

MOST_BYTES, MOST_OBJECTS = 1024**3, 100_000
# A place in a queue: the time that orders it, the generation, and the bucket. It may be of an object that is gone.
_Place = tuple[float, int, str]


@dataclass(slots=True, eq=False)
class SoftDeleted:
    """A generation that was deleted, when that was, and when Google deletes it permanently; in seconds."""

    stored: Object
    when: float
    until: float


class SoftDeletedObjects:
    """The soft-deleted objects of all buckets; ``drop`` removes the data of those that are deleted permanently."""

    def __init__(self, drop: Callable[[list[Object]], None]) -> None:
        self._drop = drop
        # By generation and not by name, because objects are deleted all the time and listed almost never.
        self._kept: dict[str, dict[int, SoftDeleted]] = {}
        self._by_when: list[_Place] = []
        self._by_until: list[_Place] = []
        self._count = self._bytes = 0
        self._listed: dict[str, dict[str, list[SoftDeleted]]] = {}

    def fits(self, stored: Object) -> bool:
        """Return whether an object is small enough to be kept at all."""
        return stored.size <= MOST_BYTES

    def add(self, deleted: SoftDeleted, now: float) -> None:
        """Keep an object, and drop those whose time is over, and the oldest if they are too many."""
        stored = deleted.stored
        self._kept.setdefault(stored.bucket, {})[stored.generation] = deleted
        self._listed.pop(stored.bucket, None)
        heapq.heappush(self._by_when, (deleted.when, stored.generation, stored.bucket))
        heapq.heappush(self._by_until, (deleted.until, stored.generation, stored.bucket))
        self._count, self._bytes = self._count + 1, self._bytes + stored.size
        if self._by_until[0][0] <= now or self._bytes > MOST_BYTES or self._count > MOST_OBJECTS:
            self._drop(list(self._surplus(now)))

    def _surplus(self, now: float) -> Iterator[Object]:
        """Forget what is not kept any longer, and yield it."""
        while self._by_until and self._by_until[0][0] <= now:
            yield from self._forget(heapq.heappop(self._by_until))
        while self._bytes > MOST_BYTES or self._count > MOST_OBJECTS:
            yield from self._forget(heapq.heappop(self._by_when))
        if len(self._by_when) + len(self._by_until) > 4 * self._count + 1000:
            kept = [one for found in self._kept.values() for one in found.values()]
            self._by_when = sorted((one.when, one.stored.generation, one.stored.bucket) for one in kept)
            self._by_until = sorted((one.until, one.stored.generation, one.stored.bucket) for one in kept)

    def _forget(self, place: _Place) -> Iterator[Object]:
        _, generation, bucket = place
        deleted = self._kept.get(bucket, {}).pop(generation, None)
        if deleted is not None:
            self._listed.pop(bucket, None)
            self._count, self._bytes = self._count - 1, self._bytes - deleted.stored.size
            yield deleted.stored

    def find(self, bucket: str, name: str, generation: int, now: float) -> SoftDeleted | None:
        """Return a soft-deleted generation of an object, or ``None``."""
        found = self._kept.get(bucket, {}).get(generation)
        return found if found and found.stored.name == name and found.until > now else None

    def in_bucket(self, bucket: str) -> list[Object]:
        """Return the soft-deleted objects of a bucket, also those whose time is over."""
        return [one.stored for one in self._kept.get(bucket, {}).values()]

    def by_name(self, bucket: str) -> dict[str, list[SoftDeleted]]:
        """Return the objects of ``in_bucket`` by their names in order, oldest generation first; do not change it."""
        listed = self._listed.get(bucket)
        if listed is None:
            kept = sorted(self._kept.get(bucket, {}).values(), key=lambda one: (one.stored.name, one.stored.generation))
            groups = itertools.groupby(kept, lambda one: one.stored.name)
            listed = self._listed[bucket] = {name: list(found) for name, found in groups}
        return listed

    def remove_bucket(self, bucket: str) -> None:
        """Forget the objects of a bucket that was deleted, without ``drop``."""
        removed = self._kept.pop(bucket, {})
        self._listed.pop(bucket, None)
        self._count -= len(removed)
        self._bytes -= sum(one.stored.size for one in removed.values())
