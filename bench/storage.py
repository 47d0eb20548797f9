"""Small requests and large transfers, sent to each server in turn."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable, Iterator
from urllib.parse import quote

import uvloop

from bench.buckets import CHANGING, LISTED
from bench.load import Address, LoadError, rate
from bench.samples import Plan, Sampler

SMALL, LARGE = 1024, 64 * 10**6
UP, DOWN = "64 MB up", "64 MB down"
CONNECTIONS = (1, 32)
# Connections that fill a bucket: as many as the smallest queue of a server holds.
FILLING = 4
LISTING = 100
LABELS = {"put": "put 1 KB", "get": "get 1 KB", "metadata": "metadata", "list": f"list {LISTING}", "delete": "delete"}


def object_path(bucket: str, name: str) -> str:
    """The path of an object in the JSON API."""
    return f"/storage/v1/b/{bucket}/o/{quote(name, safe='')}"


def put(address: Address, bucket: str, name: str, data: bytes) -> bytes:
    """The request that uploads a small object."""
    path = f"/upload/storage/v1/b/{bucket}/o?uploadType=media&name={quote(name, safe='')}"
    return address.request("POST", path, data)


def fill(address: Address, bucket: str, names: Iterator[str], seconds: float) -> int:
    """Put 1 KB objects for at most ``seconds``; how many."""
    data = os.urandom(SMALL)
    return len(
        uvloop.run(rate(address, (put(address, bucket, name, data) for name in names), FILLING, seconds)).answered
    )


def small_name(operation: str, connections: int) -> str:
    """What a measurement of small requests is called."""
    return f"{LABELS[operation]}, {connections} connection{'s' * (connections > 1)}"


def small_requests(sampler: Sampler, addresses: dict[str, Address], plan: Plan) -> None:
    """Operations a second on 1 KB objects, over 1 connection and over 32."""
    for address in addresses.values():
        fill(address, LISTED, (f"listed/{n:03d}" for n in range(LISTING)), 60)
    for number, connections in itertools.product(range(plan.rounds), CONNECTIONS):
        for name, address in addresses.items():
            _small_round(sampler, name, address, connections, f"{number}-{connections}", plan.seconds)


def _small_round(sampler: Sampler, server: str, address: Address, connections: int, tag: str, seconds: float) -> None:
    """Put objects with new names, get them, list others, delete those put: one sample of each operation."""
    data = os.urandom(SMALL)
    stored: list[str] = []

    def one(operation: str, requests: Iterator[bytes], keep: Callable[[int], None] = lambda _: None) -> None:
        def measure() -> float:
            result = uvloop.run(rate(address, requests, connections, seconds))
            for number in result.answered:
                keep(number)
            return result.rate

        sampler.take(small_name(operation, connections), "requests/s", server, measure)

    def name(number: int) -> str:
        return f"round-{tag}/{server}/{number:06d}"

    puts = (put(address, CHANGING, name(number), data) for number in itertools.count())
    one("put", puts, lambda number: stored.append(object_path(CHANGING, name(number))))
    one("get", itertools.cycle([address.request("GET", f"{path}?alt=media") for path in stored]))
    one("metadata", itertools.cycle([address.request("GET", path) for path in stored]))
    one("list", itertools.repeat(address.request("GET", f"/storage/v1/b/{LISTED}/o?prefix=listed/")))
    one("delete", iter([address.request("DELETE", path) for path in stored]))


def large_transfers(sampler: Sampler, addresses: dict[str, Address], plan: Plan) -> None:
    """MB/s of one 64 MB object, up and down, over one connection."""
    data = os.urandom(LARGE)
    for _ in range(plan.rounds):
        for name, address in addresses.items():
            sampler.take(UP, "MB/s", name, lambda address=address: _upload(address, data))
            sampler.take(DOWN, "MB/s", name, lambda address=address: _download(address))


def _upload(address: Address, data: bytes) -> float:
    return _transfer(address, put(address, CHANGING, "large", data), 0)


def _download(address: Address) -> float:
    return _transfer(address, address.request("GET", f"{object_path(CHANGING, 'large')}?alt=media"), LARGE)


def _transfer(address: Address, request: bytes, least: int) -> float:
    """Send one request over a connection of its own; MB/s until its answer, of at least so many bytes, is there."""
    buffer = memoryview(bytearray(2**20))
    with address.connect() as connection:
        started = time.perf_counter()
        connection.sendall(request)
        got = connection.recv_into(buffer)
        status = bytes(buffer[9:12])
        while got < least and (count := connection.recv_into(buffer)):
            got += count
        took = time.perf_counter() - started
    if not status.startswith(b"2") or got < least:
        raise LoadError(f"an answer with status {status.decode()} and {got} bytes")
    return LARGE / 1e6 / took
