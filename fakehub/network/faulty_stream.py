"""The line between a client and the stand-in while it is slow or faulty: bodies pass in pieces, and may break off."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from aiohttp import StreamReader
from aiohttp.http import StreamWriter

from fakehub.network.faults import Fault
from fakehub.network.reset import flushed, reset

# How long so many bytes take, in seconds.
Pace = Callable[[int], float]


class ThrottledBody:
    """The body of a request, no faster than the network lets it in."""

    def __init__(self, body: StreamReader, pace: Pace, piece: int) -> None:
        self._body, self._pace, self._piece = body, pace, piece

    def __getattr__(self, name: str) -> Any:
        return getattr(self._body, name)

    async def read(self, n: int = -1) -> bytes:
        """At most ``n`` bytes; all of them for -1."""
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
        """The next piece."""
        return await self.read(self._piece)

    async def readchunk(self) -> tuple[bytes, bool]:
        """The next piece; ends of the client's own chunks are not told."""
        return await self.readany(), False

    async def readexactly(self, n: int) -> bytes:
        """``n`` bytes; raises ``asyncio.IncompleteReadError`` when there are fewer."""
        found = bytearray()
        while len(found) < n:
            piece = await self.read(n - len(found))
            if not piece:
                raise asyncio.IncompleteReadError(bytes(found), n)
            found += piece
        return bytes(found)


class ThrottledWriter(StreamWriter):
    """Sends one answer, no faster than the network, with the ``fault`` that strikes it."""

    def __init__(self, protocol: Any, loop: asyncio.AbstractEventLoop, pace: Pace, piece: int) -> None:
        super().__init__(protocol, loop)
        self._pace, self._piece = pace, piece
        self._cut: int | None = None
        self._flips: dict[int, int] = {}
        self._broken = False
        self.fault: Fault | None = None
        self.sent = 0

    async def write_headers(self, status_line: str, headers: Any) -> None:
        """The head of the answer: with it the length is known, and so where the body goes wrong."""
        if self.fault and self.fault.rule.effect != "reset-upload":
            length = int(headers.get("Content-Length", 0))
            self._cut, self._flips = self.fault.cut(length), self.fault.flips(length)
        await super().write_headers(status_line, headers)

    async def write(self, chunk: Any, *, drain: bool = True, LIMIT: int = 0x10000) -> None:
        """A part of the body; raises ``ConnectionError`` where the line breaks."""
        view = memoryview(chunk)
        for start in range(0, len(view), self._piece):
            piece = self._changed(view[start : start + self._piece])
            if self._cut is not None and self.sent + len(piece) >= self._cut:
                await self._pass(piece[: self._cut - self.sent])
                await self.break_off()
            await self._pass(piece)

    async def write_eof(self, chunk: bytes = b"") -> None:
        """The last part of the body."""
        if self._broken:
            raise ConnectionResetError("the line is broken")
        await self.write(chunk)
        if self._cut is not None:
            await self.break_off()
        await super().write_eof()

    async def _pass(self, piece: Any) -> None:
        if self._broken:
            raise ConnectionResetError("the line is broken")
        if seconds := self._pace(len(piece)):
            await asyncio.sleep(seconds)
        await super().write(bytes(piece))
        self.sent += len(piece)

    def _changed(self, piece: memoryview) -> Any:
        places = [place for place in self._flips if self.sent <= place < self.sent + len(piece)]
        if not places:
            return piece
        changed = bytearray(piece)
        for place in places:
            changed[place - self.sent] ^= self._flips[place]
        return changed

    async def break_off(self) -> None:
        """End the connection as the fault wants it, what was sent having arrived; raises ``ConnectionError``."""
        self._broken = True
        transport = self.transport
        if transport is not None:
            self.send_headers()
            if self.fault.rule.effect == "truncate":
                await flushed(transport)
                transport.close()
            else:
                await reset(transport)
        raise ConnectionResetError("the line is broken")
