"""What a server needs to start and for each object, and whether a full bucket is slower than an empty one."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import uvloop

from bench.buckets import CHANGING, LISTED
from bench.load import Address, LoadError, rate
from bench.samples import Plan, Sampler
from bench.servers import OURS, PEERS, Server, running
from bench.storage import SMALL, fill, object_path

FIRST_ANSWER, MEMORY = "start to first answer", "memory of an object beyond its data"
FEW = 1000
# A server that would take longer to fill its bucket is not waited for, in seconds; how long it is tried.
FILL_S, TRY_S = 120, 3
# So many objects are written between two looks at a server's memory.
_BATCH = 200
# Objects that share a prefix.
_SHARE = 10


def starts(sampler: Sampler, plan: Plan, on: set[int]) -> None:
    """Seconds from the start of the process to its first answer."""
    for _ in range(plan.rounds):
        for name in (OURS, *PEERS):
            with running(name, on) as server:
                sampler.take(FIRST_ANSWER, "s", name, lambda server=server: server.started_s)


def memory_and_growth(sampler: Sampler, plan: Plan, on: set[int]) -> None:
    """Memory of each server's objects; for ours, times in its full bucket beside one with ``FEW`` objects."""
    for name in (OURS, *PEERS):
        with running(name, on) as server:
            address = server.addresses[name]
            sampler.take(MEMORY, "KB", name, lambda s=server, a=address: _bytes_an_object(s, a, plan.objects) / 1000)
            if name == OURS:
                fill(address, LISTED, _names(FEW), FILL_S)
                _growth(sampler, address, plan)


def _names(count: int) -> itertools.chain[str]:
    return (f"growth/{number // _SHARE:05d}/{number % _SHARE}" for number in range(count))


def _bytes_an_object(server: Server, address: Address, objects: int) -> float:
    names = _names(objects)
    first = _until_it_grows(server, address, names, objects // 2)
    before = server.rss()
    count = fill(address, CHANGING, names, TRY_S)
    if count * FILL_S / TRY_S < (objects - first) * 0.99:
        raise LoadError(f"it takes {count} objects in {TRY_S} s, too slow for {objects}")
    count += fill(address, CHANGING, names, FILL_S)
    if count < objects - first:
        raise LoadError(f"it takes {count} objects in {FILL_S} s, too slow for {objects}")
    return (server.rss() - before) / count - SMALL


def _until_it_grows(server: Server, address: Address, names: Iterator[str], most: int) -> int:
    """Write objects until they take memory, and how many; raises ``LoadError`` after ``most``.

    The first ones fit into what the server took when it started and does not need any more: over few objects, memory
    would seem to grow by less than their data.
    """
    count = 0
    while count < most:
        before = server.rss()
        written = fill(address, CHANGING, itertools.islice(names, _BATCH), TRY_S)
        count += written
        if written < _BATCH:
            raise LoadError(f"it takes {written} objects in {TRY_S} s, too slow to look at its memory")
        if server.rss() - before > _BATCH * SMALL:
            return count
    raise LoadError(f"{most} objects are too few: they fit into memory it had from the start")


def _growth(sampler: Sampler, address: Address, plan: Plan) -> None:
    one = f"growth/{FEW // 2 // _SHARE:05d}/"
    for _ in range(plan.rounds):
        for bucket, count in ((LISTED, FEW), (CHANGING, plan.objects)):
            paths = (
                f"/storage/v1/b/{bucket}/o",
                f"/storage/v1/b/{bucket}/o?prefix={one}",
                object_path(bucket, f"{one}0"),
            )
            for name, path in zip(growth_names(), paths, strict=True):
                requests = itertools.repeat(address.request("GET", path))
                measure = lambda requests=requests: 1000 / uvloop.run(rate(address, requests, 1, plan.seconds)).rate  # noqa: E731
                sampler.take(name, "ms", bucket_of(count), measure)


def growth_names() -> tuple[str, str, str]:
    """What is timed in a full bucket and in one with few objects."""
    return f"list one page of {FEW:,}", f"list a prefix of {_SHARE}", "get one object"


def bucket_of(count: int) -> str:
    """What a bucket with ``count`` objects is called."""
    return f"a bucket of {count:,}"
