"""Read request bodies and decode path segments."""

from __future__ import annotations

import io
import zlib
from collections.abc import Awaitable, Callable
from urllib.parse import unquote

from aiohttp import web

from fakehub.errors import GoogleError, bad_request
from fakehub.storage.off_loop import in_thread
from fakehub.storage.spool import PIECE, Content, Received, Sink, too_large

# The largest body of a request that uploads nothing, in bytes, and the largest one after decompression.
_LONGEST, _LARGEST = 64 * 1024**2, 2**30


def decoded(part: str) -> str:
    """Decode a percent-encoded part of a path; raise ``GoogleError`` (400) if it is not UTF-8."""
    if "%" not in part and part.isascii():
        return part
    try:
        name = unquote(part, errors="strict")
        name.encode()  # fails for a lone surrogate, which stands for a byte that is not text
        return name
    except UnicodeError:
        raise bad_request("A name is UTF-8, percent-encoded.") from None


async def read_body(request: web.BaseRequest) -> bytes:
    """Return the whole body of a request that uploads nothing.

    Raises ``GoogleError``: 400 if it is incomplete or badly encoded, 413 if it is very large.
    """
    if not request.can_read_body:
        return b""
    try:
        first = await request.content.readany()
        if request.content.at_eof():
            return first
        whole = io.BytesIO()
        whole.write(first)
        while piece := await request.content.readany():
            if whole.tell() <= _LONGEST:
                whole.write(piece)
    except web.RequestPayloadError:
        raise _unreadable() from None
    if whole.tell() > _LONGEST:
        raise too_large()
    return whole.getvalue()


async def receive(request: web.BaseRequest, open_sink: Callable[[], Sink], always: bool = False) -> Content:
    """Return the body of a request that uploads an object; beyond ``PIECE`` bytes, or ``always``, through a sink.

    The sink works in a thread while the next piece arrives. Raises ``GoogleError``: 400 for a body that is incomplete
    or badly encoded, and what the sink raises. Then nothing is left of the body.
    """
    if not request.can_read_body:
        return b""
    sink: Sink | None = None
    try:
        piece = await request.content.readany()
        if request.content.at_eof() and len(piece) <= PIECE and not always:
            return piece
        batch, working = io.BytesIO(), None
        while piece:
            batch.write(piece)
            if batch.tell() >= PIECE:
                sink = sink or open_sink()
                if working:
                    await working
                # The buffer's content is not copied, as nothing else is written to it.
                working, batch = in_thread(sink.feed, batch.getvalue()), io.BytesIO()
            piece = await request.content.readany()
        if sink is None and not always:
            return batch.getvalue()
        sink = sink or open_sink()
        return await _finish(sink, working, batch.getvalue())
    except BaseException as error:
        if sink:
            sink.discard()
        if isinstance(error, web.RequestPayloadError):
            raise _unreadable() from None
        raise


async def _finish(sink: Sink, working: Awaitable[None] | None, rest: bytes) -> Received:
    if working:
        await working
    return await in_thread(_feed_and_finish, sink, rest)


def _feed_and_finish(sink: Sink, rest: bytes) -> Received:
    if rest:
        sink.feed(rest)
    return sink.finish()


def _unreadable() -> GoogleError:
    return bad_request("The request's body could not be read.")


def decompressed(body: bytes, encoding: str) -> bytes:
    """Undo a compression for transport only; raise ``GoogleError`` (400) if the body is not in that ``encoding``."""
    if not is_gzip(encoding):
        return body
    gzip = zlib.decompressobj(_GZIP)
    try:
        text = gzip.decompress(body, _LARGEST)
    except zlib.error:
        raise _not_gzip() from None
    if not gzip.eof:
        raise bad_request(f"The request's body does not end, or has more than {_LARGEST} bytes.")
    return text


_GZIP = 16 + zlib.MAX_WBITS


def is_gzip(encoding: str | None) -> bool:
    """Return whether a ``Content-Encoding`` is gzip."""
    return encoding is not None and encoding.strip().lower() == "gzip"


def _not_gzip() -> GoogleError:
    return bad_request("The request's body is not gzip, as its Content-Encoding says.")


class Gunzip:
    """A sink that decompresses what it gets, and passes it to another sink in pieces of limited size."""

    def __init__(self, sink: Sink) -> None:
        self._sink, self._gzip = sink, zlib.decompressobj(_GZIP)
        self._broken = False

    def feed(self, piece: bytes) -> None:
        """Decompress a piece."""
        try:
            while piece and not self._broken and not self._gzip.eof:
                if text := self._gzip.decompress(piece, PIECE):
                    self._sink.feed(text)
                piece = self._gzip.unconsumed_tail
        except zlib.error:
            self._broken = True

    def finish(self) -> Received:
        """Return the decompressed content; raise ``GoogleError`` (400) if the body was not gzip, or incomplete."""
        while not self._broken and not self._gzip.eof and (text := self._gzip.decompress(b"", PIECE)):
            self._sink.feed(text)
        if self._broken:
            raise _not_gzip()
        if not self._gzip.eof:
            raise bad_request("The request's body does not end, as gzip does.")
        return self._sink.finish()

    def discard(self) -> None:
        """Remove what was written."""
        self._sink.discard()
