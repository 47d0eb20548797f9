"""The objects of a public bucket, which are computed when somebody reads them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import google_crc32c

from fakehub.public_data.bucket import PublicBucket
from fakehub.storage.stored import Object

# When all of them were stored, in seconds since the epoch: 2026-06-01.
PUBLISHED = 1780272000.0
_HEADERS = {"contentType": "application/octet-stream"}


class ComputedBucket:
    """A public bucket as the store of objects sees it."""

    def __init__(self, name: str, bucket: PublicBucket) -> None:
        self._name, self._bucket = name, bucket

    def names_from(self, start: str, inclusive: bool = True) -> Iterator[str]:
        """Yield the names of the objects in order, from ``start`` on."""
        return self._bucket.names_from(start, inclusive)

    def listed(self, name: str) -> Object | None:
        """Return an object as a listing shows it, without what would have to be computed; ``None`` if there is none."""
        size = self._bucket.size(name)
        return None if size is None else self._object(name, size, b"", None)

    def complete(self, name: str) -> Object | None:
        """Return an object with its content, or ``None`` if there is none of that name."""
        if self._bucket.size(name) is None:
            return None
        data = self._bucket.read(name)
        return self._object(name, len(data), data, google_crc32c.value(data))

    def _object(self, name: str, size: int, data: bytes, crc32c: int | None) -> Object:
        number = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=5).digest())
        generation, when = int(PUBLISHED * 1e6) + number, PUBLISHED
        return Object(self._name, name, generation, 1, size, crc32c, None, when, when, _HEADERS, None, None, data)
