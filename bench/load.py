"""A load generator that costs less than any server it measures: ready-made requests, answers only counted.

A general HTTP client would be the slowest part of the measurement and hide the differences between servers.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bench.buckets import LISTED

HOST = "storage.googleapis.com"
# How long a large transfer may take, and how long requests under way when the time is up are waited for, in seconds.
TRANSFER_S, PATIENCE_S = 60, 3
# Asked once over each connection before the clock starts; every server answers it.
WARM_UP = f"/storage/v1/b/{LISTED}/o?prefix=warm-up/"


class LoadError(Exception):
    """Why a server could not be measured: a refused or an unanswered request."""


@dataclass(frozen=True)
class Address:
    """Where a server listens, whether it speaks TLS, and the token it wants."""

    port: int
    tls: ssl.SSLContext | None = None
    token: str | None = None

    def request(self, method: str, path: str, body: bytes = b"") -> bytes:
        """One whole request as it goes over the wire."""
        lines = [f"{method} {path} HTTP/1.1", f"Host: {HOST}", "Accept: */*"]
        lines += [f"Authorization: Bearer {self.token}"] if self.token else []
        lines += [f"Content-Length: {len(body)}", "Content-Type: application/octet-stream"] if body else []
        return "\r\n".join([*lines, "", ""]).encode() + body

    def connect(self) -> socket.socket:
        """A connection for a single transfer, with blocking reads and writes."""
        opened = socket.create_connection(("127.0.0.1", self.port), timeout=TRANSFER_S)
        return self.tls.wrap_socket(opened, server_hostname=HOST) if self.tls else opened


@dataclass(frozen=True)
class Result:
    """Answers a second, and the numbers of the requests that were answered, from 0."""

    rate: float
    answered: list[int]


class _Connection(asyncio.Protocol):
    """Sends one request at a time; ``on_answer`` is called when its answer is whole, ``on_failure`` with the reason."""

    def __init__(self, on_answer: Callable[[_Connection], None], on_failure: Callable[[str], None]) -> None:
        self.on_answer, self._on_failure = on_answer, on_failure
        self.closes = self._waiting = False
        self.number = 0
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def send(self, number: int, request: bytes) -> None:
        """Send one request; the answer to the one before must be whole."""
        self.number = number
        self._head, self._left, self._tail, self._waiting = b"", None, b"", True
        self._transport.write(request)

    def abort(self) -> None:
        """Close at once."""
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        if self._left is None:
            self._head += data
            end = self._head.find(b"\r\n\r\n")
            if end < 0:
                return
            data = self._head[end + 4 :]
            self._start_body(self._head[:end].lower())
        self._left -= len(data)
        if self._chunked:
            self._tail = (self._tail + data[-5:])[-5:]
        if self._left <= 0 or (self._chunked and self._tail == b"0\r\n\r\n"):
            self._done()

    def _start_body(self, head: bytes) -> None:
        status = int(head[9:12])
        if status >= 300:
            self._on_failure(f"an answer with status {status}")
        self.closes = head.startswith(b"http/1.0") or b"connection: close" in head
        self._chunked = b"transfer-encoding: chunked" in head
        found = head.find(b"content-length:")
        if found >= 0:
            self._left = int(head[found + 15 :].split(b"\r\n", 1)[0])
        else:  # 204 has no body; one without a length ends with its connection
            self._left = 0 if status == 204 else 2**62

    def _done(self) -> None:
        self._waiting = False
        if self.closes:
            self._transport.abort()
        self.on_answer(self)

    def connection_lost(self, _error: Exception | None) -> None:
        if self._waiting and self._left is None:
            self._on_failure("a connection closed without an answer")
        elif self._waiting:
            self.closes = True
            self._done()


class _Run:
    """One measurement: hands out the requests and counts the answers."""

    def __init__(self, address: Address, requests: Iterator[bytes], seconds: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._address, self._requests, self._seconds = address, enumerate(requests), seconds
        self._ended = self._loop.create_future()
        self._opened: list[_Connection] = []
        self._dials: set[asyncio.Task] = set()
        self._answered: list[int] = []
        self._busy = 0
        self._started = self._last = 0.0

    async def measure(self, connections: int) -> Result:
        try:
            async with asyncio.timeout(PATIENCE_S):
                warm = await self._warm_up(connections)
            self._started, self._busy = time.perf_counter(), connections
            for connection in warm:
                self._proceed(connection)
            await asyncio.wait([self._ended], timeout=self._seconds + PATIENCE_S)
            if self._ended.done():
                self._ended.result()
        except (OSError, TimeoutError) as error:
            raise LoadError(str(error) or "no answer in time") from error
        finally:
            self._ended.cancel()
            for task in self._dials:
                task.cancel()
            for connection in self._opened:
                connection.abort()
        # Until the last answer, or, where one never came, as long as it was waited for.
        ended = self._last if self._busy == 0 else time.perf_counter()
        if self._busy and not self._answered:
            raise LoadError("no answer in time")
        return Result(len(self._answered) / (ended - self._started) if self._answered else 0.0, self._answered)

    async def _warm_up(self, connections: int) -> list[_Connection | None]:
        """Connections that have answered once, or none where the server closes them after each answer."""
        first = await self._asked_once()
        if first.closes:
            return [None] * connections
        return [first, *await asyncio.gather(*(self._asked_once() for _ in range(connections - 1)))]

    async def _asked_once(self) -> _Connection:
        connection = await self._open()
        answer = self._loop.create_future()
        connection.on_answer = answer.set_result
        connection.send(-1, self._address.request("GET", WARM_UP))
        await asyncio.wait([answer, self._ended], return_when=asyncio.FIRST_COMPLETED)
        if self._ended.done():
            self._ended.result()
        connection.on_answer = self._count
        return connection

    async def _open(self) -> _Connection:
        tls = self._address.tls
        _, connection = await self._loop.create_connection(
            lambda: _Connection(self._count, self._fail),
            "127.0.0.1",
            self._address.port,
            ssl=tls,
            server_hostname=HOST if tls else None,
        )
        self._opened.append(connection)
        return connection

    def _fail(self, why: str) -> None:
        if not self._ended.done():
            self._ended.set_exception(LoadError(why))

    def _count(self, connection: _Connection) -> None:
        self._last = time.perf_counter()
        self._answered.append(connection.number)
        self._proceed(None if connection.closes else connection)

    def _proceed(self, connection: _Connection | None) -> None:
        """Send the next request, over a new connection if the server closed the one before."""
        late = self._last > self._started + self._seconds
        number, request = (0, None) if late or self._ended.done() else next(self._requests, (0, None))
        if request is None:
            self._busy -= 1
            if self._busy == 0 and not self._ended.done():
                self._ended.set_result(None)
        elif connection is not None:
            connection.send(number, request)
        else:
            task = self._loop.create_task(self._open_and_send(number, request))
            self._dials.add(task)
            task.add_done_callback(self._dials.discard)

    async def _open_and_send(self, number: int, request: bytes) -> None:
        try:
            (await self._open()).send(number, request)
        except OSError as error:
            self._fail(str(error))


async def rate(address: Address, requests: Iterator[bytes], connections: int, seconds: float) -> Result:
    """Answers a second while ``connections`` send ``requests`` one after the other.

    None is sent after ``seconds``; the time ends when all that were sent are answered. Raises ``LoadError`` for an
    answer that is not a success.
    """
    return await _Run(address, requests, seconds).measure(connections)
