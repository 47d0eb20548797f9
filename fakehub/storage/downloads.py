"""Downloads: the whole object or a range of it, with the checksums clients compare."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.payload import Payload

from fakehub.errors import GoogleError
from fakehub.storage.store import Object, checksums

_GZIP = 16 + zlib.MAX_WBITS
# Bytes of a body that are sent at once.
_PIECE = 256 * 1024
# Headers of an object as its resource and as an answer names them.
_SHOWN = (
    ("contentEncoding", "Content-Encoding"),
    ("contentDisposition", "Content-Disposition"),
    ("contentLanguage", "Content-Language"),
    ("cacheControl", "Cache-Control"),
)


def media(found: Object, request_headers: Mapping[str, str], head_only: bool) -> web.Response:
    """The content of ``found``, or the range the request names; raises ``GoogleError`` (416).

    What is stored compressed is sent decompressed, and whole, to a client that does not accept gzip.
    """
    sums = checksums(found)
    hashes = f"crc32c={sums['crc32c']}" + (f",md5={sums['md5Hash']}" if "md5Hash" in sums else "")
    headers = {
        "Content-Type": found.headers["contentType"],
        "ETag": f'"{found.md5.hex()}"' if found.md5 else f'"{found.generation}"',
        "x-goog-generation": str(found.generation),
        "x-goog-metageneration": str(found.metageneration),
        "x-goog-hash": hashes,
        "x-goog-stored-content-length": str(found.size),
        "x-goog-stored-content-encoding": found.headers.get("contentEncoding", "identity"),
        "x-goog-storage-class": found.headers.get("storageClass", "STANDARD"),
    }
    for key, header in _SHOWN:
        if key in found.headers:
            headers[header] = found.headers[key]
    status, data = 200, _decompressed(found, request_headers)
    if data is not None:
        headers |= {"Vary": "Accept-Encoding", "Warning": "214 UploadServer gunzipped"}
        del headers["Content-Encoding"]
    else:
        headers["Accept-Ranges"] = "bytes"
        start, stop = 0, None
        span = _span(request_headers.get("Range"), found.size)
        if span:
            start, stop = span
            headers["Content-Range"] = f"bytes {start}-{stop - 1}/{found.size}"
            status = 206
        data = found.read(start, stop)
    if head_only or len(data) > _PIECE:
        headers["Content-Length"] = str(len(data))
        return web.Response(status=status, body=None if head_only else _Pieces(data), headers=headers)
    return web.Response(status=status, body=data, headers=headers)


class _Pieces(Payload):
    """A large body, sent in pieces: as a whole it would be copied and encrypted several times slower."""

    async def write(self, writer: AbstractStreamWriter) -> None:
        """Send it."""
        whole = memoryview(self._value)
        for start in range(0, len(whole), _PIECE):
            await writer.write(whole[start : start + _PIECE])

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """The body as text."""
        return bytes(self._value).decode(encoding, errors)


def _decompressed(found: Object, request_headers: Mapping[str, str]) -> bytes | None:
    """What the object's data hold, ``None`` when they are sent as stored."""
    if found.headers.get("contentEncoding") != "gzip" or "no-transform" in found.headers.get("cacheControl", ""):
        return None
    if "gzip" in request_headers.get("Accept-Encoding", ""):
        return None
    try:
        return zlib.decompress(found.read(), _GZIP)
    except zlib.error:  # it only says that it is gzip
        return None


def _span(header: str | None, size: int) -> tuple[int, int] | None:
    """First byte and the one behind the last of a ``Range`` header; ``None`` for the whole object."""
    if header is None:
        return None
    found = re.fullmatch(r"bytes=([0-9]{0,18})-([0-9]{0,18})", header.strip())
    if not found or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if not first:
        start, stop = max(0, size - int(last)), size
    else:
        start, stop = int(first), min(size, int(last) + 1) if last else size
    if last and first and int(last) < int(first):
        return None
    if start >= size or stop <= start:
        message = f"The requested range cannot be satisfied: the object has {size} bytes."
        raise GoogleError(416, "requestedRangeNotSatisfiable", message)
    return start, stop
