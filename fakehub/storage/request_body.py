"""Read request bodies and decode path segments."""

from __future__ import annotations

import io
import zlib
from urllib.parse import unquote

from aiohttp import web

from fakehub.errors import bad_request

# The largest body that is taken compressed, in bytes of what is in it.
_LARGEST = 2**30


def decoded(part: str) -> str:
    """A percent-encoded part of a path; raises ``GoogleError`` (400) when it is not UTF-8."""
    if "%" not in part and part.isascii():
        return part
    try:
        name = unquote(part, errors="strict")
        name.encode()  # a byte that is no text arrives as a lone surrogate
        return name
    except UnicodeError:
        raise bad_request("A name is UTF-8, percent-encoded.") from None


async def read_body(request: web.BaseRequest) -> bytes:
    """The whole body of a request; raises ``GoogleError`` (400) when it is cut short or badly encoded."""
    if not request.can_read_body:
        return b""
    try:
        first = await request.content.readany()
        if request.content.at_eof():
            return first
        # Pieces are copied together as they come: held until the end, a large body would take its size twice.
        whole = io.BytesIO()
        whole.write(first)
        while piece := await request.content.readany():
            whole.write(piece)
        return whole.getvalue()
    except web.RequestPayloadError:
        raise bad_request("The request's body could not be read.") from None


def decompressed(body: bytes, encoding: str) -> bytes:
    """A body that was compressed on its way only; raises ``GoogleError`` (400) when it is not what it says."""
    if encoding.strip().lower() != "gzip":
        return body
    gzip = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        text = gzip.decompress(body, _LARGEST)
    except zlib.error:
        raise bad_request("The request's body is not gzip, as its Content-Encoding says.") from None
    if not gzip.eof:
        raise bad_request(f"The request's body does not end, or has more than {_LARGEST} bytes.")
    return text
