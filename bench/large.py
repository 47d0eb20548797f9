"""Measure one very large object and a great many small ones: memory, the waits of another client, and starts."""

from __future__ import annotations

import contextlib
import itertools
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import psutil
import uvloop

from bench.buckets import CHANGING
from bench.growth import FEW, kilobytes_per_object
from bench.load import Address, LoadError, rate
from bench.samples import Plan, Sampler
from bench.servers import COMPILED, OURS, Server, running
from bench.storage import fill, object_path, put

_PIECE = 2**20
# Seconds between two readings of a server's memory, and between two requests of the other client.
_READING_S, _PAUSE_S = 0.02, 0.005
# Seconds that a server has to store the small objects, and seconds after which its pace shows whether it will manage.
_FILL_S, _TRY_S = 900, 3
# The longest pause between two pieces of a large object.
_TRANSFER_S = 120
_UNITS = ("MB/s", "MB", "ms", "ms")


def names_of_large(way: str, plan: Plan) -> list[str]:
    """Return the names of the figures of one large object, for the ``way`` upload or download."""
    figures = ("speed", "peak memory", "longest wait of another client", "95th percentile of those waits")
    return [f"{way} {plan.large_gib:g} GiB: {figure}" for figure in figures]


def names_of_many(plan: Plan) -> list[str]:
    """Return the names of the figures of many small objects."""
    figures = ("memory of each beyond its data", "start from --state", f"list one page of {FEW:,}")
    return [f"{plan.many:,} objects: {figure}" for figure in figures]


@dataclass
class _Watch:
    """A client that reads a small object again and again, and the server's memory meanwhile."""

    server: Server
    address: Address
    peak: int = 0
    waits: list[float] = field(default_factory=list)

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Watch during the block."""
        ended = threading.Event()
        threads = [threading.Thread(target=work, args=(ended,), daemon=True) for work in (self._read, self._ask)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            ended.set()
            for thread in threads:
                thread.join()

    def _read(self, ended: threading.Event) -> None:
        while not ended.wait(_READING_S):
            self.peak = max(self.peak, self.server.rss())

    def _ask(self, ended: threading.Event) -> None:
        request = self.address.request("GET", f"{object_path(CHANGING, 'small')}?alt=media")
        while not ended.wait(_PAUSE_S):
            began = time.perf_counter()
            with self.address.connect() as connection:
                connection.sendall(request)
                connection.recv(_PIECE)
            self.waits.append(time.perf_counter() - began)


def large_object(sampler: Sampler, plan: Plan, cores: set[int]) -> None:
    """Measure the upload and the download of one large object, while another client reads a small one."""
    for name in (OURS, COMPILED):
        with tempfile.TemporaryDirectory(prefix="bench-") as folder, running(name, cores, Path(folder)) as server:
            address = server.addresses[name]
            fill(address, CHANGING, iter(["small"]), _TRY_S)
            for way, transfer in (("upload", _upload), ("download", _download)):
                measured: list[float] = []
                for number, figure in enumerate(names_of_large(way, plan)):
                    measure = partial(_figure, measured, number, server, partial(transfer, address, plan.large_gib))
                    sampler.take(figure, _UNITS[number], name, measure)


def _figure(measured: list[float], number: int, server: Server, transfer: Callable[[], int]) -> float:
    """Return one figure of a transfer, which happens when the first one is asked for."""
    if not measured:
        before = server.rss()
        watch = _Watch(server, next(iter(server.addresses.values())), before)
        began = time.perf_counter()
        with watch.watching():
            size = transfer()
        seconds, waits = time.perf_counter() - began, sorted(watch.waits)
        if not waits:
            raise LoadError("the other client got no answer")
        grown = max(watch.peak - before, _PIECE) / 1e6
        measured += [size / 1e6 / seconds, grown, waits[-1] * 1000, waits[len(waits) * 95 // 100] * 1000]
    return measured[number]


def _upload(address: Address, gib: float) -> int:
    size, piece = int(gib * 2**30), os.urandom(_PIECE)
    if psutil.virtual_memory().available < 3 * size:
        raise LoadError(f"a server that keeps {gib:g} GiB in memory could need more than this machine has")
    request = put(address, CHANGING, "large", b"x").removesuffix(b"x")
    with address.connect() as connection:
        connection.settimeout(_TRANSFER_S)
        connection.sendall(request.replace(b"Content-Length: 1\r\n", f"Content-Length: {size}\r\n".encode()))
        for start in range(0, size, _PIECE):
            connection.sendall(piece[: size - start])
        _check(connection.recv(_PIECE))
    return size


def _download(address: Address, gib: float) -> int:
    size, received, buffer = int(gib * 2**30), 0, bytearray(_PIECE)
    with address.connect() as connection:
        connection.settimeout(_TRANSFER_S)
        connection.sendall(address.request("GET", f"{object_path(CHANGING, 'large')}?alt=media"))
        while received < size and (count := connection.recv_into(buffer)):
            if not received:
                _check(bytes(buffer[:count]))
            received += count
    if received < size:
        raise LoadError(f"{received} bytes instead of {size}")
    return size


def _check(answer: bytes) -> None:
    if not answer[9:10] == b"2":
        raise LoadError(f"an answer with status {answer[9:12].decode()}")


def many_objects(sampler: Sampler, plan: Plan, cores: set[int]) -> None:
    """Measure the memory of many small objects, a page of their listing, and a start from the state directory."""
    memory, start, page = names_of_many(plan)
    for name in (OURS, COMPILED):
        with running(name, cores) as server:
            address = server.addresses[name]
            sampler.take(memory, "bytes", name, partial(_bytes_of_each, server, address, plan.many))
            sampler.take(page, "ms", name, partial(_page, address, memory, sampler, name, plan.seconds))
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        with running(OURS, cores, Path(folder)) as server:
            _fill_all(server.addresses[OURS], plan.many)
        with running(OURS, cores, Path(folder)) as server:
            sampler.take(start, "s", OURS, lambda: server.started_s)


def _bytes_of_each(server: Server, address: Address, many: int) -> float:
    return 1000 * kilobytes_per_object(server, address, many, _FILL_S)


def _fill_all(address: Address, many: int) -> None:
    """Store so many objects; raise ``LoadError`` if that takes too long."""
    names = (f"many/{number // FEW:04d}/{number % FEW:03d}" for number in range(many))
    count = fill(address, CHANGING, names, _TRY_S)
    if count * _FILL_S / _TRY_S < many:
        raise LoadError(f"it takes {count} objects in {_TRY_S} s, too slow for {many:,}")
    count += fill(address, CHANGING, names, _FILL_S)
    if count < many:
        raise LoadError(f"it takes {count} objects in {_FILL_S} s, too slow for {many:,}")


def _page(address: Address, memory: str, sampler: Sampler, name: str, seconds: float) -> float:
    """Return the milliseconds of one page of the listing; raise ``LoadError`` if the objects are not there."""
    if sampler.median(memory, name) is None:
        raise LoadError("its objects are too few")
    requests = itertools.repeat(address.request("GET", f"/storage/v1/b/{CHANGING}/o?maxResults={FEW}"))
    return 1000 / uvloop.run(rate(address, requests, 1, seconds)).rate
