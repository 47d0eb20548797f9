"""Read compressed chunks of HDF5 files in several threads."""

from __future__ import annotations

import itertools
import math
import zlib
from dataclasses import dataclass

import h5py
import numpy as np
from h5py._objects import phil

# HDF5 is not thread-safe. Reading holds this lock; decompressing, encoding and sending do not. It is h5py's own lock,
# which its other functions hold, also when an object is freed: h5py's ``read_direct_chunk`` does not.
HDF5_LOCK = phil
# The size of HDF5's cache of decompressed chunks. Regions that fit are left to it, as are chunks so small that a call
# of HDF5 for each would cost more than decompressing them.
HDF5_CACHE, SMALL_CHUNK = 1 << 20, 1 << 15


def read_compressed(dataset: h5py.Dataset, out: np.ndarray, region: tuple[slice, ...]) -> bool:
    """Read a region chunk by chunk, and decompress each without the lock, so that threads do it at the same time.

    Returns ``False`` for what is left to HDF5: all filters but deflate and shuffle, types that it converts, chunks
    that were never written or are damaged, and small regions. ``out`` may then hold a part of the values.
    """
    with HDF5_LOCK:
        decoder = ChunkDecoder.of(dataset)
    if decoder is None:
        return False
    bounds = [one.indices(size)[:2] for one, size in zip(region, dataset.shape, strict=True)]
    grid = [range(start // step, -(-stop // step)) for (start, stop), step in zip(bounds, decoder.shape, strict=True)]
    if math.prod(map(len, grid)) * decoder.nbytes <= HDF5_CACHE:
        return False
    # One buffer for all chunks: the operating system clears new memory, which would take longer than reading a chunk.
    buffer = np.empty(decoder.longest, np.uint8)
    for place in itertools.product(*grid):
        corner = tuple(index * step for index, step in zip(place, decoder.shape, strict=True))
        try:
            with HDF5_LOCK:
                skipped, data = dataset.id.read_direct_chunk(corner, out=buffer)
            values = decoder.decode(data, skipped)
        except (zlib.error, OSError, RuntimeError, ValueError):
            return False  # HDF5 fills missing chunks, and reports damaged ones
        inside, target = [], []
        for (start, stop), first, step in zip(bounds, corner, decoder.shape, strict=True):
            begin, end = max(start, first), min(stop, first + step)
            inside.append(slice(begin - first, end - first))
            target.append(slice(begin - start, end - start))
        out[tuple(target)] = values[tuple(inside)]
    return True


@dataclass(frozen=True)
class ChunkDecoder:
    """Decompresses the chunks of a dataset: their shape and type, and the filters in the order of writing."""

    shape: tuple[int, ...]
    dtype: np.dtype
    filters: tuple[int, ...]

    @classmethod
    def of(cls, dataset: h5py.Dataset) -> ChunkDecoder | None:
        """Return the decoder of a dataset; ``None`` for types and filters that are left to HDF5."""
        if not dataset.chunks or dataset.dtype.kind not in "iuf":
            return None
        if h5py.h5t.py_create(dataset.dtype) != dataset.id.get_type():
            return None
        created = dataset.id.get_create_plist()
        filters = []
        for number in range(created.get_nfilters()):
            filters.append(created.get_filter(number)[0])
        decoder = cls(dataset.chunks, dataset.dtype, tuple(filters))
        if h5py.h5z.FILTER_DEFLATE not in filters or set(filters) - {h5py.h5z.FILTER_DEFLATE, h5py.h5z.FILTER_SHUFFLE}:
            return None
        return decoder if decoder.nbytes >= SMALL_CHUNK else None

    @property
    def nbytes(self) -> int:
        """Bytes of a decompressed chunk."""
        return math.prod(self.shape) * self.dtype.itemsize

    @property
    def longest(self) -> int:
        """Bytes of the longest compressed chunk: what zlib adds to data that it cannot compress is below 0.1 %."""
        return self.nbytes + self.nbytes // 1000 + 64

    def decode(self, data: bytes | memoryview, skipped: int) -> np.ndarray:
        """Return the values of a chunk; bits of ``skipped`` name filters that were not applied when it was written.

        Raises ``zlib.error`` or ``ValueError`` for data that are damaged.
        """
        for number, code in reversed(list(enumerate(self.filters))):
            if skipped >> number & 1:
                continue
            data = (
                zlib.decompress(data, bufsize=self.nbytes)
                if code == h5py.h5z.FILTER_DEFLATE
                else self._unshuffled(data)
            )
        return np.frombuffer(data, self.dtype).reshape(self.shape)

    def _unshuffled(self, data: bytes | memoryview) -> memoryview:
        """Return bytes that were stored by their place in a value, all first ones before all second ones."""
        size = self.dtype.itemsize
        planes = np.frombuffer(data, np.uint8).reshape(size, -1)
        values = np.empty((planes.shape[1], size), np.uint8)
        for place in range(size):  # unlike a transposed copy, this is fast; and unlike numcodecs, it lets threads run
            values[:, place] = planes[place]
        return values.data.cast("B")
