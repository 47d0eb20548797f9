"""Read request bodies and decode path segments."""

from __future__ import annotations

import io
import zlib
from urllib.parse import unquote

from aiohttp import web

from fakehub.errors import bad_request

# The largest size of a compressed body after decompression, in bytes.
_LARGEST = 2**30


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
    """Return the whole body of a request; raise ``GoogleError`` (400) if it is incomplete or badly encoded."""
    if not request.can_read_body:
        return b""
    try:
        first = await request.content.readany()
        if request.content.at_eof():
            return first
        # Copy pieces together as they arrive: a list of them, joined at the end, would take the size twice.
        whole = io.BytesIO()
        whole.write(first)
        while piece := await request.content.readany():
            whole.write(piece)
        return whole.getvalue()
    except web.RequestPayloadError:
        raise bad_request("The request's body could not be read.") from None


def decompressed(body: bytes, encoding: str) -> bytes:
    """Undo a compression for transport only; raise ``GoogleError`` (400) if the body is not in that ``encoding``."""
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
