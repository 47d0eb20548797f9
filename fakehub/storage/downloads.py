"""Downloads: the whole object or a range of it, with the checksums clients compare."""

from __future__ import annotations

import re
from typing import Any

from aiohttp import web

from fakehub.errors import GoogleError
from fakehub.storage.objects import Object, checksums


def media(found: Object, request_headers: Any, head_only: bool) -> web.Response:
    """The content of ``found``, or the range the request names; raises ``GoogleError`` (416)."""
    sums = checksums(found)
    hashes = f"crc32c={sums['crc32c']}" + (f",md5={sums['md5Hash']}" if "md5Hash" in sums else "")
    headers = {
        "Content-Type": found.headers.get("contentType", "application/octet-stream"),
        "ETag": f'"{found.md5.hex()}"' if found.md5 else f'"{found.generation}"',
        "Accept-Ranges": "bytes",
        "x-goog-generation": str(found.generation),
        "x-goog-metageneration": str(found.metageneration),
        "x-goog-hash": hashes,
        "x-goog-stored-content-length": str(found.size),
        "x-goog-storage-class": "STANDARD",
    }
    if found.headers.get("contentEncoding"):
        headers["Content-Encoding"] = found.headers["contentEncoding"]
    data, status = found.read(), 200
    span = _span(request_headers.get("Range"), found.size)
    if span:
        start, stop = span
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{found.size}"
        data, status = data[start:stop], 206
    if head_only:
        headers["Content-Length"] = str(len(data))
        return web.Response(status=status, headers=headers)
    return web.Response(status=status, body=data, headers=headers)


def _span(header: str | None, size: int) -> tuple[int, int] | None:
    """First byte and the one behind the last of a ``Range`` header; ``None`` for the whole object."""
    found = re.fullmatch(r"bytes=(\d*)-(\d*)", (header or "").strip())
    if not found or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if not first:
        start, stop = max(0, size - int(last)), size
    else:
        start, stop = int(first), min(size, int(last) + 1) if last else size
    if start >= size or stop <= start:
        message = f"The requested range cannot be satisfied: the object has {size} bytes."
        raise GoogleError(416, "requestedRangeNotSatisfiable", message)
    return start, stop
