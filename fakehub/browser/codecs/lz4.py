"""LZ4, which Python does not have: the codec exists, and says so when it is used (``numcodecs.lz4``)."""

from __future__ import annotations

from typing import Any, NoReturn

from numcodecs.abc import Codec

DEFAULT_ACCELERATION = 1
__version__ = "1.10.0"


def compress(source: Any, acceleration: int = DEFAULT_ACCELERATION) -> NoReturn:
    """Raise ``RuntimeError``."""
    raise RuntimeError("LZ4 does not run in a browser; use Zstd, or run this cell on the hub")


def decompress(source: Any, dest: Any = None) -> NoReturn:
    """Raise ``RuntimeError``."""
    compress(source)


class LZ4(Codec):
    """The codec ``lz4``."""

    codec_id = "lz4"

    def __init__(self, acceleration: int = DEFAULT_ACCELERATION) -> None:
        self.acceleration = acceleration

    def encode(self, buf: Any) -> NoReturn:
        """Raise ``RuntimeError``."""
        compress(buf)

    def decode(self, buf: Any, out: Any = None) -> NoReturn:
        """Raise ``RuntimeError``."""
        compress(buf)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(acceleration={self.acceleration!r})"
