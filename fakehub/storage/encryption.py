"""Refuse the headers about keys for encryption, which neither API of the stand-in implements."""

from __future__ import annotations

from collections.abc import Mapping

from fakehub.errors import not_implemented

REFUSED_HEADERS = (
    "x-goog-encryption-algorithm",
    "x-goog-encryption-kms-key-name",
    "x-goog-copy-source-encryption-algorithm",
)


def refuse_keys(headers: Mapping[str, str], method: str) -> None:
    """Raise ``GoogleError`` (400), which names a header about keys and the method of the request."""
    for name in REFUSED_HEADERS:
        if name in headers:
            raise not_implemented(f"the header {name} of {method}")
