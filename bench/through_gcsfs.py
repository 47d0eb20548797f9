"""Measure small objects through gcsfs, the client that most users of the hub's buckets have."""

from __future__ import annotations

import asyncio
import itertools
import os
import socket
import time
from collections.abc import Awaitable, Callable

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from fsspec.asyn import get_loop, sync
from gcsfs.core import GCSFileSystem  # the newer default class asks over gRPC first, which no other fake answers
from google.oauth2.credentials import Credentials

from bench.buckets import CHANGING
from bench.load import HOST, PATIENCE_S, Address, LoadError
from bench.samples import Plan, Sampler
from bench.storage import SMALL

CONCURRENT = 32
PUT, CAT = "put 1 KB through gcsfs", "cat 1 KB through gcsfs"


class _LoopbackResolver(AbstractResolver):
    """Resolve every host name to this machine, as the network of the stand-in does."""

    async def resolve(self, host: str, port: int = 0, family: int = socket.AF_INET) -> list[ResolveResult]:
        return [{"hostname": host, "host": "127.0.0.1", "port": port, "family": family, "proto": 0, "flags": 0}]

    async def close(self) -> None:
        pass


def filesystem(address: Address) -> GCSFileSystem:
    """Return a file system that reaches the server at ``address`` under Google's host name."""

    async def connector() -> aiohttp.TCPConnector:
        return aiohttp.TCPConnector(resolver=_LoopbackResolver(), ssl=address.tls or True, limit=CONCURRENT)

    token = Credentials(address.token) if address.token else "anon"
    url = f"{'https' if address.tls else 'http'}://{HOST}:{address.port}"
    session = {"connector": sync(get_loop(), connector)}
    return GCSFileSystem(token=token, endpoint_url=url, session_kwargs=session, skip_instance_cache=True)


def small_objects(sampler: Sampler, addresses: dict[str, Address], plan: Plan) -> None:
    """Measure how many 1 KB objects are put and read per second, ``CONCURRENT`` at a time."""
    data = os.urandom(SMALL)
    systems = {name: filesystem(address) for name, address in addresses.items()}
    for fs in systems.values():  # the first put imports many of Google's libraries
        fs.pipe_file(f"{CHANGING}/gcsfs/first", data)
    for number in range(plan.rounds):
        for server, fs in systems.items():
            _round(sampler, server, fs, f"{CHANGING}/gcsfs/{number}", data, plan.seconds)
    for fs in systems.values():
        sync(get_loop(), fs.session.close)


def _round(sampler: Sampler, server: str, fs: GCSFileSystem, folder: str, data: bytes, seconds: float) -> None:
    """Put new objects, then read them in turn."""
    names: list[str] = []

    def put() -> Awaitable[object]:
        names.append(f"{folder}/{server}/{len(names):05d}")
        put_file: Awaitable[object] = fs._pipe_file(names[-1], data)
        return put_file

    sampler.take(PUT, "calls/s", server, lambda: _rate(put, seconds))
    in_turn = itertools.cycle(names)
    sampler.take(CAT, "calls/s", server, lambda: _rate(lambda: fs._cat_file(next(in_turn)), seconds))


def _rate(call: Callable[[], Awaitable[object]], seconds: float) -> float:
    """Return the calls per second while ``CONCURRENT`` calls are always pending."""

    async def measure() -> float:
        started = time.perf_counter()
        count = 0

        async def worker() -> None:
            nonlocal count
            while time.perf_counter() < started + seconds:
                await call()
                count += 1

        async with asyncio.timeout(seconds + PATIENCE_S):
            await asyncio.gather(*(worker() for _ in range(CONCURRENT)))
        return count / (time.perf_counter() - started)

    try:
        calls_per_second: float = sync(get_loop(), measure)
    except (OSError, aiohttp.ClientError, TimeoutError) as error:
        raise LoadError(str(error) or type(error).__name__) from error
    return calls_per_second
