"""Texts, bytes and arrays of different lengths in one buffer (``numcodecs.vlen``).

A buffer begins with the number of items. Before each item is its length in bytes. Both are 32-bit little-endian.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numcodecs.abc import Codec
from numcodecs.compat import ensure_bytes, ensure_contiguous_ndarray


def _pack(items: Iterable[bytes]) -> bytearray:
    parts = list(items)
    packed = bytearray(struct.pack("<I", len(parts)))
    for part in parts:
        packed += struct.pack("<I", len(part)) + part
    return packed


def _unpack(buf: Any, out: Any, item: Callable[[bytes], Any]) -> Any:
    data = ensure_bytes(buf)
    if len(data) < 4:
        raise ValueError("corrupt buffer, missing or truncated header")
    (count,) = struct.unpack_from("<I", data)
    result = np.empty(count, dtype=object) if out is None else _checked(out, count)
    at = 4
    for number in range(count):
        if at + 4 > len(data):
            raise ValueError("corrupt buffer, data seem truncated")
        (size,) = struct.unpack_from("<I", data, at)
        at += 4
        if at + size > len(data):
            raise ValueError("corrupt buffer, data seem truncated")
        result[number] = item(data[at : at + size])
        at += size
    return result


def _checked(out: Any, count: int) -> Any:
    """Return ``out`` as one dimension; raise unless it is an array of objects with room for ``count`` of them."""
    if not isinstance(out, np.ndarray):
        raise TypeError("out must be 1-dimensional array")
    if out.dtype != object:
        raise ValueError("out must be object array")
    flat = out.reshape(-1, order="A")
    if len(flat) < count:
        raise ValueError("out is too small")
    return flat


def _items(buf: Any) -> Any:
    return np.asarray(buf, dtype=object).reshape(-1, order="A")


class VLenUTF8(Codec):
    """The codec ``vlen-utf8`` for texts; ``None`` is stored as an empty one."""

    codec_id = "vlen-utf8"

    def encode(self, buf: Any) -> bytearray:
        """Pack the texts in ``buf``."""
        return _pack(("" if text is None or text == 0 else text).encode() for text in _items(buf))

    def decode(self, buf: Any, out: Any = None) -> Any:
        """Return the texts as an array of objects."""
        return _unpack(buf, out, bytes.decode)


class VLenBytes(Codec):
    """The codec ``vlen-bytes``; ``None`` is stored as empty bytes."""

    codec_id = "vlen-bytes"

    def encode(self, buf: Any) -> bytearray:
        """Pack the bytes in ``buf``."""
        return _pack(b"" if item is None or item == 0 else bytes(item) for item in _items(buf))

    def decode(self, buf: Any, out: Any = None) -> Any:
        """Return the bytes as an array of objects."""
        return _unpack(buf, out, bytes)


class VLenArray(Codec):
    """The codec ``vlen-array`` for arrays of one dimension with the same type; ``None`` is stored as an empty one."""

    codec_id = "vlen-array"

    def __init__(self, dtype: Any) -> None:
        self.dtype = np.dtype(dtype)

    def get_config(self) -> dict[str, Any]:
        """Return the configuration that makes the same codec."""
        return {"id": self.codec_id, "dtype": self.dtype.str}

    def encode(self, buf: Any) -> bytearray:
        """Pack the arrays in ``buf``."""
        arrays = (np.asarray([] if item is None else item, dtype=self.dtype) for item in _items(buf))
        return _pack(ensure_contiguous_ndarray(array).tobytes() for array in arrays)

    def decode(self, buf: Any, out: Any = None) -> Any:
        """Return the arrays as an array of objects."""
        return _unpack(buf, out, lambda data: np.frombuffer(data, dtype=self.dtype))

    def __repr__(self) -> str:
        return f"VLenArray(dtype={self.dtype.str!r})"
