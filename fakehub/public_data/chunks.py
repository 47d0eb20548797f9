"""The content of chunks: coordinates and computed fields, in the format of Blosc. Needs NumPy."""

from __future__ import annotations

import functools
import struct
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from fakehub.public_data.layout import HEADER_BYTES, Array, ZarrStore, epoch
from fakehub.public_data.weather import Weather
from hubfacts.public_data import Coordinate, Variable

# The version of Blosc's format, of lz4's, and the flags: the compressor is lz4, and the bytes are as they were.
_VERSION, _LZ4_VERSION, _FLAGS = 2, 1, 1 << 5 | 2
# How many parts of a grid are prepared for computing at the same time.
_GRIDS = 2
# The days before each month of a year without a leap day.
_DAYS_BEFORE = np.cumsum([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30])
Values = np.ndarray[Any, np.dtype[Any]]


def chunk_bytes(store: ZarrStore, array: Array, numbers: tuple[int, ...]) -> bytes:
    """Return the content of a chunk."""
    facts = array.facts
    content = bytearray(array.chunk_bytes)
    size = array.chunk_bytes - HEADER_BYTES
    values = np.frombuffer(content, facts.dtype, offset=HEADER_BYTES).reshape(array.chunks)
    struct.pack_into("<4B3I", content, 0, _VERSION, _LZ4_VERSION, _FLAGS, values.itemsize, size, size, len(content))
    if isinstance(facts, Coordinate):
        values[:] = _along(facts)
    elif facts.like == "bounds":
        values[:] = _bounds(store.dataset.coordinates[array.dims[0]])
    elif facts.like is None:
        values[...] = facts.value
    else:
        values[...] = np.nan if facts.missing is None else facts.missing  # beyond the end of a dimension
        _compute(store, array, facts, numbers, values)
    return bytes(content)


def _compute(store: ZarrStore, array: Array, facts: Variable, numbers: tuple[int, ...], values: Values) -> None:
    """Write a chunk of a field to ``values``."""
    parts = {}
    for dim, number, length, size in zip(array.dims, numbers, array.chunks, array.shape, strict=True):
        parts[dim] = slice(number * length, min(size, (number + 1) * length))
    coordinates = store.dataset.coordinates
    names = [dim for dim in array.dims if dim != "time"]
    latitude, longitude = sorted(names)
    weather = _weather(*(_along(coordinates[dim])[parts[dim]].astype("f8").tobytes() for dim in (latitude, longitude)))
    field = getattr(weather, str(facts.like))
    used = values[tuple(slice(part.stop - part.start) for part in parts.values())]
    if names != [latitude, longitude]:
        used = used.swapaxes(-1, -2)
    if "time" in parts:
        for at, step in enumerate(range(parts["time"].start, parts["time"].stop)):
            used[at] = facts.times * field(_moment(coordinates["time"], step)) + facts.plus
    else:
        used[:] = facts.times * field() + facts.plus


def _along(facts: Coordinate) -> Values:
    """Return the values of a coordinate."""
    if facts.values:
        return np.array(facts.values)
    return _bounds(facts).mean(axis=1) if facts.first_month else facts.first + facts.step * np.arange(len(facts))


def _bounds(facts: Coordinate) -> Values:
    """Return where each cell of a coordinate begins and ends."""
    if facts.first_month:
        months = _months(facts) + np.arange(len(facts) + 1)
        edges = _DAYS_BEFORE[months % 12] + 365 * (months // 12 - epoch(facts).year)
    else:
        edges = facts.first + facts.step * (np.arange(len(facts) + 1) - 0.5)
    return np.stack([edges[:-1], edges[1:]], axis=1)


def _months(facts: Coordinate) -> int:
    """Return the number of the first month, from the year 0 on."""
    year, _, month = str(facts.first_month).partition("-")
    return int(year) * 12 + int(month) - 1


def _moment(time: Coordinate, step: int) -> datetime:
    """Return the time of a step; for months, their middle."""
    if time.first_month:
        year, month = divmod(_months(time) + step, 12)
        return datetime(year, month + 1, 16)
    return epoch(time) + timedelta(hours=time.first + time.step * step)


@functools.lru_cache(maxsize=_GRIDS)
def _weather(latitudes: bytes, longitudes: bytes) -> Weather:
    return Weather(np.frombuffer(latitudes), np.frombuffer(longitudes))
