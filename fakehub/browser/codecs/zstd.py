"""Zstandard with the compressor of Python 3.14 (``numcodecs.zstd``)."""

from __future__ import annotations

import sys
from typing import Any

from numcodecs.abc import Codec
from numcodecs.compat import ensure_bytes, ensure_contiguous_ndarray, ndarray_copy

if sys.version_info >= (3, 14):
    from compression import zstd
else:  # only in tests
    from backports import zstd

DEFAULT_CLEVEL = 0
MAX_CLEVEL = zstd.CompressionParameter.compression_level.bounds()[1]
__version__ = ".".join(map(str, zstd.zstd_version_info))


def compress(source: Any, level: int = DEFAULT_CLEVEL, checksum: bool = False) -> bytes:
    """Compress ``source`` into one frame, which states its size."""
    options: dict[int, int] = {
        zstd.CompressionParameter.compression_level: min(level, MAX_CLEVEL),
        zstd.CompressionParameter.checksum_flag: int(checksum),
    }
    return bytes(zstd.compress(ensure_bytes(source), options=options))


def decompress(source: Any, dest: Any = None) -> Any:
    """Decompress all frames of ``source``, into ``dest`` if given; raise ``RuntimeError`` for other data."""
    try:
        data = zstd.decompress(ensure_bytes(source))
    except zstd.ZstdError as error:
        raise RuntimeError("Zstd decompression error: invalid input data") from error
    return data if dest is None else ndarray_copy(data, dest)


class Zstd(Codec):
    """The codec ``zstd``."""

    codec_id = "zstd"
    max_buffer_size = 2**31 - 1

    def __init__(self, level: int = DEFAULT_CLEVEL, checksum: bool = False) -> None:
        self.level, self.checksum = level, checksum

    def encode(self, buf: Any) -> bytes:
        """Compress ``buf``."""
        return compress(ensure_contiguous_ndarray(buf, self.max_buffer_size), self.level, self.checksum)

    def decode(self, buf: Any, out: Any = None) -> Any:
        """Decompress ``buf``."""
        return decompress(ensure_contiguous_ndarray(buf, self.max_buffer_size), out)

    @classmethod
    def default_level(cls) -> int:
        """Return the level that level 0 means."""
        return int(zstd.COMPRESSION_LEVEL_DEFAULT)

    @classmethod
    def min_level(cls) -> int:
        """Return the lowest level."""
        return int(zstd.CompressionParameter.compression_level.bounds()[0])

    @classmethod
    def max_level(cls) -> int:
        """Return the highest level."""
        return int(MAX_CLEVEL)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(level={self.level!r})"
