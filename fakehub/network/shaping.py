"""The network between a client and the cloud: latency for every request, bandwidth for every body."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass

# Shorter waits than this, in seconds, are not worth a timer; they add up to one that is.
_SHORTEST_WAIT_S = 0.002
# A line goes on while the stand-in is at work on something else: so many seconds' worth of bytes have come meanwhile.
_BEHIND_S = 0.02
# The largest piece of a body that passes at once, in bytes, and the longest it may take, in seconds.
_PIECE = 65536
_PIECE_S = 0.05


@dataclass(frozen=True)
class NetworkSettings:
    """What the network is like: seconds, and bytes a second each way; ``None`` is as fast as the machine.

    Each request waits ``latency_s`` and a random part of ``jitter_s``, from a generator seeded with ``seed``.
    """

    latency_s: float = 0.0
    jitter_s: float = 0.0
    bandwidth: float | None = None
    total_bandwidth: float | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if not (self.latency_s >= 0 and self.jitter_s >= 0):
            raise ValueError("latency and jitter are not negative")
        if not all(rate is None or rate > 0 for rate in (self.bandwidth, self.total_bandwidth)):
            raise ValueError("a bandwidth is above 0")


class _Pace:
    """One way of one line: bytes pass one after the other at its rate."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._free = 0.0

    def wait(self, size: int, now: float) -> float:
        """Seconds until ``size`` more bytes have passed."""
        self._free = max(now - _BEHIND_S, self._free) + size / self._rate
        return self._free - now


class Network:
    """The network as it is set now; ``slow`` tells whether there is anything to wait for."""

    def __init__(self) -> None:
        self.set(NetworkSettings())

    def set(self, settings: NetworkSettings) -> None:
        """Change the network, from the next request on."""
        self.settings = settings
        self.slow = settings != NetworkSettings(seed=settings.seed)
        self._random = random.Random(settings.seed)  # noqa: S311 - repeatable, not secret
        self._total = {way: _Pace(settings.total_bandwidth) for way in ("in", "out") if settings.total_bandwidth}
        self._connections: dict[asyncio.Protocol, dict[str, _Pace]] = {}
        rates = [rate for rate in (settings.bandwidth, settings.total_bandwidth) if rate]
        self.piece = max(1, min(_PIECE, *(int(rate * _PIECE_S) for rate in rates))) if rates else _PIECE

    async def latency(self) -> None:
        """Wait as long as a request is on its way."""
        seconds = self.settings.latency_s + self.settings.jitter_s * self._random.random()
        if seconds > 0:
            await asyncio.sleep(seconds)

    def pace(self, connection: asyncio.Protocol, way: str) -> Callable[[int], float]:
        """For one ``way`` (``in``, ``out``) of a connection: how long so many bytes take, in seconds."""
        paces = [self._total[way]] if way in self._total else []
        if self.settings.bandwidth:
            paces.append(self._of(connection)[way])
        loop = asyncio.get_running_loop()

        def wait(size: int) -> float:
            now = loop.time()
            seconds = max((pace.wait(size, now) for pace in paces), default=0.0)
            return seconds if seconds >= _SHORTEST_WAIT_S else 0.0

        return wait

    def _of(self, connection: asyncio.Protocol) -> dict[str, _Pace]:
        if connection not in self._connections:
            # A new connection is the occasion to forget those that are closed.
            self._connections = {it: pace for it, pace in self._connections.items() if it.transport is not None}
            self._connections[connection] = {way: _Pace(self.settings.bandwidth) for way in ("in", "out")}
        return self._connections[connection]
