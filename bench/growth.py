"""Measure how long a server takes to start, its memory per object, and whether a full bucket is slower."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from functools import partial

import uvloop

from bench.buckets import CHANGING, LISTED
from bench.load import Address, LoadError, rate
from bench.samples import Plan, Sampler
from bench.servers import OURS, PEERS, Server, running
from bench.storage import SMALL, fill, object_path

FIRST_ANSWER, MEMORY = "start to first answer", "memory of an object beyond its data"
FEW = 1000
# Seconds that a server has to fill its bucket, and seconds after which its pace shows whether it will manage.
FILL_S, TRY_S = 120, 3
# Objects that are written between two readings of a server's memory.
_BATCH = 200
# Objects that share a prefix.
_OBJECTS_PER_PREFIX = 10


def starts(sampler: Sampler, plan: Plan, cores: set[int]) -> None:
    """Measure the seconds from the start of each server's process to its first answer."""
    for _ in range(plan.rounds):
        for name in (OURS, *PEERS):
            with running(name, cores) as server:
                sampler.take(FIRST_ANSWER, "s", name, partial(_seconds_to_start, server))


def _seconds_to_start(server: Server) -> float:
    return server.started_s


def memory_and_growth(sampler: Sampler, plan: Plan, cores: set[int]) -> None:
    """Measure the memory of each server's objects; for ours, also requests to a full bucket and to one with ``FEW``."""
    for name in (OURS, *PEERS):
        with running(name, cores) as server:
            address = server.addresses[name]
            sampler.take(MEMORY, "KB", name, partial(kilobytes_per_object, server, address, plan.objects))
            if name == OURS:
                fill(address, LISTED, _names(FEW), FILL_S)
                _growth(sampler, address, plan)


def _names(count: int) -> Iterator[str]:
    return (f"growth/{number // _OBJECTS_PER_PREFIX:05d}/{number % _OBJECTS_PER_PREFIX}" for number in range(count))


def kilobytes_per_object(server: Server, address: Address, objects: int, most_s: float = FILL_S) -> float:
    """Return how many KB of memory an object takes beyond its data.

    Raises ``LoadError`` if writing them takes more than ``most_s`` seconds.
    """
    names = _names(objects)
    first = _write_until_memory_grows(server, address, names, objects // 2)
    before = server.rss()
    count = fill(address, CHANGING, names, TRY_S)
    if count * most_s / TRY_S < (objects - first) * 0.99:
        raise LoadError(f"it takes {count} objects in {TRY_S} s, too slow for {objects}")
    count += fill(address, CHANGING, names, most_s)
    if count < objects - first:
        raise LoadError(f"it takes {count} objects in {most_s:g} s, too slow for {objects}")
    return ((server.rss() - before) / count - SMALL) / 1000


def _write_until_memory_grows(server: Server, address: Address, names: Iterator[str], most: int) -> int:
    """Write objects until the server's memory grows and return their number; raise ``LoadError`` after ``most``.

    The first objects fit into memory that the server took when it started. Counting them would make an object seem
    smaller than its data.
    """
    count = 0
    while count < most:
        before = server.rss()
        written = fill(address, CHANGING, itertools.islice(names, _BATCH), TRY_S)
        count += written
        if written < _BATCH:
            raise LoadError(f"it takes {written} objects in {TRY_S} s, too slow to measure its memory")
        if server.rss() - before > _BATCH * SMALL:
            return count
    raise LoadError(f"{most} objects are too few: they fit into memory it had from the start")


def _growth(sampler: Sampler, address: Address, plan: Plan) -> None:
    prefix = f"growth/{FEW // 2 // _OBJECTS_PER_PREFIX:05d}/"
    for _ in range(plan.rounds):
        for bucket, count in ((LISTED, FEW), (CHANGING, plan.objects)):
            paths = (
                f"/storage/v1/b/{bucket}/o",
                f"/storage/v1/b/{bucket}/o?prefix={prefix}",
                object_path(bucket, f"{prefix}0"),
            )
            for name, path in zip(growth_names(), paths, strict=True):
                sampler.take(name, "ms", bucket_name(count), partial(_milliseconds, address, path, plan.seconds))


def _milliseconds(address: Address, path: str, seconds: float) -> float:
    """Return how long one GET request takes, from as many as one connection can send in ``seconds``."""
    requests = itertools.repeat(address.request("GET", path))
    return 1000 / uvloop.run(rate(address, requests, 1, seconds)).rate


def growth_names() -> tuple[str, str, str]:
    """Return the names of the figures that are measured in a full bucket and in one with few objects."""
    return f"list one page of {FEW:,}", f"list a prefix of {_OBJECTS_PER_PREFIX}", "get one object"


def bucket_name(count: int) -> str:
    """Return how a bucket with ``count`` objects is named in the results."""
    return f"a bucket of {count:,}"
