"""The network between a client and the cloud: latency for every request, bandwidth for every body."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:  # aiohttp is slow to import, and the command line needs the settings only
    from fakehub.compat import RequestHandler

Direction = Literal["in", "out"]
# Waits shorter than this, in seconds, are not worth a timer. They accumulate until they are.
_SHORTEST_WAIT_S = 0.002
# While the server was busy with something else, data kept arriving: up to this many seconds' worth of bytes.
_BEHIND_S = 0.02
# The largest piece of a body that passes at once, in bytes, and the longest that a piece may take, in seconds.
_PIECE = 65536
_PIECE_S = 0.05


@dataclass(frozen=True)
class NetworkSettings:
    """The simulated network: times in seconds, bandwidths in bytes per second and direction.

    A bandwidth of ``None`` is unlimited. Each request waits for ``latency_s`` plus a random part of ``jitter_s``,
    drawn from a generator with the ``seed``. Raises ``ValueError`` for a negative time and a bandwidth of 0 or less.
    """

    latency_s: float = 0.0
    jitter_s: float = 0.0
    bandwidth: float | None = None
    total_bandwidth: float | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if not (self.latency_s >= 0 and self.jitter_s >= 0):
            raise ValueError("latency and jitter cannot be negative")
        if not all(rate is None or rate > 0 for rate in (self.bandwidth, self.total_bandwidth)):
            raise ValueError("a bandwidth must be greater than 0")


class _Pace:
    """One direction of a connection, in which bytes pass one after the other at a given rate."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._free = 0.0

    def wait(self, size: int, now: float) -> float:
        """Return the seconds until ``size`` more bytes have passed."""
        self._free = max(now - _BEHIND_S, self._free) + size / self._rate
        return self._free - now


class Network:
    """The network as currently set; ``slow`` is whether requests have to wait at all."""

    def __init__(self) -> None:
        self.set(NetworkSettings())

    def set(self, settings: NetworkSettings) -> None:
        """Change the network, starting with the next request."""
        self.settings = settings
        self.slow = settings != NetworkSettings(seed=settings.seed)
        self._random = random.Random(settings.seed)  # noqa: S311 - repeatable, not secret
        total = settings.total_bandwidth
        self._total: dict[Direction, _Pace] = {"in": _Pace(total), "out": _Pace(total)} if total else {}
        self._connections: dict[RequestHandler, dict[Direction, _Pace]] = {}
        rates = [rate for rate in (settings.bandwidth, total) if rate]
        self.piece = max(1, min(_PIECE, *(int(rate * _PIECE_S) for rate in rates))) if rates else _PIECE

    async def latency(self) -> None:
        """Wait for as long as a request travels."""
        seconds = self.settings.latency_s + self.settings.jitter_s * self._random.random()
        if seconds > 0:
            await asyncio.sleep(seconds)

    def pace(self, connection: RequestHandler, direction: Direction) -> Callable[[int], float]:
        """Return a function that returns how many seconds a number of bytes takes on the connection."""
        paces = [self._total[direction]] if self._total else []
        if self.settings.bandwidth:
            paces.append(self._paces_of(connection, self.settings.bandwidth)[direction])
        loop = asyncio.get_running_loop()

        def wait(size: int) -> float:
            now = loop.time()
            seconds = max((pace.wait(size, now) for pace in paces), default=0.0)
            return seconds if seconds >= _SHORTEST_WAIT_S else 0.0

        return wait

    def _paces_of(self, connection: RequestHandler, bandwidth: float) -> dict[Direction, _Pace]:
        if connection not in self._connections:
            # Forget closed connections whenever a new one arrives.
            self._connections = {key: paces for key, paces in self._connections.items() if key.transport is not None}
            self._connections[connection] = {"in": _Pace(bandwidth), "out": _Pace(bandwidth)}
        return self._connections[connection]
