"""The checksum of HDF5's Fletcher32 filter (``numcodecs.fletcher32``)."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
from numcodecs.abc import Codec
from numcodecs.compat import ensure_contiguous_ndarray, ndarray_copy


def _checksum(data: bytes) -> int:
    words = np.frombuffer(data + b"\0" * (len(data) % 2), ">u2").astype("u8")
    # Sums of ones' complement: a carry is added again, so they are remainders of 65535 that are 0 for zeros only.
    first = int(words.sum())
    second = sum(int(value) * weight for value, weight in zip(words, range(len(words), 0, -1), strict=True))
    return _folded(second) << 16 | _folded(first)


def _folded(total: int) -> int:
    return total and (total - 1) % 0xFFFF + 1


class Fletcher32(Codec):
    """The codec ``fletcher32``, which appends a checksum to the data."""

    codec_id = "fletcher32"

    def encode(self, buf: Any) -> bytes:
        """Return ``buf`` with its checksum at the end."""
        data = ensure_contiguous_ndarray(buf).tobytes()
        return data + struct.pack("<I", _checksum(data))

    def decode(self, buf: Any, out: Any = None) -> Any:
        """Return ``buf`` without its checksum; raise ``RuntimeError`` if that is wrong."""
        whole = ensure_contiguous_ndarray(buf).tobytes()
        data, (found,) = whole[:-4], struct.unpack("<I", whole[-4:])
        value = _checksum(data)
        if value != found:
            raise RuntimeError(
                f"The fletcher32 checksum of the data ({value}) did not match the expected checksum ({found}).\n"
                "This could be a sign that the data has been corrupted."
            )
        return data if out is None else ndarray_copy(data, out)
