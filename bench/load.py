"""Generate load more cheaply than any measured server answers it: requests are prepared, answers only counted.

A general HTTP client would be the slowest part of the measurement and hide the differences between servers.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import cast

from bench.buckets import LISTED

HOST = "storage.googleapis.com"
# Seconds that a large transfer may take, and seconds that pending requests are waited for when the time is up.
TRANSFER_S, PATIENCE_S = 60, 3
# Requested once over each connection before the clock starts; every server answers it.
WARM_UP = f"/storage/v1/b/{LISTED}/o?prefix=warm-up/"
_UNKNOWN_LENGTH = 2**62


class LoadError(Exception):
    """Why a server could not be measured: a refused or an unanswered request."""


@dataclass(frozen=True)
class Address:
    """Where a server listens, its TLS settings if it speaks TLS, and the token it requires."""

    port: int
    tls: ssl.SSLContext | None = None
    token: str | None = None

    def request(self, method: str, path: str, body: bytes = b"") -> bytes:
        """Return a whole request as it is sent."""
        lines = [f"{method} {path} HTTP/1.1", f"Host: {HOST}", "Accept: */*"]
        lines += [f"Authorization: Bearer {self.token}"] if self.token else []
        lines += [f"Content-Length: {len(body)}", "Content-Type: application/octet-stream"] if body else []
        return "\r\n".join([*lines, "", ""]).encode() + body

    def connect(self) -> socket.socket:
        """Open a connection for a single transfer, with blocking reads and writes."""
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=TRANSFER_S)
        return self.tls.wrap_socket(plain, server_hostname=HOST) if self.tls else plain


@dataclass(frozen=True)
class Result:
    """Answers per second, and the numbers of the requests that were answered, from 0."""

    rate: float
    answered: list[int]


class _Connection(asyncio.Protocol):
    """A connection that sends one request at a time.

    ``on_answer`` is called when an answer is complete, ``on_failure`` with the reason of a failure. ``_left`` counts
    the bytes of the body that are missing, and is ``None`` until the head of the answer is complete.
    """

    def __init__(self, on_answer: Callable[[_Connection], None], on_failure: Callable[[str], None]) -> None:
        self.on_answer, self._on_failure = on_answer, on_failure
        self.number = 0
        self.closes = self._waiting = self._chunked = False
        self._head = self._tail = b""
        self._left: int | None = None
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def send(self, number: int, request: bytes) -> None:
        """Send a request; the previous answer must be complete."""
        self.number = number
        self._head, self._left, self._tail, self._waiting = b"", None, b"", True
        self._transport.write(request)

    def abort(self) -> None:
        """Close the connection at once."""
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        left = self._left
        if left is None:
            self._head += data
            end = self._head.find(b"\r\n\r\n")
            if end < 0:
                return
            data = self._head[end + 4 :]
            left = self._read_head(self._head[:end].lower())
        self._left = left = left - len(data)
        if self._chunked:
            self._tail = (self._tail + data[-5:])[-5:]
        if left <= 0 or (self._chunked and self._tail == b"0\r\n\r\n"):
            self._end_answer()

    def _read_head(self, head: bytes) -> int:
        """Note how the answer ends and return the length of its body."""
        status = int(head[9:12])
        if status >= 300:
            self._on_failure(f"an answer with status {status}")
        self.closes = head.startswith(b"http/1.0") or b"connection: close" in head
        self._chunked = b"transfer-encoding: chunked" in head
        at = head.find(b"content-length:")
        if at >= 0:
            return int(head[at + 15 :].split(b"\r\n", 1)[0])
        # 204 has no body; a body without a length ends with its connection.
        return 0 if status == 204 else _UNKNOWN_LENGTH

    def _end_answer(self) -> None:
        self._waiting = False
        if self.closes:
            self._transport.abort()
        self.on_answer(self)

    def connection_lost(self, error: Exception | None) -> None:
        if self._waiting and self._left is None:
            self._on_failure("a connection closed without an answer")
        elif self._waiting:
            self.closes = True
            self._end_answer()


class _Run:
    """One measurement: sends the requests and counts the answers."""

    def __init__(self, address: Address, requests: Iterator[bytes], seconds: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._address, self._requests, self._seconds = address, enumerate(requests), seconds
        self._ended: asyncio.Future[None] = self._loop.create_future()
        self._opened: list[_Connection] = []
        self._opening: set[asyncio.Task[None]] = set()
        self._answered: list[int] = []
        self._busy = 0
        self._started = self._last_answer = 0.0

    async def measure(self, connections: int) -> Result:
        """Send requests over so many connections and return the result; raise ``LoadError``."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                warm = await self._warm_up(connections)
            self._started, self._busy = time.perf_counter(), connections
            for connection in warm:
                self._send_next(connection)
            await asyncio.wait([self._ended], timeout=self._seconds + PATIENCE_S)
            if self._ended.done():
                self._ended.result()
        except (OSError, TimeoutError) as error:
            raise LoadError(str(error) or "no answer in time") from error
        finally:
            self._ended.cancel()
            for task in self._opening:
                task.cancel()
            for connection in self._opened:
                connection.abort()
        # The time ends with the last answer, or with the waiting if an answer is missing.
        ended = self._last_answer if self._busy == 0 else time.perf_counter()
        if self._busy and not self._answered:
            raise LoadError("no answer in time")
        return Result(len(self._answered) / (ended - self._started) if self._answered else 0.0, self._answered)

    async def _warm_up(self, connections: int) -> list[_Connection | None]:
        """Return connections that answered once, or a ``None`` for each if the server closes them after an answer."""
        first = await self._open_and_warm_up()
        if first.closes:
            return [None] * connections
        return [first, *await asyncio.gather(*(self._open_and_warm_up() for _ in range(connections - 1)))]

    async def _open_and_warm_up(self) -> _Connection:
        connection = await self._open()
        answer: asyncio.Future[_Connection] = self._loop.create_future()
        connection.on_answer = answer.set_result
        connection.send(-1, self._address.request("GET", WARM_UP))
        either: list[asyncio.Future[_Connection] | asyncio.Future[None]] = [answer, self._ended]
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
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

    def _fail(self, reason: str) -> None:
        if not self._ended.done():
            self._ended.set_exception(LoadError(reason))

    def _count(self, connection: _Connection) -> None:
        self._last_answer = time.perf_counter()
        self._answered.append(connection.number)
        self._send_next(None if connection.closes else connection)

    def _send_next(self, connection: _Connection | None) -> None:
        """Send the next request, over a new connection if the server closed the last one."""
        late = self._last_answer > self._started + self._seconds
        upcoming = None if late or self._ended.done() else next(self._requests, None)
        if upcoming is None:
            self._busy -= 1
            if self._busy == 0 and not self._ended.done():
                self._ended.set_result(None)
        elif connection is not None:
            connection.send(*upcoming)
        else:
            task = self._loop.create_task(self._open_and_send(*upcoming))
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)

    async def _open_and_send(self, number: int, request: bytes) -> None:
        try:
            (await self._open()).send(number, request)
        except OSError as error:
            self._fail(str(error))


async def rate(address: Address, requests: Iterator[bytes], connections: int, seconds: float) -> Result:
    """Measure the answers per second while each of ``connections`` sends ``requests``, one after the other.

    No request is sent after ``seconds``; the time ends when all requests are answered. Raises ``LoadError`` if an
    answer is not a success.
    """
    return await _Run(address, requests, seconds).measure(connections)
