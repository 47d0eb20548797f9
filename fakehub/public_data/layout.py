"""A Zarr store (format 2) of a public dataset: its metadata, and which chunks it has."""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fakehub.public_data.names import chunk_keys
from hubfacts.public_data import Coordinate, Dataset, Variable

_ITEM_SIZE = {"<f4": 4, "<f8": 8, "<i8": 8}
# The compressor of the archives. Chunks of the stand-in have its format, but are not compressed: so their size is known
# before they are computed.
_COMPRESSOR = {"blocksize": 0, "clevel": 5, "cname": "lz4", "id": "blosc", "shuffle": 1}
HEADER_BYTES = 16


@dataclass(frozen=True)
class Array:
    """One array of a store; ``stored`` are the first and the last chunk, and one after that, in each dimension."""

    name: str
    facts: Coordinate | Variable
    dims: list[str]
    shape: list[int]
    chunks: list[int]
    stored: list[tuple[int, int]]

    @property
    def chunk_bytes(self) -> int:
        """The size of each of its chunks."""
        return math.prod(self.chunks) * _ITEM_SIZE[self.facts.dtype] + HEADER_BYTES

    @property
    def zarray(self) -> dict[str, Any]:
        """The content of ``.zarray``."""
        return {
            "chunks": self.chunks,
            "compressor": _COMPRESSOR,
            "dtype": self.facts.dtype,
            "fill_value": self._missing,
            "filters": None,
            "order": "C",
            "shape": self.shape,
            "zarr_format": 2,
        }

    @property
    def _missing(self) -> float | str | None:
        if isinstance(self.facts, Variable) and self.facts.missing is not None:
            return self.facts.missing
        return None if self.facts.dtype == "<i8" else "NaN"

    @property
    def zattrs(self) -> dict[str, Any]:
        """The content of ``.zattrs``."""
        return {"_ARRAY_DIMENSIONS": self.dims, **self.facts.attributes}

    def chunk(self, key: str) -> tuple[int, ...] | None:
        """Return the numbers in the key of a chunk, or ``None`` if there is no such chunk."""
        parts = key.split(".")
        if len(parts) != len(self.stored) or not all(part.isascii() and part.isdecimal() for part in parts):
            return None
        numbers = tuple(map(int, parts))
        inside = all(first <= at < end for at, (first, end) in zip(numbers, self.stored, strict=True))
        return numbers if inside and ".".join(map(str, numbers)) == key else None


class ZarrStore:
    """The store of a dataset; names are relative to its path."""

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset
        arrays = [self._coordinate(name, facts) for name, facts in dataset.coordinates.items()]
        arrays += [self._variable(name, facts) for name, facts in dataset.variables.items()]
        self.arrays = {array.name: array for array in arrays}

    @functools.cached_property
    def documents(self) -> dict[str, bytes]:
        """The metadata by their names."""
        found: dict[str, Any] = {".zattrs": dict(self.dataset.attributes), ".zgroup": {"zarr_format": 2}}
        for name, array in self.arrays.items():
            found |= {f"{name}/.zarray": array.zarray, f"{name}/.zattrs": array.zattrs}
        found[".zmetadata"] = {"metadata": dict(sorted(found.items())), "zarr_consolidated_format": 1}
        return {name: json.dumps(content, indent=4).encode() for name, content in found.items()}

    def names_from(self, start: str) -> Iterator[str]:
        """Yield the names of the objects in order, from ``start`` on."""
        yield from (name for name in sorted(self.documents) if "/" not in name and name >= start)
        for array_name in sorted(self.arrays, key=lambda name: f"{name}/"):
            folder = f"{array_name}/"
            if start > folder and not start.startswith(folder):
                continue
            rest = start.removeprefix(folder) if start.startswith(folder) else ""
            yield from (folder + name for name in (".zarray", ".zattrs") if name >= rest)
            yield from (folder + key for key in chunk_keys(self.arrays[array_name].stored, rest))

    def size(self, name: str) -> int | None:
        """Return the size of an object, or ``None`` if there is none of that name."""
        if name in self.documents:
            return len(self.documents[name])
        found = self.find_chunk(name)
        return found[0].chunk_bytes if found else None

    def find_chunk(self, name: str) -> tuple[Array, tuple[int, ...]] | None:
        """Return the array and the numbers of a chunk, or ``None`` if there is none of that name."""
        array_name, _, key = name.rpartition("/")
        array = self.arrays.get(array_name)
        numbers = array.chunk(key) if array else None
        return (array, numbers) if array and numbers is not None else None

    def _coordinate(self, name: str, facts: Coordinate) -> Array:
        return Array(name, facts, [name], [len(facts)], [len(facts)], [(0, 1)])

    def _variable(self, name: str, facts: Variable) -> Array:
        dims, chunks = self.dataset.dims_of(facts), self.dataset.chunks_of(facts)
        shape = [len(self.dataset.coordinates[dim]) for dim in dims]
        stored = [self._stored(*each) for each in zip(dims, shape, chunks, strict=True)]
        return Array(name, facts, dims, shape, chunks, stored or [(0, 1)])  # an array without dimensions has a chunk 0

    def _stored(self, dim: str, size: int, chunk: int) -> tuple[int, int]:
        if dim != "time" or not self.dataset.stored:
            return 0, math.ceil(size / chunk)
        time = self.dataset.coordinates[dim]
        hours = [(datetime.fromisoformat(end) - epoch(time)).total_seconds() / 3600 for end in self.dataset.stored]
        first, last = (int((hour - time.first) / time.step) for hour in hours)
        return first // chunk, last // chunk + 1


def epoch(time: Coordinate) -> datetime:
    """Return the time from which a coordinate counts."""
    return datetime.fromisoformat(str(time.attributes["units"]).partition(" since ")[2])
