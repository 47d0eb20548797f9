"""Read NetCDF3 files."""

from __future__ import annotations

import math
import os
import threading
from typing import Any

import numpy as np

from uploader.common import AGAIN, refusal
from uploader.variables import Content, Unsupported, Variable, as_json, variable_of


class _Header:
    """The header of a file in the classic format, read field by field."""

    TYPES = ("", ">i1", "S1", ">i2", ">i4", ">f4", ">f8", ">u1", ">u2", ">u4", ">i8", ">u8")

    def __init__(self, file: Any) -> None:
        self._file = file
        magic = file.read(4)
        self._wide, self._offset = magic[3] == 5, ">u4" if magic[3] == 1 else ">u8"

    def number(self, dtype: str = ">u4") -> int:
        return int(np.frombuffer(self._file.read(np.dtype(dtype).itemsize), dtype)[0])

    def size(self) -> int:
        return self.number(">u8" if self._wide else ">u4")

    def offset(self) -> int:
        return self.number(self._offset)

    def bytes(self, count: int) -> bytes:
        """Read bytes, which are padded to a multiple of four."""
        data: bytes = self._file.read(count)
        self._file.read(-count % 4)
        if len(data) < count:
            raise ValueError("the header is incomplete")
        return data

    def name(self) -> str:
        return self.bytes(self.size()).decode()

    def items(self) -> range:
        """Read the beginning of a list."""
        self.number()
        return range(self.size())

    def type(self) -> np.dtype:
        return np.dtype(self.TYPES[self.number()])

    def attributes(self) -> dict[str, Any]:
        found = {}
        for _ in self.items():
            name, dtype = self.name(), self.type()
            count = self.size()
            data = self.bytes(count * dtype.itemsize)
            values = np.frombuffer(data, dtype)
            found[name] = data if dtype.kind == "S" else (values[0] if count == 1 else values)
        return found


class ClassicFile:
    """A NetCDF3 file: the classic format with 32- or 64-bit offsets, or 64-bit data.

    It is read here and not by netCDF-C, which returns zeros for the missing end of a truncated file.
    """

    def __init__(self, path: str, file: Any, folder: Any = None) -> None:
        self._path, self._file, self._folder, self._lock = path, file, folder, threading.Lock()
        try:
            self._parse(_Header(file))
        except (IndexError, ValueError, UnicodeDecodeError):
            raise refusal(path, "", "has a damaged or truncated header", "copy it again") from None

    def _parse(self, header: _Header) -> None:
        records = header.size()
        dims = [(header.name(), header.size()) for _ in header.items()]
        self.attrs = header.attributes()
        found = []
        for _ in header.items():
            name = header.name()
            axes = [dims[header.size()] for _ in range(header.size())]
            attrs, dtype = header.attributes(), header.type()
            header.size()  # of the variable, which is wrong for large ones
            found.append((name, axes, attrs, dtype, header.offset()))
        blocks = [
            math.prod(size for _, size in axes[1:]) * dtype.itemsize
            for _, axes, _, dtype, _ in found
            if axes and not axes[0][1]
        ]
        # Each variable is padded to four bytes in a record, but not if it is the only one there.
        self._record = blocks[0] if len(blocks) == 1 else sum(block + -block % 4 for block in blocks)
        end = self._file.seek(0, os.SEEK_END)
        if records == (2**64 if header._wide else 2**32) - 1:  # the number was unknown while the file was written
            first = min((begin for _, axes, _, _, begin in found if axes and not axes[0][1]), default=end)
            records = (end - first) // self._record if self._record else 0
        self.variables, self._places = {}, {}
        for name, axes, attrs, dtype, begin in found:
            shape = tuple(size or records for _, size in axes)
            inner = math.prod(shape[1:]) * dtype.itemsize
            step = self._record if axes and not axes[0][1] else inner
            last = begin + (shape[0] - 1) * step + inner if shape else begin + dtype.itemsize
            if math.prod(shape) and last > end:
                raise refusal(
                    self._path, name, f"is truncated: the file ends at {end} of {last} bytes", "copy it again"
                )
            self._places[name] = begin, step, dtype
            self.variables[name] = axes, shape, dtype, attrs

    def content(self) -> Content:
        """Return the header."""
        variables = {
            name: variable_of(self._path, name, [dim for dim, _ in axes], shape, dtype, attrs, name)
            for name, (axes, shape, dtype, attrs) in self.variables.items()
        }
        try:
            return Content(variables, {key: as_json(value) for key, value in self.attrs.items()})
        except Unsupported as error:
            raise refusal(self._path, "global attributes", error.problem, error.remedy) from None

    def read_into(self, out: np.ndarray, variable: Variable, region: tuple[slice, ...]) -> None:
        """Read a region into ``out``, index by index of the first dimension."""
        begin, step, dtype = self._places[variable.where]
        if not variable.shape:
            out[...] = self._values(begin, 1, dtype)[0]
            return
        inner = variable.shape[1:]
        rows = inner[0] if inner else 1
        start, stop, _ = region[1].indices(rows) if inner else (0, 1, 1)
        width = math.prod(inner[1:])
        for index, target in zip(range(*region[0].indices(variable.shape[0])), out, strict=True) if inner else ():
            at = begin + index * step + start * width * dtype.itemsize
            values = self._values(at, (stop - start) * width, dtype).reshape(stop - start, *inner[1:])
            target[...] = values[(slice(None), *region[2:])]
        if not inner:
            first, last, _ = region[0].indices(variable.shape[0])
            if step == dtype.itemsize:
                out[...] = self._values(begin + first * step, last - first, dtype)
            else:
                out[...] = [self._values(begin + index * step, 1, dtype)[0] for index in range(first, last)]

    def _values(self, at: int, count: int, dtype: np.dtype) -> np.ndarray:
        with self._lock:
            self._file.seek(at)
            data = self._file.read(count * dtype.itemsize)
        if len(data) < count * dtype.itemsize:
            raise refusal(self._path, "", "became shorter while it was read", AGAIN)
        return np.frombuffer(data, dtype)
