"""Blosc's format with Python's own compressors (``numcodecs.blosc``).

The format: https://github.com/Blosc/c-blosc/blob/main/README_CHUNK_FORMAT.rst. Data are written as one block that is
not split. ``zstd`` and ``zlib`` are what they say; for all other compressors zlib is used, at the same level.
"""

from __future__ import annotations

import struct
import zlib
from typing import Any

import numpy as np
from numcodecs import zstd
from numcodecs.abc import Codec
from numcodecs.compat import ensure_contiguous_ndarray, ndarray_copy

from fakehub.browser.codecs.byte_shuffle import shuffled, unshuffled

NOSHUFFLE, SHUFFLE, BITSHUFFLE, AUTOSHUFFLE = 0, 1, 2, -1
AUTOBLOCKS = 0
MAX_OVERHEAD, MAX_BUFFERSIZE, MAX_THREADS, MAX_TYPESIZE = 16, 2**31 - 17, 256, 255
VERSION_STRING, VERSION_DATE = "1.21.6", ""
_COMPRESSORS = ("blosclz", "lz4", "lz4hc", "snappy", "zlib", "zstd")
_NAMES = ("AUTOSHUFFLE", "NOSHUFFLE", "SHUFFLE", "BITSHUFFLE")
# Format version, version of the compressor, flags, size of an item; sizes of data, block and compressed data.
_HEADER = struct.Struct("<4B3I")
_FORMAT = 2
_BYTES_SHUFFLED, _STORED, _BITS_SHUFFLED, _NOT_SPLIT = 1, 2, 4, 16
# The compressors' numbers in the upper three bits of the flags.
_LIBRARIES = {3: "zlib", 4: "zstd"}
_ZLIB, _ZSTD = 3, 4


def _init() -> None:
    """Do nothing: there is nothing to prepare."""


_destroy = _init


def list_compressors() -> list[str]:
    """Return the names of the compressors."""
    return list(_COMPRESSORS)


def set_nthreads(nthreads: int) -> int:
    """Return the number of threads, which is always 1."""
    return 1


def get_nthreads() -> int:
    """Return the number of threads, which is always 1."""
    return 1


def compress(
    source: Any,
    cname: bytes,
    clevel: int,
    shuffle: int = SHUFFLE,
    blocksize: int = AUTOBLOCKS,
    typesize: int | None = None,
) -> bytes:
    """Compress ``source``, whose items are as large as those of its array unless ``typesize`` says otherwise."""
    name = cname.decode()
    if name not in _COMPRESSORS:
        raise ValueError(f"bad compressor or compressor not supported: {name!r}; expected one of {list_compressors()}")
    if shuffle not in (AUTOSHUFFLE, NOSHUFFLE, SHUFFLE, BITSHUFFLE):
        raise ValueError(f"invalid shuffle argument; expected -1, 0, 1 or 2, found {shuffle!r}")
    array = ensure_contiguous_ndarray(source)
    itemsize = typesize or array.dtype.itemsize
    if shuffle == AUTOSHUFFLE:
        shuffle = BITSHUFFLE if itemsize == 1 else SHUFFLE
    data, flags = array.view("u1").reshape(-1), 0
    if clevel and itemsize <= MAX_TYPESIZE and len(data) >= itemsize:
        if shuffle == SHUFFLE and itemsize > 1:
            data, flags = shuffled(data, itemsize), _BYTES_SHUFFLED
        elif shuffle == BITSHUFFLE:
            data, flags = _bits_shuffled(data, itemsize), _BITS_SHUFFLED
    itemsize = itemsize if itemsize <= MAX_TYPESIZE else 1
    library = _ZSTD if name == "zstd" else _ZLIB
    packed = zstd.compress(data, min(clevel * 2 + 1, 22)) if library == _ZSTD else zlib.compress(data, clevel)
    size = array.nbytes
    total = _HEADER.size + 8 + len(packed)
    if not clevel or total >= size + _HEADER.size:  # as Blosc does when nothing is gained
        head = _HEADER.pack(_FORMAT, 1, _STORED | library << 5, itemsize, size, size, size + _HEADER.size)
        return head + array.view("u1").tobytes()
    head = _HEADER.pack(_FORMAT, 1, flags | _NOT_SPLIT | library << 5, itemsize, size, size, total)
    # The place of the only block, and the size of its only stream.
    return head + struct.pack("<2I", _HEADER.size + 4, len(packed)) + packed


def decompress(source: Any, dest: Any = None) -> Any:
    """Decompress ``source``, into ``dest`` if given; raise ``RuntimeError`` for damaged data and other compressors."""
    content = ensure_contiguous_ndarray(source).view("u1").tobytes()
    if len(content) < _HEADER.size:
        raise RuntimeError("error during blosc decompression: -1")
    _, _, flags, itemsize, size, blocksize, total = _HEADER.unpack_from(content)
    if total != len(content):
        raise RuntimeError("error during blosc decompression: -1")
    if flags & _STORED:
        data = content[_HEADER.size : _HEADER.size + size]
    else:
        data = _blocks(content, flags, itemsize, size, blocksize)
    return data if dest is None else ndarray_copy(data, dest)


def _blocks(content: bytes, flags: int, itemsize: int, size: int, blocksize: int) -> bytes:
    library = _LIBRARIES.get(flags >> 5)
    if library is None:
        raise RuntimeError("these data were compressed with LZ4, BloscLZ or Snappy, which a browser does not have")
    blocks = []
    for number, start in enumerate(range(0, size, blocksize)):
        length = min(blocksize, size - start)
        (at,) = struct.unpack_from("<I", content, _HEADER.size + 4 * number)
        # A last block that is shorter is never split.
        streams = 1 if flags & _NOT_SPLIT or length < blocksize else itemsize
        data = np.frombuffer(_streams(content, at, library, streams, length), "u1")
        if flags & _BYTES_SHUFFLED and itemsize > 1:
            data = unshuffled(data, itemsize)
        elif flags & _BITS_SHUFFLED:
            data = _bits_unshuffled(data, itemsize)
        blocks.append(data.tobytes())
    return b"".join(blocks)


def _streams(content: bytes, at: int, library: str, streams: int, length: int) -> bytes:
    """Decompress the streams of the block that begins at ``at``."""
    parts = []
    for _ in range(streams):
        (size,) = struct.unpack_from("<I", content, at)
        packed = content[at + 4 : at + 4 + size]
        at += 4 + size
        if size == length // streams:  # stored as it was
            parts.append(packed)
        else:
            parts.append(zstd.decompress(packed) if library == "zstd" else zlib.decompress(packed))
    return b"".join(parts)


def _bits_shuffled(data: Any, itemsize: int) -> Any:
    """Return ``data`` with the lowest bits of all items first, then the next ones, and so on.

    As Blosc does, leave the data unchanged unless the number of items is a multiple of eight.
    """
    count = len(data) // itemsize
    if count % 8:
        return data
    bits = np.unpackbits(data[: count * itemsize].reshape(count, itemsize), axis=1, bitorder="little")
    return np.concatenate([np.packbits(bits.T, bitorder="little").reshape(-1), data[count * itemsize :]])


def _bits_unshuffled(data: Any, itemsize: int) -> Any:
    """Undo ``_bits_shuffled``."""
    count = len(data) // itemsize
    if count % 8:
        return data
    bits = np.unpackbits(data[: count * itemsize].reshape(itemsize * 8, count // 8), axis=1, bitorder="little")
    whole = np.packbits(bits.T, axis=1, bitorder="little").reshape(-1)
    return np.concatenate([whole, data[count * itemsize :]])


class Blosc(Codec):
    """The codec ``blosc``."""

    codec_id = "blosc"
    NOSHUFFLE, SHUFFLE, BITSHUFFLE, AUTOSHUFFLE = NOSHUFFLE, SHUFFLE, BITSHUFFLE, AUTOSHUFFLE
    max_buffer_size = 2**31 - 1

    def __init__(
        self,
        cname: str = "lz4",
        clevel: int = 5,
        shuffle: int = SHUFFLE,
        blocksize: int = AUTOBLOCKS,
        typesize: int | None = None,
    ) -> None:
        if isinstance(typesize, int) and typesize < 1:
            raise ValueError(f"Cannot use typesize {typesize} less than 1.")
        self.cname, self.clevel, self.shuffle, self.blocksize = cname, clevel, shuffle, blocksize
        self._typesize = typesize

    def encode(self, buf: Any) -> bytes:
        """Compress ``buf``."""
        data = ensure_contiguous_ndarray(buf, self.max_buffer_size)
        return compress(data, self.cname.encode(), self.clevel, self.shuffle, self.blocksize, self._typesize)

    def decode(self, buf: Any, out: Any = None) -> Any:
        """Decompress ``buf``."""
        return decompress(ensure_contiguous_ndarray(buf, self.max_buffer_size), out)

    def __repr__(self) -> str:
        shuffle = _NAMES[self.shuffle + 1]
        values = f"cname={self.cname!r}, clevel={self.clevel!r}, shuffle={shuffle}, blocksize={self.blocksize}"
        return f"{type(self).__name__}({values})"
