"""Measure small requests and large transfers, at each server in turn."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable, Iterator
from functools import partial
from urllib.parse import quote

import uvloop

from bench.buckets import CHANGING, LISTED
from bench.load import Address, LoadError, rate
from bench.samples import Plan, Sampler

SMALL, LARGE = 1024, 64 * 10**6
UP, DOWN = "64 MB up", "64 MB down"
CONNECTIONS = (1, 32)
# Connections that fill a bucket: the length of the shortest queue of connections among the servers.
FILLING = 4
LISTING = 100
LABELS = {"put": "put 1 KB", "get": "get 1 KB", "metadata": "metadata", "list": f"list {LISTING}", "delete": "delete"}


def object_path(bucket: str, name: str) -> str:
    """Return the path of an object in the JSON API."""
    return f"/storage/v1/b/{bucket}/o/{quote(name, safe='')}"


def put(address: Address, bucket: str, name: str, data: bytes) -> bytes:
    """Return the request that uploads a small object."""
    path = f"/upload/storage/v1/b/{bucket}/o?uploadType=media&name={quote(name, safe='')}"
    return address.request("POST", path, data)


def fill(address: Address, bucket: str, names: Iterator[str], seconds: float) -> int:
    """Upload 1 KB objects for at most ``seconds`` and return their number."""
    data = os.urandom(SMALL)
    requests = (put(address, bucket, name, data) for name in names)
    return len(uvloop.run(rate(address, requests, FILLING, seconds)).answered)


def small_name(operation: str, connections: int) -> str:
    """Return the name of a figure of small requests."""
    return f"{LABELS[operation]}, {connections} connection{'s' * (connections > 1)}"


def small_requests(sampler: Sampler, addresses: dict[str, Address], plan: Plan) -> None:
    """Measure operations per second on 1 KB objects, over 1 connection and over 32."""
    for address in addresses.values():
        fill(address, LISTED, (f"listed/{n:03d}" for n in range(LISTING)), 60)
    for number, connections in itertools.product(range(plan.rounds), CONNECTIONS):
        for server, address in addresses.items():
            folder = f"round-{number}-{connections}/{server}"
            _small_round(sampler, server, address, connections, folder, plan.seconds)


def _small_round(
    sampler: Sampler, server: str, address: Address, connections: int, folder: str, seconds: float
) -> None:
    """Take one sample of each operation: put new objects in ``folder``, get them, list others, delete the new ones."""
    data = os.urandom(SMALL)
    stored: list[str] = []

    def measure(operation: str, requests: Iterator[bytes], note: Callable[[int], None] = lambda number: None) -> None:
        def sample() -> float:
            result = uvloop.run(rate(address, requests, connections, seconds))
            for number in result.answered:
                note(number)
            return result.rate

        sampler.take(small_name(operation, connections), "requests/s", server, sample)

    def name(number: int) -> str:
        return f"{folder}/{number:06d}"

    puts = (put(address, CHANGING, name(number), data) for number in itertools.count())
    measure("put", puts, lambda number: stored.append(object_path(CHANGING, name(number))))
    measure("get", itertools.cycle([address.request("GET", f"{path}?alt=media") for path in stored]))
    measure("metadata", itertools.cycle([address.request("GET", path) for path in stored]))
    measure("list", itertools.repeat(address.request("GET", f"/storage/v1/b/{LISTED}/o?prefix=listed/")))
    measure("delete", iter([address.request("DELETE", path) for path in stored]))


def large_transfers(sampler: Sampler, addresses: dict[str, Address], plan: Plan) -> None:
    """Measure the MB/s of one 64 MB object, up and down, over one connection."""
    data = os.urandom(LARGE)
    for _ in range(plan.rounds):
        for server, address in addresses.items():
            sampler.take(UP, "MB/s", server, partial(_upload, address, data))
            sampler.take(DOWN, "MB/s", server, partial(_download, address))


def _upload(address: Address, data: bytes) -> float:
    return _transfer(address, put(address, CHANGING, "large", data), 0)


def _download(address: Address) -> float:
    return _transfer(address, address.request("GET", f"{object_path(CHANGING, 'large')}?alt=media"), LARGE)


def _transfer(address: Address, request: bytes, least: int) -> float:
    """Send one request over a new connection; return the MB/s until at least ``least`` bytes of the answer arrived."""
    buffer = memoryview(bytearray(2**20))
    with address.connect() as connection:
        started = time.perf_counter()
        connection.sendall(request)
        received = connection.recv_into(buffer)
        status = bytes(buffer[9:12])
        while received < least and (count := connection.recv_into(buffer)):
            received += count
        seconds = time.perf_counter() - started
    if not status.startswith(b"2") or received < least:
        raise LoadError(f"an answer with status {status.decode()} and {received} bytes")
    return LARGE / 1e6 / seconds
