"""Downloads: the whole object or a range of it, with the checksums that clients compare."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from typing import BinaryIO

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.payload import Payload

from fakehub.errors import GoogleError
from fakehub.storage.off_loop import in_thread
from fakehub.storage.spool import PIECE
from fakehub.storage.stored import Object, checksums

_GZIP = 16 + zlib.MAX_WBITS
# The largest number of bytes of a body to send in one piece.
_PIECE = 256 * 1024
# An object's headers by their names in its resource and in a response.
_RESPONSE_HEADERS = (
    ("contentEncoding", "Content-Encoding"),
    ("contentDisposition", "Content-Disposition"),
    ("contentLanguage", "Content-Language"),
    ("cacheControl", "Cache-Control"),
)


def media(stored: Object, request_headers: Mapping[str, str], head_only: bool) -> web.Response:
    """Return the content of ``stored``, or the range that the request names; raise ``GoogleError`` (416).

    A large body is read while it is sent. An object stored compressed is sent decompressed, whole and without its
    length, to a client that does not accept gzip (https://cloud.google.com/storage/docs/transcoding).
    """
    sums = checksums(stored)
    hashes = f"crc32c={sums['crc32c']}" + (f",md5={sums['md5Hash']}" if "md5Hash" in sums else "")
    headers = {
        "Content-Type": stored.headers.get("contentType", "application/octet-stream"),
        "x-goog-generation": str(stored.generation),
        "x-goog-metageneration": str(stored.metageneration),
        "x-goog-hash": hashes,
        "x-goog-stored-content-length": str(stored.size),
        "x-goog-stored-content-encoding": stored.headers.get("contentEncoding", "identity"),
        "x-goog-storage-class": stored.headers.get("storageClass", "STANDARD"),
    }
    for key, header in _RESPONSE_HEADERS:
        if key in stored.headers:
            headers[header] = stored.headers[key]
    status, data = 200, _decompressed(stored, request_headers)
    decompressed = data is not None
    if data is not None:
        headers |= {"Vary": "Accept-Encoding", "Warning": "214 UploadServer gunzipped"}
        del headers["Content-Encoding"]
    else:
        headers["Accept-Ranges"] = "bytes"
        start, stop = 0, stored.size
        span = _span(request_headers.get("Range"), stored.size)
        if span:
            start, stop = span
            headers["Content-Range"] = f"bytes {start}-{stop - 1}/{stored.size}"
            status = 206
        if head_only or stop - start > _PIECE:
            headers["Content-Length"] = str(stop - start)
        data = b"" if head_only else _part(stored, start, stop)
    response = web.Response(status=status, body=None if head_only else data, headers=headers)
    if decompressed:  # Google decompresses while it sends, and does not know the length before
        response.enable_chunked_encoding()
    return response


def _part(stored: Object, start: int, stop: int) -> bytes | Payload:
    """Return the bytes from ``start`` to ``stop``, as a payload if they are many."""
    if stop - start <= _PIECE:
        return stored.read(start, stop)
    if isinstance(stored.data, bytes):
        return _Pieces(stored.read(start, stop))
    return _FromFile(stored.open(start), stop - start)


class _Pieces(Payload):
    """A large body, sent in pieces: TLS would copy and encrypt it several times slower as a whole."""

    async def write(self, writer: AbstractStreamWriter) -> None:
        """Send the body."""
        await _write(writer, self._value)

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """Return the body as text."""
        return bytes(self._value).decode(encoding, errors)


class _FromFile(Payload):
    """A part of an open file, read in a thread and sent in pieces."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        super().__init__(file)
        self._left = size

    async def write(self, writer: AbstractStreamWriter) -> None:
        """Send the body and close the file."""
        with self._value as file:
            while piece := await in_thread(self._next, file):
                await _write(writer, piece)

    def _next(self, file: BinaryIO) -> bytes:
        piece = file.read(min(PIECE, self._left))
        self._left -= len(piece)
        return piece

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """Refuse to return a large body as text."""
        raise TypeError("a large body is not text")


class _Gunzipped(_FromFile):
    """The decompressed content of an open file."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        super().__init__(file, size)
        self._gzip = zlib.decompressobj(_GZIP)

    def _next(self, file: BinaryIO) -> bytes:
        while not self._gzip.eof:
            packed = self._gzip.unconsumed_tail or super()._next(file)
            if text := self._gzip.decompress(packed, PIECE):
                return text
            if not packed:
                break
        return b""


async def _write(writer: AbstractStreamWriter, data: bytes) -> None:
    whole = memoryview(data)
    for start in range(0, len(whole), _PIECE):
        await writer.write(whole[start : start + _PIECE])


def _decompressed(stored: Object, request_headers: Mapping[str, str]) -> bytes | Payload | None:
    """Return the decompressed content, or ``None`` if the data are sent as stored."""
    if stored.headers.get("contentEncoding") != "gzip" or "no-transform" in stored.headers.get("cacheControl", ""):
        return None
    if _accepts_gzip(request_headers.get("Accept-Encoding", "")):
        return None
    try:
        if stored.size > PIECE:
            zlib.decompressobj(_GZIP).decompress(stored.read(0, _PIECE), _PIECE)
            return _Gunzipped(stored.open(), stored.size)
        gzip = zlib.decompressobj(_GZIP)
        text = gzip.decompress(stored.read(), PIECE)
        if gzip.unconsumed_tail:  # a thousand times larger than it is stored, perhaps
            return _Gunzipped(stored.open(), stored.size)
        return text if gzip.eof else None
    except zlib.error:  # not gzip, in spite of its contentEncoding
        return None


def _accepts_gzip(header: str) -> bool:
    """Return whether ``Accept-Encoding`` names gzip, and not with the weight 0, which refuses it."""
    for item in header.lower().split(","):
        name, _, weight = item.partition(";")
        if name.strip() == "gzip":
            return not re.fullmatch(r"\s*q\s*=\s*0(\.0*)?\s*", weight)
    return False


def _span(header: str | None, size: int) -> tuple[int, int] | None:
    """Return the first byte of a ``Range`` header and the one after its last; ``None`` for the whole object."""
    if header is None:
        return None
    match = re.fullmatch(r"bytes=([0-9]{0,18})-([0-9]{0,18})", header.strip())
    if not match or match.groups() == ("", ""):
        return None
    first, last = match.groups()
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
