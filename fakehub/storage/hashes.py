"""Checksums of an object's data: those that a client gives, compared with those of what arrived."""

from __future__ import annotations

import base64
from collections.abc import Sequence

from fakehub.errors import bad_request

# Checksums that a client gives: pairs of the kind (``md5`` or ``crc32c``) and the value in base64.
Hashes = Sequence[tuple[str, str]]


def check_hashes(given: Hashes, crc32c: int, md5: bytes | None) -> None:
    """Raise ``GoogleError`` (400) if a checksum that a request gives differs from that of its data."""
    for kind, wanted in given:
        if kind == "md5" and md5 and wanted != base64.b64encode(md5).decode():
            raise bad_request(f"Provided MD5 hash {wanted!r} doesn't match calculated MD5 hash.")
        if kind == "crc32c" and wanted != (real := base64_crc32c(crc32c)):
            raise bad_request(f"Provided CRC32C {wanted!r} doesn't match calculated CRC32C {real!r}.")


def base64_crc32c(value: int) -> str:
    """Return a CRC32C as the API shows it."""
    return base64.b64encode(value.to_bytes(4, "big")).decode()
