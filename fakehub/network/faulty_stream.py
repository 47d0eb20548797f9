"""Bodies of requests and answers on a slow or faulty connection: they pass in pieces and may break off."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from aiohttp import StreamReader

from fakehub.compat import StreamWriter
from fakehub.network.faults import Fault
from fakehub.network.reset import reset, wait_until_sent

# Returns how many seconds a number of bytes takes to pass.
Pace = Callable[[int], float]


class ThrottledBody:
    """The body of a request, read no faster than the simulated network delivers it.

    Everything else that aiohttp asks of the body is passed to the original ``StreamReader``.
    """

    def __init__(self, body: StreamReader, pace: Pace, piece: int) -> None:
        self._body, self._pace, self._piece = body, pace, piece

    def __getattr__(self, name: str) -> Any:
        return getattr(self._body, name)

    async def read(self, n: int = -1) -> bytes:
        """Read at most ``n`` bytes, or all of them for -1."""
        if n < 0:
            pieces = []
            while piece := await self.readany():
                pieces.append(piece)
            return b"".join(pieces)
        piece = await self._body.read(min(n, self._piece))
        if seconds := self._pace(len(piece)):
            await asyncio.sleep(seconds)
        return piece

    async def readany(self) -> bytes:
        """Read the next piece."""
        return await self.read(self._piece)

    async def readchunk(self) -> tuple[bytes, bool]:
        """Read the next piece; where the client's own chunks end is not reported."""
        return await self.readany(), False

    async def readexactly(self, n: int) -> bytes:
        """Read ``n`` bytes; raise ``asyncio.IncompleteReadError`` if there are fewer."""
        data = bytearray()
        while len(data) < n:
            piece = await self.read(n - len(data))
            if not piece:
                raise asyncio.IncompleteReadError(bytes(data), n)
            data += piece
        return bytes(data)


class ThrottledWriter(StreamWriter):
    """Sends one answer no faster than the simulated network, and applies its ``fault``, if any."""

    def __init__(self, protocol: Any, loop: asyncio.AbstractEventLoop, pace: Pace, piece: int) -> None:
        super().__init__(protocol, loop)
        self._pace, self._piece = pace, piece
        self._cut: int | None = None
        self._flips: dict[int, int] = {}
        self._broken = False
        self.fault: Fault | None = None
        self.sent = 0

    async def write_headers(self, status_line: str, headers: Any) -> None:
        """Send the headers. They give the length of the body, which decides where a fault strikes."""
        if self.fault and self.fault.rule.effect != "reset-upload":
            length = int(headers.get("Content-Length", 0))
            self._cut, self._flips = self.fault.cut(length), self.fault.flips(length)
        await super().write_headers(status_line, headers)

    async def write(self, chunk: Any, *, drain: bool = True, LIMIT: int = 0x10000) -> None:
        """Send a part of the body; raise ``ConnectionError`` where the fault breaks the connection."""
        view = memoryview(chunk)
        for start in range(0, len(view), self._piece):
            piece = self._corrupted(view[start : start + self._piece])
            if self._cut is not None and self.sent + len(piece) >= self._cut:
                await self._send(piece[: self._cut - self.sent])
                await self.break_off()
            await self._send(piece)

    async def write_eof(self, chunk: bytes = b"") -> None:
        """Send the last part of the body."""
        if self._broken:
            raise ConnectionResetError("the connection is broken")
        await self.write(chunk)
        if self._cut is not None:
            await self.break_off()
        await super().write_eof()

    async def _send(self, piece: memoryview | bytearray) -> None:
        if self._broken:
            raise ConnectionResetError("the connection is broken")
        if seconds := self._pace(len(piece)):
            await asyncio.sleep(seconds)
        await super().write(bytes(piece))
        self.sent += len(piece)

    def _corrupted(self, piece: memoryview) -> memoryview | bytearray:
        """Return the piece as it arrives: with the bytes flipped that the fault corrupts."""
        places = [place for place in self._flips if self.sent <= place < self.sent + len(piece)]
        if not places:
            return piece
        corrupted = bytearray(piece)
        for place in places:
            corrupted[place - self.sent] ^= self._flips[place]
        return corrupted

    async def break_off(self) -> None:
        """Break the connection once everything sent has arrived; always raises ``ConnectionError``.

        A ``truncate`` fault closes the connection in order, any other resets it.
        """
        self._broken = True
        transport = self.transport
        if transport is not None:
            self.send_headers()
            if self.fault is not None and self.fault.rule.effect == "truncate":
                await wait_until_sent(transport)
                transport.close()
            else:
                await reset(transport)
        raise ConnectionResetError("the connection is broken")
