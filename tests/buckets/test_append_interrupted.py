"""Appends killed at any of their requests: readers get the old store or the new one, and a rerun completes it.

Each kind of store is cut at every eighth writing request and at fewer reading ones, and the kinds take turns.
``CUTS=all`` cuts each at every request.
"""

from __future__ import annotations

import os

import pytest
import xarray as xr
import zarr
from append_sources import KINDS
from append_world import BUCKET, World
from zarr.core.buffer.cpu import Buffer

USER = "funky-user"
ALL = os.environ.get("CUTS") == "all"
EVERY_WRITE, EVERY_READ = (1, 1) if ALL else (8, 24)


def readable(objects: dict[str, bytes]) -> xr.Dataset:
    """Return what a reader gets from these objects, with the defaults of xarray."""
    store = zarr.storage.MemoryStore({name: Buffer.from_bytes(content) for name, content in objects.items()})
    return xr.open_zarr(store).load()


def some(cuts: list[tuple[int, bool]], first: int) -> list[tuple[int, bool]]:
    """Return a sample of the reading and of the writing requests, which begins with those of index ``first``."""
    reading, writing = ([cut for cut in cuts if cut[1] == effect] for effect in (False, True))
    return sorted([*reading[first::EVERY_READ], *(writing[first::EVERY_WRITE] or writing[-1:])])


@pytest.mark.parametrize("kind", KINDS)
def test_a_rerun_after_an_interruption_at_any_request_gives_the_same_store(world: World, kind: str):
    folder = f"{USER}/{'-'.join(kind.split())}"
    world.control.clear_faults()
    assert world.run(kind, "start", f"gs://{BUCKET}/{folder}/old.zarr") == 0, world.errors.read_text()
    old = world.objects(f"{folder}/old.zarr/")
    world.write(f"{folder}/whole.zarr/", old)
    seen = len(world.methods())
    assert world.run(kind, "append", f"gs://{BUCKET}/{folder}/whole.zarr") == 0, world.errors.read_text()
    methods = world.methods()[seen:]
    new = world.objects(f"{folder}/whole.zarr/")
    assert world.run(kind, "append", f"gs://{BUCKET}/{folder}/whole.zarr") == 0, world.errors.read_text()
    assert world.objects(f"{folder}/whole.zarr/") == new
    whole = [readable(each) for each in (old, new) if each]
    completed = [new]  # states of the store from which a rerun was seen to end well

    # Cutting a write before its effect leaves what cutting the request before it has left.
    cuts = [(number, method != "GET") for number, method in enumerate(methods, 1)]
    cuts = some(cuts, list(KINDS).index(kind) % EVERY_WRITE)
    cuts.insert(0, (methods.index("POST") + 1, False))
    assert sum(effect for _, effect in cuts) >= 1
    cut: dict[str, bytes] | None = None
    for number, effect in cuts:
        if cut != old:
            name = f"{folder}/{number}-{effect}.zarr"
            world.control.clear_faults()
            world.write(f"{name}/", old)
        rule = world.die_at(number, effect=effect)
        world.run(kind, "append", f"gs://{BUCKET}/{name}", until_struck=rule)
        world.control.clear_faults()
        cut = world.objects(f"{name}/")
        if cut in completed:
            continue
        if KINDS[kind].atomic and "zarr.json" in cut:
            assert any(readable(cut).identical(state) for state in whole), (number, effect)
        assert world.run(kind, "append", f"gs://{BUCKET}/{name}") == 0, (number, effect, world.errors.read_text())
        assert world.objects(f"{name}/") == new, (number, effect)
        completed.append(dict(cut))
        cut = new
