"""What a state directory has of the objects of buckets that exist, by how a store holds them."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator
from dataclasses import dataclass, field

from fakehub.storage.bucket_table import BucketTable
from fakehub.storage.soft_deleted import SoftDeleted
from fakehub.storage.state import State
from fakehub.storage.stored import Object


@dataclass
class Restored:
    """Objects by bucket and name: the live ones, and older generations, oldest first; and those that were deleted."""

    live: dict[str, dict[str, Object]]
    old: dict[str, dict[str, list[Object]]]
    soft_deleted: list[SoftDeleted] = field(default_factory=list)
    newest: int = 0


def restored(state: State, buckets: BucketTable) -> Restored:
    """Return what an earlier process stored in ``buckets``; skip objects in others."""
    found = Restored({name: {} for name in buckets}, {name: {} for name in buckets})
    soft_deleted = state.soft_deleted()
    # Looking for garbage among a million new objects would take as long as to restore them.
    with _without_garbage_collection():
        for stored in state.objects():
            found.newest = stored.generation
            live = found.live.get(stored.bucket)
            if live is None:
                continue
            if stored.generation in soft_deleted:
                found.soft_deleted.append(SoftDeleted(stored, *soft_deleted[stored.generation]))
            elif stored.deleted is None:
                live[stored.name] = stored
            else:
                found.old[stored.bucket].setdefault(stored.name, []).append(stored)
    return found


@contextlib.contextmanager
def _without_garbage_collection() -> Iterator[None]:
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
