#!/usr/bin/env python3
"""Copy NetCDF files, or a Zarr store, to one Zarr store in a bucket or on this disk.

    python upload_store.py SOURCE... gs://BUCKET/PREFIX/NAME.zarr
    python upload_store.py SOURCE... ./NAME.zarr

SOURCE is a NetCDF file, a folder of them, a pattern in quotes, a gs:// address of any of these, or a local Zarr store.
Several files are joined along one dimension, ``time`` unless --along names another, in the order of its coordinate.

Values, types, attributes, packing and calendars are copied bit for bit. If files do not fit together, or contain
something that a Zarr store cannot hold, the script says so in one line and writes nothing.

If the upload stops (a dropped connection, an expired token, a killed job), run the same command again: it continues
where it stopped. To add files to a verified store, use append_to_store.py; this script then no longer changes it.

How it works:

1. Read the header of every file and compare it with that of the first file.
2. Write the metadata of the whole store. They contain a mark by which the script recognises its own store.
3. Encode each chunk, compute its checksum, and send it on the condition that nobody else has written that object. When
   the bucket confirms the checksum, record it in the manifest, a small file on this machine (see --manifest). The
   next run skips recorded chunks.
4. Verify the store: compare the recorded checksums with those that the bucket lists.

Requires h5netcdf, zarr and xarray; google-auth and requests for buckets; gcsfs for files in buckets.
"""

# Joined from the parts in uploader/ of the guide's repository, where it is changed.

from __future__ import annotations

import argparse
import base64
import bisect
import contextlib
import ctypes
import functools
import glob
import hashlib
import importlib
import io
import itertools
import json
import math
import os
import random
import re
import signal
import stat
import struct
import sys
import tempfile
import threading
import time
import warnings
import zlib
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import google.auth
import google.auth.credentials
import google.auth.exceptions
import google.auth.transport.requests
import h5netcdf
import h5py
import numcodecs
import numpy as np
import requests
import xarray as xr
import zarr
from h5py._objects import phil

# --- Errors that are reported in one line, and what every part uses ---------------------------------------------------


# The key, in the custom metadata of a store's root, of the digest that identifies the upload.
MARK = "made-from"
AGAIN = "run the same command again"


class UploadError(Exception):
    """Why the upload cannot begin or continue, in one line."""


class VerificationError(UploadError):
    """How the store differs from what was sent, in one line."""


class TransientError(Exception):
    """A request that failed in a way that may pass; ``after`` is the number of seconds the server asks to wait."""

    def __init__(self, reason: str, after: float = 0.0) -> None:
        super().__init__(reason)
        self.after = after


def refusal(path: str, variable: str, problem: str, remedy: str) -> UploadError:
    """Return the error for a source that cannot be copied, in the form FILE: VARIABLE: PROBLEM: REMEDY."""
    parts = [part for part in (path, variable, problem, remedy) if part]
    return UploadError(": ".join(" ".join(part.split("\n")) for part in parts))


def report(line: str) -> None:
    """Print a line. A full disk behind stdout must not stop the upload."""
    with contextlib.suppress(OSError):
        print(line, flush=True)


def first_line(error: BaseException) -> str:
    """Return the first line of an exception's message."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def is_remote(path: str) -> bool:
    """Whether a path is the address of an object in a bucket."""
    return path.startswith("gs://")


@contextlib.contextmanager
def reading(path: str, variable: str = "") -> Iterator[None]:
    """Turn what libraries raise for a file that cannot be read into one line."""
    try:
        yield
    except (UploadError, MemoryError):
        raise
    except FileNotFoundError:
        raise refusal(path, variable, "there is no such file", "check its name") from None
    except PermissionError:
        raise refusal(path, variable, "you may not read it", "check its permissions") from None
    except UnicodeDecodeError:
        raise refusal(path, variable, "contains text that is not UTF-8", "rewrite it") from None
    except Exception as error:  # damaged files make libraries raise all kinds of exceptions
        problem = first_line(error)
        if "truncated file" in problem:
            raise refusal(path, variable, "is truncated", "copy it again") from None
        raise refusal(path, variable, f"cannot be read ({problem})", "copy it again, or leave it out") from None


def megabytes(size: float) -> str:
    """Return a size for people."""
    return f"{size / 1e6:.1f} MB"


# --- Variables and attributes, and which of them Zarr can hold --------------------------------------------------------


# The values that netCDF-C puts where nothing was written, by type (netcdf.h).
DEFAULT_FILLS: dict[str, Any] = {
    "f4": 9.969209968386869e36,
    "f8": 9.969209968386869e36,
    "i1": -127,
    "u1": 255,
    "i2": -32767,
    "u2": 65535,
    "i4": -(2**31) + 1,
    "u4": 2**32 - 1,
    "i8": -(2**63) + 2,
    "u8": 2**64 - 2,
    "S1": b"\0",
}


@dataclass(frozen=True)
class Variable:
    """A variable as the file stores it: nothing is unpacked, masked or decoded.

    ``dtype`` has this machine's byte order, and is ``object`` for text. ``attrs`` hold what JSON can hold, with
    ``_FillValue`` in the form of xarray's Zarr 3 encoding; ``fill`` is the same value as a number. ``where`` is its
    name inside the file.
    """

    dims: tuple[str, ...]
    shape: tuple[int, ...]
    dtype: np.dtype
    attrs: dict[str, Any]
    fill: Any
    where: str

    @property
    def itemsize(self) -> int:
        """Bytes of a value; for text, an estimate."""
        return 64 if self.dtype.kind == "O" else self.dtype.itemsize

    def nbytes(self, shape: Iterable[int]) -> int:
        """Bytes of an array of this type."""
        return math.prod(shape) * self.itemsize


@dataclass(frozen=True)
class Content:
    """The variables and attributes of a file."""

    variables: dict[str, Variable]
    attrs: dict[str, Any]


class Unsupported(ValueError):
    """What is wrong with a variable or an attribute, and what to do."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(problem, remedy)
        self.problem, self.remedy = problem, remedy


def same_json(value: Any) -> Any:
    """Return an attribute of a Zarr store, which is JSON already."""
    return value


def as_json(value: Any) -> Any:
    """Return an attribute as JSON can hold it; raises ``Unsupported`` for what would change."""
    if isinstance(value, bytes | str):
        try:
            # Text that HDF5 takes for ASCII has its other bytes as surrogates.
            data = value if isinstance(value, bytes) else value.encode(errors="surrogateescape")
            text = data.decode()
        except UnicodeError:
            raise Unsupported("is not UTF-8 text", "rewrite it, for example with ncatted") from None
        return text.rstrip("\0")
    if isinstance(value, np.ndarray) and not value.size:
        return "" if value.dtype.kind in "SUO" else []
    if isinstance(value, np.ndarray | np.generic) and value.dtype.kind != "V":
        return as_json(value.tolist())
    if isinstance(value, list | tuple):
        items = [as_json(item) for item in value]
        return items[0] if len(items) == 1 else items
    if isinstance(value, bool | int | float):
        return value
    raise Unsupported(f"has the type {type(value).__name__}, which Zarr cannot hold", "remove or rewrite it")


def fill_of(value: Any, dtype: np.dtype) -> tuple[Any, Any]:
    """Return a fill value as one of ``dtype``, and in the form that xarray reads from Zarr 3."""
    remedy = "correct it, for example with ncatted"
    count = 0 if isinstance(value, h5py.Empty) else np.size(value)
    if count != 1:
        raise Unsupported(f"_FillValue has {count} values", remedy)
    value = np.asarray(value).item() if isinstance(value, np.ndarray | list) else value
    if dtype.kind in "fiub":
        if isinstance(value, str | bytes) or (dtype.kind != "f" and value != value):  # only floats have NaN
            shown = repr(value) if isinstance(value, str | bytes) else value
            raise Unsupported(f"_FillValue {shown} is not of the type {dtype}", remedy)
        number = np.asarray(value).astype(dtype)[()]
        if number != value and value == value:
            raise Unsupported(f"_FillValue {value} is not of the type {dtype}", remedy)
        if dtype.kind == "f":
            return number, base64.standard_b64encode(struct.pack("<d", float(number))).decode()
        return number, number.item()
    if dtype.kind == "S":
        data = value if isinstance(value, bytes) else str(value).encode()
        return np.bytes_(data), base64.standard_b64encode(data).decode()
    if dtype.kind == "O":
        return str(value), str(value)
    raise Unsupported(f"_FillValue of the type {dtype} cannot be stored", "remove it, for example with ncatted")


def variable_of(
    path: str,
    name: str,
    dims: Iterable[str],
    shape: Iterable[int],
    dtype: np.dtype,
    attrs: Mapping[str, Any],
    where: str,
    plain_of: Callable[[Any], Any] = as_json,
) -> Variable:
    """Return a variable; raises ``UploadError`` if Zarr cannot hold its type or an attribute."""
    try:
        dtype, flags = supported(dtype)
        fill, plain = None, {}
        for key in attrs:
            if key == "_FillValue":
                fill, plain[key] = fill_of(attrs[key], dtype)
                continue
            try:
                plain[key] = plain_of(attrs[key])
            except Unsupported as error:
                raise Unsupported(f"attribute {key} {error.problem}", error.remedy) from None
    except Unsupported as error:
        raise refusal(path, name, error.problem, error.remedy) from None
    return Variable(tuple(dims), tuple(int(size) for size in shape), dtype, flags | plain, fill, where)


def supported(dtype: np.dtype) -> tuple[np.dtype, dict[str, Any]]:
    """Return the type that the store uses for a variable, and CF's flag attributes for members of an enumeration."""
    flags: dict[str, Any] = {}
    members = h5py.check_enum_dtype(dtype)
    if members and dtype.kind != "b":
        values = as_json([int(value) for value in members.values()])
        flags = {"flag_values": values, "flag_meanings": " ".join("_".join(name.split()) for name in members)}
    rows = h5py.check_vlen_dtype(dtype)
    if rows is not None and rows is not str and rows is not bytes:
        raise Unsupported(
            "is a ragged array, with rows of unequal length", "store it with a count variable, as CF does"
        )
    text = h5py.check_string_dtype(dtype)
    if text and text.length is None:
        return np.dtype(object), {}
    if dtype.kind in "TU" or (dtype.kind == "O" and not h5py.check_ref_dtype(dtype)):
        return np.dtype(object) if dtype.kind != "U" else dtype.newbyteorder("="), {}
    if dtype.kind in "biufcSmM" and dtype.str[1:] not in ("f16", "f12", "c32", "c24"):
        return np.dtype(dtype.newbyteorder("=").str), flags
    names = {"V": "a compound or opaque type", "O": "a reference to other objects"}
    raise Unsupported(f"has {names.get(dtype.kind, f'the type {dtype}')}, which Zarr cannot hold", "convert or drop it")


def same(one: Any, other: Any) -> bool:
    """Whether two attributes are equal; NaN is equal to itself."""
    return (type(one) is type(other) and one == other) or json.dumps(one) == json.dumps(other)


# --- Read compressed chunks of HDF5 files in several threads ----------------------------------------------------------


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


# --- Read NetCDF4 and HDF5 files --------------------------------------------------------------------------------------


class _NetCDF4(h5netcdf.File):  # type: ignore[misc]  # h5netcdf has no types
    """A file whose finalizer also works after opening it has failed."""

    _writable = False


def unwritten(dataset: h5py.Dataset, variable: Variable) -> Any:
    """Return the value of steps that were never written, as netCDF-C returns it."""
    if variable.dtype.kind == "O":
        return ""
    if dataset.id.get_create_plist().fill_value_defined() == h5py.h5d.FILL_VALUE_USER_DEFINED:
        return dataset.fillvalue
    default = DEFAULT_FILLS.get(variable.dtype.str[1:], dataset.fillvalue)
    return default if variable.fill is None else variable.fill


class HDF5File:
    """A NetCDF4 or HDF5 file, on this disk or in a bucket."""

    def __init__(self, path: str, content: Any) -> None:
        self._path = path
        with HDF5_LOCK:
            self._file = h5py.File(content, "r")

    def content(self) -> Content:
        """Read the header."""
        with HDF5_LOCK:
            self._check_types()
            root = _NetCDF4(self._file, "r")
            if root.groups:
                names = ", ".join(root.groups)
                raise refusal(self._path, "", f"has groups ({names})", "copy each group to a separate file")
            # Asked for once: for an unlimited dimension, h5netcdf looks at every variable that has it.
            sizes = {name: dimension.size for name, dimension in root.dimensions.items()}
            scales = {h5py.h5o.get_info(self._file[name].id).addr: name for name in sizes if name in self._file}
            variables = {name: self._variable(name, root, sizes, scales) for name in root.variables}
            return Content(variables, self._attributes(root.attrs))

    def _check_types(self) -> None:
        """Raise ``UploadError`` for a named type that NetCDF lacks: h5netcdf cannot open a file that has one."""
        for name in self._file:
            with contextlib.suppress(KeyError):  # a link to nothing
                item = self._file[name]
                if isinstance(item, h5py.Datatype) and item.dtype.metadata is None and item.dtype.kind != "V":
                    raise refusal(self._path, name, "is a named type that NetCDF does not have", "remove it")

    def _variable(self, name: str, root: h5netcdf.File, sizes: dict[str, int], scales: dict[int, str]) -> Variable:
        try:
            variable = root.variables[name]
            where = variable._h5ds.name
            dataset = self._file[where]
            dims = self._dimensions(dataset, scales) or variable.dimensions
            self._check_filters(name, dataset)
            attrs = {key: variable.attrs[key] for key in variable.attrs}
            self._check_storage(name, dataset)
            shape = [sizes.get(dim, size) for dim, size in zip(dims, dataset.shape, strict=True)]
            for dim, size, stored in zip(dims, shape, dataset.shape, strict=True):
                if stored > size or (stored < size and not root.dimensions[dim].isunlimited()):
                    problem = f"has {stored} steps along {dim}, which has the size {size}"
                    raise refusal(self._path, name, problem, "write the file again")
            return variable_of(self._path, name, dims, shape, dataset.dtype, attrs, where.lstrip("/"))
        except ValueError as error:
            if "dimension scale" not in str(error):
                raise
            remedy = "write it with dimension scales, as NetCDF4 does"
            raise refusal(self._path, name, "has dimensions without names, as in plain HDF5", remedy) from None
        except TypeError:
            problem = "has a type, or an attribute of a type, that h5py cannot read"
            raise refusal(self._path, name, problem, "convert or drop it") from None

    def _dimensions(self, dataset: h5py.Dataset, scales: dict[int, str]) -> tuple[str, ...]:
        """Return the dimensions of a variable by the addresses of its scales; empty for what needs h5netcdf.

        h5netcdf asks for the name of each scale, for which the HDF5 library searches the whole file.
        """
        if "DIMENSION_LIST" not in dataset.attrs or (
            "_Netcdf4Coordinates" in dataset.attrs and "CLASS" in dataset.attrs
        ):
            return ()
        references = [found[0] if len(found) else None for found in dataset.attrs["DIMENSION_LIST"]]
        if len(references) != dataset.ndim or not all(references):
            return ()
        addresses = [h5py.h5o.get_info(self._file[reference].id).addr for reference in references]
        names = [scales.get(address, "") for address in addresses]
        return tuple(names) if all(names) else ()

    def _check_filters(self, name: str, dataset: h5py.Dataset) -> None:
        created = dataset.id.get_create_plist()
        for number in range(created.get_nfilters()):
            code, _, _, label = created.get_filter(number)
            if not h5py.h5z.filter_avail(code):
                problem = f"is compressed with filter {code} ({label.decode(errors='replace')}), which is missing here"
                raise refusal(self._path, name, problem, "install hdf5plugin, or compress it with zlib")

    def _check_storage(self, name: str, dataset: h5py.Dataset) -> None:
        """Raise ``UploadError`` if values are in another file that is missing: HDF5 would return fill values."""
        names = {name for name, _, _ in dataset.external or ()}
        if dataset.is_virtual:
            names |= {source.file_name for source in dataset.virtual_sources()} - {"."}
        folder = "" if is_remote(self._path) else os.path.dirname(self._path)
        for other in sorted(names):
            # HDF5 looks beside the file, and in the current folder. It replaces what follows a per cent sign.
            if "%" not in other and not any(os.path.exists(os.path.join(place, other)) for place in (folder, "")):
                raise refusal(
                    self._path, name, f"has its values in {other}, which is missing", "copy that file as well"
                )

    def _attributes(self, attrs: Mapping[str, Any]) -> dict[str, Any]:
        found = {}
        for key in attrs:
            try:
                found[key] = as_json(attrs[key])
            except (Unsupported, TypeError) as error:
                problem, remedy = getattr(error, "problem", "cannot be read"), getattr(error, "remedy", "remove it")
                raise refusal(self._path, f"global attribute {key}", problem, remedy) from None
        return found

    def read_into(self, out: np.ndarray, variable: Variable, region: tuple[slice, ...]) -> None:
        """Read a region into ``out``."""
        with HDF5_LOCK:
            dataset = self._file[variable.where]
            if dataset.shape != variable.shape:  # an unlimited dimension has grown since this variable was written
                out[...] = unwritten(dataset, variable)
                ends = zip(region, dataset.shape, strict=True)
                region = tuple(
                    slice(one.start or 0, min(size if one.stop is None else one.stop, size)) for one, size in ends
                )
                if any(one.start >= one.stop for one in region):
                    return
                out = out[tuple(slice(0, one.stop - one.start) for one in region)]
            if variable.dtype.kind == "O":
                out[...] = dataset.asstr()[region]
                return
        if not read_compressed(dataset, out, region):
            self._read_values(dataset, out, region)

    def _read_values(self, dataset: h5py.Dataset, out: np.ndarray, region: tuple[slice, ...]) -> None:
        with HDF5_LOCK:
            if dataset.shape and out.dtype.kind in "iufc" and out.flags.c_contiguous:
                dataset.read_direct(out, region)
            else:
                out[...] = dataset[region]


# --- Read NetCDF3 files -----------------------------------------------------------------------------------------------


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


# --- Read Zarr stores -------------------------------------------------------------------------------------------------


class ZarrSource:
    """A local Zarr store of version 2 or 3."""

    def __init__(self, path: str) -> None:
        self._path = path
        found = zarr.open(path, mode="r")
        if not isinstance(found, zarr.Group):
            raise refusal(path, "", "is a single Zarr array", "put it into a group, with dimension names")
        self._group = zarr.open_group(path, mode="r", use_consolidated=False)

    def content(self) -> Content:
        """Read the metadata."""
        variables = {}
        for name in sorted(os.listdir(self._path)):
            folder = os.path.join(self._path, name)
            if not is_zarr(folder):
                if os.path.isdir(folder) and any(is_zarr(below) for below, *_ in os.walk(folder)):
                    raise self._has_group(name)
                continue
            with reading(self._path, name):
                member = self._group[name]
            if not isinstance(member, zarr.Array):
                raise self._has_group(name)
            variables[name] = self._variable(name, member)
        return Content(variables, dict(self._group.attrs))

    def _has_group(self, name: str) -> UploadError:
        return refusal(self._path, "", f"has groups ({name})", "copy each group to a separate store")

    def _variable(self, name: str, array: Any) -> Variable:
        attrs: dict[str, Any] = dict(array.attrs)
        if array.metadata.zarr_format == 2:
            dims = attrs.pop("_ARRAY_DIMENSIONS", ())
            if array.fill_value is not None:
                noted = attrs.setdefault("_FillValue", array.fill_value)
                if not (noted == array.fill_value or (noted != noted and array.fill_value != array.fill_value)):
                    problem = f"has the fill value {array.fill_value}, but the attribute _FillValue {noted}"
                    raise refusal(self._path, name, problem, "make them equal, or remove the attribute")
        else:
            dims = array.metadata.dimension_names or ()
            if "_FillValue" in attrs and array.dtype.kind in "fS":
                attrs["_FillValue"] = self._fill(name, array.dtype, attrs["_FillValue"])
        if len(dims) != len(array.shape) or None in dims:
            raise refusal(self._path, name, "has dimensions without names", "write the store with xarray")
        if array.dtype.kind == "O" and "UTF8" not in type(array.metadata.dtype).__name__:
            raise refusal(self._path, name, "holds bytes or objects of unequal length", "convert or drop it")
        return variable_of(self._path, name, dims, array.shape, array.dtype, attrs, name, same_json)

    def _fill(self, name: str, dtype: np.dtype, value: Any) -> Any:
        """Return a fill value that xarray wrote into a store of version 3."""
        try:
            data = base64.b64decode(value, validate=True)
            return data if dtype.kind == "S" else struct.unpack("<d", data)[0]
        except (TypeError, ValueError, struct.error):
            problem = f"attribute _FillValue {value!r} does not have the form in which xarray writes it"
            raise refusal(self._path, name, problem, "write the store with xarray") from None

    def read_into(self, out: np.ndarray, variable: Variable, region: tuple[slice, ...]) -> None:
        """Read a region into ``out``."""
        array: Any = self._group[variable.where]
        out[...] = array[region]


def is_zarr(path: str) -> bool:
    """Whether a folder is a Zarr store."""
    return any(os.path.exists(os.path.join(path, name)) for name in ("zarr.json", ".zgroup", ".zarray", ".zmetadata"))


# --- Log in to Google Cloud -------------------------------------------------------------------------------------------


SCOPE = "https://www.googleapis.com/auth/devstorage.read_write"


class Login:
    """The access token of a login, renewed when it expires. It is never printed."""

    def __init__(self, token_file: Path | None) -> None:
        self._file, self._renewing = token_file, threading.Lock()
        if token_file:
            self._token = read_token(token_file)
            return
        try:
            credentials, _ = google.auth.default()
        except google.auth.exceptions.DefaultCredentialsError:
            message = "no login: run 'gcloud auth application-default login', or pass a token with --token-file FILE"
            raise UploadError(message) from None
        self._credentials = google.auth.credentials.with_scopes_if_required(credentials, [SCOPE])
        self._token = ""

    def token(self, rejected: str | None = None) -> str:
        """Return a token, and another one than ``rejected``, which the bucket did not accept."""
        with self._renewing:
            if self._file:
                if rejected == self._token:
                    self._token = read_token(self._file)  # it may have been replaced by now
                if rejected == self._token:
                    problem = f"the token in {self._file} is no longer accepted"
                    raise UploadError(f"{problem}: put a new one there, and {AGAIN}")
            elif not self._credentials.valid or rejected == self._token:
                self._renew()
            return self._token

    def _renew(self) -> None:
        try:
            self._credentials.refresh(google.auth.transport.requests.Request())
        except google.auth.exceptions.RefreshError as error:
            if error.retryable:
                raise TransientError("the login server is busy") from None
            reason = first_line(error.args[0] if error.args else error)
            raise UploadError(f"the login has expired ({reason}): log in again, and {AGAIN}") from None
        except google.auth.exceptions.TransportError:
            raise TransientError("the login server does not answer") from None
        self._token = self._credentials.token


def read_token(file: Path) -> str:
    """Return the token in a file that nobody else may read."""
    try:
        if os.name == "posix" and stat.S_IMODE(file.stat().st_mode) & 0o077:
            raise UploadError(f"{file}: others can read this token: run chmod 600 {file}")
        token = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise UploadError(f"{file}: the token cannot be read ({reason}): check --token-file") from None
    if not re.fullmatch(r"[\x21-\x7e]+", token):
        raise UploadError(f"{file}: this is not an access token, which has no spaces: check --token-file")
    return token


# --- Open files of all formats ----------------------------------------------------------------------------------------


# First bytes of files that people take for NetCDF, what they are, and what to do.
OTHER_FORMATS = (
    (b"GRIB", "is a GRIB file", "convert it to NetCDF, for example with cfgrib or cdo"),
    (b"\x0e\x03\x13\x01", "is an HDF4 file", "convert it to NetCDF, for example with h4tonccf"),
    (b"\x1f\x8b", "is compressed with gzip", "decompress it with gunzip"),
    (b"BZh", "is compressed with bzip2", "decompress it with bunzip2"),
    (b"PK\x03\x04", "is a ZIP archive", "unpack it"),
    (b"version https://git-lfs", "is a Git LFS pointer, not the data", "run git lfs pull"),
    (b"<", "is a web page or XML, perhaps an error message that was saved", "download the file again"),
)
# Open files that are kept for the next chunk.
MOST_OPEN = 16


class OpenFiles:
    """Opens files, and keeps the last few open. Safe to share between threads."""

    def __init__(self, token_file: Path | None = None) -> None:
        self._token_file, self._lock = token_file, threading.Lock()
        self._open: OrderedDict[str, HDF5File | ClassicFile | ZarrSource] = OrderedDict()

    @functools.cached_property
    def bucket_files(self) -> Any:
        """The file system for gs:// addresses."""
        import gcsfs
        from google.oauth2.credentials import Credentials

        token = Credentials(read_token(self._token_file)) if self._token_file else None
        return gcsfs.GCSFileSystem(token=token)

    def open(self, path: str) -> HDF5File | ClassicFile | ZarrSource:
        """Return the reader of a file. One that is dropped here is closed when its last user has finished."""
        with self._lock:
            if path in self._open:
                self._open.move_to_end(path)
                return self._open[path]
        reader = self._opened(path)
        with self._lock:
            self._open[path] = reader
            while len(self._open) > MOST_OPEN:
                self._open.popitem(last=False)
        return reader

    def _opened(self, path: str) -> HDF5File | ClassicFile | ZarrSource:
        if not is_remote(path) and os.path.isdir(path):
            return ZarrSource(path)
        if not is_remote(path) and not stat.S_ISREG(os.stat(path).st_mode):
            raise refusal(path, "", "is not a file but a device, a pipe or a socket", "leave it out")
        with self.binary(path) as file:
            head = file.read(512)
        if not head:
            raise refusal(path, "", "is empty: it has no bytes", "copy it again, or leave it out")
        if head[:3] == b"CDF" and head[3:4] in (b"\1", b"\2", b"\5"):
            if not is_remote(path):
                return ClassicFile(path, self.binary(path))
            folder = tempfile.TemporaryDirectory()  # many small reads, which a bucket answers slowly
            copy = Path(folder.name, "copy.nc")
            self.bucket_files.get_file(path, str(copy))
            return ClassicFile(path, copy.open("rb"), folder)
        if is_remote(path) or h5py.is_hdf5(path):
            with contextlib.suppress(*([OSError] if head[:4] != b"\x89HDF" else [])):
                return HDF5File(path, self.binary(path) if is_remote(path) else path)
        for signature, problem, remedy in OTHER_FORMATS:
            if head.lstrip().startswith(signature):
                raise refusal(path, "", problem, remedy)
        raise refusal(path, "", "is not a NetCDF file", "leave it out, or convert it")

    def binary(self, path: str) -> Any:
        """Open a file for reading its bytes."""
        return self.bucket_files.open(path, "rb", block_size=1 << 18) if is_remote(path) else open(path, "rb")

    def read(self, path: str, variable: Variable, region: tuple[slice, ...]) -> np.ndarray:
        """Return the values of a region."""
        shape = [len(range(*one.indices(size))) for one, size in zip(region, variable.shape, strict=True)]
        out = np.empty(shape, variable.dtype)
        self.read_into(out, path, variable, region)
        return out

    def read_into(self, out: np.ndarray, path: str, variable: Variable, region: tuple[slice, ...]) -> None:
        """Read a region into ``out``."""
        if out.size:
            with reading(path, variable.where):
                self.open(path).read_into(out, variable, region)


# --- Find the files that the command names, and notice when they change -----------------------------------------------


NETCDF_SUFFIXES = {".nc", ".nc3", ".nc4", ".cdf", ".netcdf", ".h5", ".he5", ".hdf5"}


def fingerprint(files: OpenFiles, path: str) -> str:
    """Return what changes when a file is written: its size and times, or its generation in a bucket."""
    with reading(path):
        if is_remote(path):
            info = files.bucket_files.info(path)
            return f"{info['size']} {info.get('generation')}"
        times = []
        for file in files_below(path):
            status = os.stat(file)
            times.append(f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns}")
        return times[0] if len(times) == 1 else hashlib.sha256("\n".join(times).encode()).hexdigest()


def identity(files: OpenFiles, path: str) -> str:
    """Return a digest that is the same for every copy of a file: its name, its size, its beginning and its end."""
    found = hashlib.sha256(os.fsencode(os.path.basename(path.rstrip("/"))))
    with reading(path):
        if is_remote(path):
            info = files.bucket_files.info(path)
            found.update(f"{info['size']} {info.get('md5Hash') or info.get('crc32c')}".encode())
        else:
            for file in files_below(path):
                size = os.path.getsize(file)
                found.update(os.fsencode(f"{os.path.relpath(file, path)} {size}\n"))
                with open(file, "rb") as content:
                    found.update(content.read(1 << 16))
                    content.seek(max(0, size - (1 << 16)))
                    found.update(content.read())
    return found.hexdigest()


def files_below(path: str) -> list[str]:
    """Return a file, or all files in a folder and in those that it links; raises ``UploadError`` for a circle."""
    if not os.path.isdir(path):
        return [path]
    found = []
    for folder, below, names in os.walk(path, followlinks=True):
        found += [os.path.join(folder, name) for name in names]
        for name in below:
            inner, outer = os.path.realpath(folder), os.path.realpath(os.path.join(folder, name))
            if os.path.commonpath([inner, outer]) == outer:
                raise refusal(os.path.join(folder, name), "", "is a link to a folder that it is in", "remove it")
    return sorted(found)


def find_files(sources: Iterable[str | Path], files: OpenFiles, target: str) -> list[str]:
    """Return the files that the sources name, which are files, folders, patterns and stores.

    Raises ``UploadError`` if a source does not exist, is named twice, or has the target in it.
    """
    paths: list[str] = []
    for source in map(str, sources):
        if is_remote(source):
            paths += find_in_bucket(source, files)
        elif os.path.isdir(source) and not is_zarr(source):
            paths += find_in_folder(source, target)
        elif os.path.lexists(source) or not glob.has_magic(source):
            paths.append(source)
        else:
            found = sorted(glob.glob(source, recursive=True))
            if not found:
                raise refusal(source, "", "no file matches this pattern", "correct it")
            for path in found:
                paths += find_in_folder(path, target) if os.path.isdir(path) and not is_zarr(path) else [path]
    seen: dict[str, str] = {}
    for path in paths:
        real = path if is_remote(path) else os.path.realpath(path)
        if real in seen:
            raise refusal(path, "", f"is the same file as {seen[real]}", "name it once")
        seen[real] = path
        if not is_remote(path) and not is_remote(target):
            check_apart(path, target)
    return paths


def check_apart(path: str, target: str) -> None:
    """Raise ``UploadError`` if the target is in a source, or a source in the target."""
    one, other = os.path.realpath(path), os.path.realpath(target)
    if os.path.commonpath([one, other]) in (one, other):
        raise UploadError(f"{target}: it is the source {path}, or one is inside the other: choose another target")


def find_in_folder(source: str, target: str) -> list[str]:
    """Return the NetCDF files in a folder, and print what else it has besides the target."""
    files = files_below(source)
    if not is_remote(target):
        place = os.path.realpath(target)
        if f"{os.path.realpath(source)}/".startswith(f"{place}/"):
            check_apart(source, target)
        ours = (f"{place}/", f"{place}.manifest/")
        files = [file for file in files if not f"{os.path.realpath(file)}/".startswith(ours)]
    names = [os.path.relpath(file, source) for file in files]
    found = [file for file, name in zip(files, names, strict=True) if is_netcdf_name(name)]
    if not found:
        raise refusal(source, "", "is neither a Zarr store nor a folder with NetCDF files", "name another")
    for folder in sorted({os.path.dirname(file) for file in files}):
        if is_zarr(folder):
            raise refusal(folder, "", f"is a Zarr store in {source}, beside NetCDF files", "name one or the other")
    others = [name for name in names if not is_netcdf_name(name) and not re.search(r"(^|/)\.", name)]
    if others:
        report(f"{source}: {len(others)} files not named like NetCDF files are ignored, such as {others[0]}")
    return found


def find_in_bucket(source: str, files: OpenFiles) -> list[str]:
    """Return the gs:// addresses of the files that an address, a pattern or a folder in a bucket names."""
    with reading(source):
        if glob.has_magic(source):
            names = files.bucket_files.glob(source)
        elif files.bucket_files.isfile(source):
            return [source]
        else:
            names = [name for name in files.bucket_files.find(source) if is_netcdf_name(name)]
    if not names:
        raise refusal(source, "", "there are no NetCDF files", "check the address")
    return sorted(f"gs://{name}" for name in names)


def is_netcdf_name(name: str) -> bool:
    """Whether a file in a folder is taken for a NetCDF file: by its suffix, and unless it is hidden."""
    return Path(name).suffix.lower() in NETCDF_SUFFIXES and not any(part.startswith(".") for part in Path(name).parts)


# --- Read the header of a file, and check it --------------------------------------------------------------------------


# Attributes that name other variables, which --variables then includes.
NAMING = (
    "coordinates",
    "bounds",
    "climatology",
    "grid_mapping",
    "formula_terms",
    "cell_measures",
    "ancillary_variables",
)


@dataclass(frozen=True)
class Request:
    """What to copy: the dimension that joins files, the variable that orders them, and a choice of variables."""

    along: str = "time"
    sort_by: str | None = None
    variables: tuple[str, ...] = ()

    @property
    def axis(self) -> str:
        """The name of the variable that orders the files."""
        return self.sort_by or self.along


@dataclass(frozen=True)
class Header:
    """What is read of a file before anything is written.

    ``digests`` are those of the values of each variable without the joined dimension, and ``kept`` the values of
    small variables with it.
    """

    path: str
    content: Content
    axis: np.ndarray | None
    digests: dict[str, str]
    kept: dict[str, np.ndarray]
    fingerprint: str
    identity: str


def read_header(files: OpenFiles, path: str, request: Request, several: bool, keep: Iterable[str] = ()) -> Header:
    """Read what has to be known of a file; raises ``UploadError`` for what cannot be copied."""
    before = fingerprint(files, path)
    with reading(path):
        content = chosen(files.open(path).content(), request, path)
    variables = content.variables
    if not variables:
        raise refusal(path, "", "has no variables", "leave it out")
    check_dimensions(path, variables)
    axis, digests = None, {}
    kept = {name: read_all(files, path, variables[name]) for name in keep if name in variables}
    for name, variable in variables.items():
        static = several and request.along not in variable.dims
        if static or (variable.dtype.kind == "O" and name not in kept):  # reading shows whether text is UTF-8
            digests[name] = digest(files, path, variable)
    order = variables.get(request.axis)
    if order and order.dims == (request.along,):
        axis = kept[request.axis] if request.axis in kept else read_all(files, path, order)
        check_axis(path, request.axis, order, axis)
    elif several:
        check_joinable(path, content, request)
    return Header(path, content, axis, digests, kept, before, identity(files, path))


def read_all(files: OpenFiles, path: str, variable: Variable) -> np.ndarray:
    """Return all values of a variable."""
    return files.read(path, variable, tuple(slice(0, size) for size in variable.shape))


def digest(files: OpenFiles, path: str, variable: Variable) -> str:
    """Return a digest of the values of a variable, which are read in pieces of a few megabytes."""
    found = hashlib.sha256()
    size, *others = variable.shape or (1,)
    rows = max(1, (1 << 24) // max(1, variable.nbytes(others)))
    for start in range(0, size, rows):
        part = (slice(start, min(start + rows, size)), *(slice(0, other) for other in others))
        values = files.read(path, variable, part if variable.shape else ())
        data = json.dumps(values.tolist()).encode() if values.dtype.kind == "O" else values.tobytes()
        found.update(data)
    return found.hexdigest()


def chosen(content: Content, request: Request, path: str) -> Content:
    """Return all variables, or those asked for and the ones that they refer to."""
    variables = content.variables
    if not request.variables:
        return content
    for name in request.variables:
        if name not in variables:
            raise refusal(path, name, f"there is no such variable, only {', '.join(variables)}", "correct --variables")
    wanted, todo = set(), [*request.variables, request.axis]
    while todo:
        name = todo.pop()
        if name in variables and name not in wanted:
            wanted.add(name)
            attrs = variables[name].attrs
            todo += [*variables[name].dims, *(word for key in NAMING for word in str(attrs.get(key, "")).split())]
    return Content({name: variables[name] for name in variables if name in wanted}, content.attrs)


def check_dimensions(path: str, variables: dict[str, Variable]) -> None:
    """Raise ``UploadError`` for names and dimensions that a Zarr store cannot have, or xarray cannot read."""
    sizes: dict[str, tuple[int, str]] = {}
    for name, variable in variables.items():
        if name in ("", ".", "..", "zarr.json") or name.startswith("__") or re.search(r"[/\\\0-\x1f]", name):
            raise refusal(path, repr(name), "is not a name that Zarr allows", "rename it, for example with ncrename")
        if len(set(variable.dims)) < len(variable.dims):
            raise refusal(path, name, "has one dimension twice, which xarray cannot read", "rename one of them")
        for dim, size in zip(variable.dims, variable.shape, strict=True):
            if sizes.setdefault(dim, (size, name))[0] != size:
                problem = f"its dimension {dim} has the size {size}, but {sizes[dim][0]} in {sizes[dim][1]}"
                raise refusal(path, name, problem, "rename one of them")


def check_joinable(path: str, content: Content, request: Request) -> None:
    """Raise ``UploadError`` for a file without what joins and orders several files."""
    dims = list(dict.fromkeys(dim for variable in content.variables.values() for dim in variable.dims))
    if request.along not in dims:
        problem = f"there is no dimension of this name, only {', '.join(dims) or 'scalars'}"
        raise refusal(path, request.along, problem, "name the one that joins the files with --along")
    candidates = [name for name, variable in content.variables.items() if variable.dims == (request.along,)]
    problem = f"there is no coordinate {request.axis}({request.along}) to put the files in order"
    remedy = f"name one with --sort-by ({', '.join(candidates[:5])})" if candidates else "add one to each file"
    raise refusal(path, request.axis, problem, remedy)


def check_axis(path: str, name: str, variable: Variable, values: np.ndarray) -> None:
    """Raise ``UploadError`` unless the joined coordinate has values, none is missing, and they are sorted."""
    if not values.size:
        raise refusal(path, name, "is empty: the file has no steps", "leave the file out")
    fills = {"_FillValue": variable.fill, "missing_value": variable.attrs.get("missing_value")}
    if "_FillValue" not in variable.attrs and variable.dtype.itemsize > 1:  # any byte may be a value
        fills["netCDF's default fill value"] = DEFAULT_FILLS.get(variable.dtype.str[1:])
    if variable.dtype.kind in "fcmM" and (values != values).any():  # NaN and NaT differ from themselves
        raise refusal(path, name, "has missing values (NaN)", "fill them in, or leave these steps out")
    for key, fill in fills.items():
        for one in fill if isinstance(fill, list) else [fill]:
            if one is not None and (values == np.asarray(one)).any():
                raise refusal(path, name, f"has missing values ({key} {one})", "fill them in, or leave these steps out")
    if variable.dtype.kind == "c":
        raise refusal(path, name, "holds complex numbers, which have no order", "name another with --sort-by")
    later, earlier = values[1:] > values[:-1], values[1:] < values[:-1]
    if not (later.all() or earlier.all()):
        same = np.flatnonzero(~later & ~earlier)
        problem = f"has the value {values[same[0]]} twice" if same.size else "is not sorted"
        raise refusal(path, name, problem, "sort the file, or remove the repeated steps")


# --- Check that files fit together, and put them in order -------------------------------------------------------------


# Attributes that describe how a file was made. They may differ between files; all others must be equal.
INFORMATIONAL = re.compile(
    r"history|comments?|source|references|institution|title|contact|author|creator.*|publisher.*|summary|keywords|id|"
    r"(date_)?(created?|creation|modified|issued|updated)(_.*)?|creation_date|date|timestamp|time_coverage_.*|"
    r"geospatial_.*|tracking_id|uuid|file_?name|original_name|version_id|nco.*|cdo.*|cdi|processing.*|"
    r"actual_(range|min|max)|valid_time_.*|(start|end|stop)_(date|time|year)|year|month|_chunksizes|_storage.*",
    re.IGNORECASE,
)
# Attributes of a whole file that tell experiments, models, grids and members apart; its others are informational.
IDENTIFYING = {"experiment_id", "source_id", "variant_label", "member_id", "grid_label", "frequency", "variable_id"}
IDENTIFYING |= {"table_id", "activity_id", "mip_era", "model_id", "experiment", "realization", "Conventions"}


@dataclass(frozen=True)
class Part:
    """One file of the source: the number of its steps along the joined dimension, and what changes when it does."""

    path: str
    steps: int
    fingerprint: str


# A file, the values of its joined coordinate, those of its small variables, and its identity.
Row = tuple[Part, Any, dict[str, np.ndarray], str]


def steps_of(header: Header, along: str) -> int:
    """Return the size of the joined dimension in a file; 1 if it has none."""
    for variable in header.content.variables.values():
        if along in variable.dims:
            return variable.shape[variable.dims.index(along)]
    return 1


def check_alike(first: Header, other: Header, along: str) -> set[str]:
    """Raise ``UploadError`` unless a file continues the first; return the informational attributes that differ."""
    ours, theirs, path = first.content.variables, other.content.variables, other.path
    for one, two, names in ((first, other, ours.keys() - theirs.keys()), (other, first, theirs.keys() - ours.keys())):
        for name in sorted(names):
            problem = f"is missing, but {one.path} has it"
            raise refusal(two.path, name, problem, "add it, or choose variables that all files have with --variables")
    differing = set()
    for name, variable in theirs.items():
        wanted = ours[name]
        shapes = [[n for d, n in zip(v.dims, v.shape, strict=True) if d != along] for v in (variable, wanted)]
        if variable.dims != wanted.dims or variable.dtype != wanted.dtype or shapes[0] != shapes[1]:
            problem = f"is {described(variable)}, but {described(wanted)} in {first.path}"
            raise refusal(path, name, problem, "make the files alike, or upload them to separate stores")
        for key in variable.attrs.keys() | wanted.attrs.keys():
            if not same(variable.attrs.get(key), wanted.attrs.get(key)):
                if not INFORMATIONAL.fullmatch(key):
                    texts = [shown(one, key) for one in (variable, wanted)]
                    problem = f"{key} is {texts[0]}, but {texts[1]} in {first.path}"
                    raise refusal(path, name, problem, "make the files alike, or upload them to separate stores")
                differing.add(f"{name}:{key}")
        if along not in variable.dims and other.digests.get(name) != first.digests.get(name):
            problem = f"has different values from {first.path}, and no dimension {along} along which to store both"
            raise refusal(path, name, problem, "make the files alike, or upload them to separate stores")
    for key in sorted(first.content.attrs.keys() | other.content.attrs.keys()):
        values = [header.content.attrs.get(key) for header in (first, other)]
        if not same(*values):
            if key in IDENTIFYING:
                problem = f"is {values[1]!r}, but {values[0]!r} in {first.path}"
                raise refusal(path, f"global attribute {key}", problem, "upload them to separate stores")
            differing.add(key)
    return differing


def shown(variable: Variable, key: str) -> str:
    """Return an attribute as people write it."""
    return str(variable.fill) if key == "_FillValue" else repr(variable.attrs.get(key))


def described(variable: Variable) -> str:
    """Return the type and the dimensions of a variable in words."""
    dtype = "text" if variable.dtype.kind == "O" else variable.dtype
    dims = ", ".join(f"{dim}={size}" for dim, size in zip(variable.dims, variable.shape, strict=True))
    return f"{dtype} ({dims})"


def sort_rows(rows: list[Row], request: Request, allow_gaps: bool) -> list[Row]:
    """Sort files by the joined coordinate, whichever way it runs; raises ``UploadError`` for overlaps and gaps."""
    name = request.axis
    runs = {bool(axis[-1] > axis[0]): part.path for part, axis, *_ in rows if len(axis) > 1}
    if len(runs) > 1:
        problem = f"decreases, but increases in {runs[True]}"
        raise refusal(runs[False], name, problem, "sort the files the same way")
    increasing = runs.keys() != {False}
    rows = sorted(rows, key=lambda row: row[1][0], reverse=not increasing)
    for (one, before, *_), (two, after, *_) in itertools.pairwise(rows):
        last, following = before[-1], after[0]
        if last == following or (following < last) == increasing:
            problem = f"overlaps {one.path}, which reaches from {before[0]} to {last}"
            raise refusal(two.path, name, f"{problem}: this file begins at {following}", "remove the repeated steps")
    values = np.concatenate([axis for _, axis, *_ in rows])
    gap = None if allow_gaps else find_gap(values)
    if gap is not None:
        starts = list(itertools.accumulate(len(axis) for _, axis, *_ in rows))
        path = rows[bisect.bisect_right(starts, gap)][0].path
        problem = f"steps are missing between {values[gap]} and {values[gap + 1]} of a regular axis"
        raise refusal(path, name, problem, "add the missing files, or accept the gap with --allow-gaps")
    return rows


def find_gap(values: np.ndarray) -> int | None:
    """Return the index before the first gap in a regular axis; ``None`` if there is none, or the axis is irregular.

    An axis is regular if at least half of its steps are within 15 % of the shortest one, and all others are 1.5 times
    as long or longer. Months of 28 to 31 days are therefore regular. Three or more equal long steps in a row are
    another time step.
    """
    if values.dtype.kind not in "iufmM" or len(values) < 3:
        return None
    numbers = values.view("i8") if values.dtype.kind in "mM" else values
    steps = np.abs(np.diff(numbers.astype("f8")))
    shortest = steps.min()
    near, long = steps <= 1.15 * shortest, steps >= 1.5 * shortest
    if not (near | long).all() or near.mean() < 0.5 or near.all():
        return None
    for is_long, run in itertools.groupby(range(len(steps)), key=lambda index: long[index]):
        lengths = steps[list(run)] if is_long else steps[:0]
        if len(lengths) >= 3 and lengths.max() <= 1.15 * lengths.min():
            return None
    return int(np.flatnonzero(long)[0])


# --- Read several files as one ----------------------------------------------------------------------------------------


# Variables of few bytes a step are read once, with the header, and kept: up to so many bytes in all.
KEPT_BYTES = 16_000_000


# Calls a function for each path, in this process or on a cluster.
Reader = Callable[..., Iterable[Header]]


class Source:
    """Files that follow one another along a dimension, as one set of variables that is read region by region."""

    def __init__(
        self,
        files: OpenFiles,
        paths: list[str],
        request: Request,
        allow_gaps: bool,
        each: Reader,
    ) -> None:
        self.along = request.along
        self.several = len(paths) > 1
        first = read_header(files, paths[0], request, self.several)
        keep = small_variables(first.content.variables, request, len(paths)) if self.several else []
        self.differing: set[str] = set()
        rows: list[Row] = []
        for header in each(functools.partial(read_header, files), paths, request, self.several, keep):
            self.differing |= check_alike(first, header, request.along)
            part = Part(header.path, steps_of(header, request.along), header.fingerprint)
            rows.append((part, header.axis, header.kept, header.identity))
        if first.axis is not None:
            rows = sort_rows(rows, request, allow_gaps)
        self.parts = [part for part, *_ in rows]
        self.starts = list(itertools.accumulate((part.steps for part in self.parts), initial=0))
        self.identity = hashlib.sha256("".join(identity for *_, identity in rows).encode()).hexdigest()
        self.kept = {name: np.concatenate([kept[name] for _, _, kept, _ in rows]) for name in keep}
        if self.parts[0].path != first.path:
            first = read_header(files, self.parts[0].path, request, False)
        self.attrs = first.content.attrs
        self.variables = {
            name: replace(variable, shape=self._whole(variable)) for name, variable in first.content.variables.items()
        }

    def _whole(self, variable: Variable) -> tuple[int, ...]:
        pairs = zip(variable.dims, variable.shape, strict=True)
        return tuple(self.starts[-1] if self.several and dim == self.along else size for dim, size in pairs)

    @property
    def sizes(self) -> dict[str, int]:
        """The size of each dimension."""
        pairs = [zip(variable.dims, variable.shape, strict=True) for variable in self.variables.values()]
        return dict(itertools.chain.from_iterable(pairs))

    @property
    def nbytes(self) -> int:
        """The bytes of all values."""
        return sum(variable.nbytes(variable.shape) for variable in self.variables.values())

    def pieces(self, name: str, region: tuple[slice, ...]) -> Iterator[tuple[Part, slice, slice]]:
        """Yield the files that hold a region: which of their steps, and where they are in the region."""
        variable = self.variables[name]
        if self.along not in variable.dims or not self.several:
            yield self.parts[0], slice(None), slice(None)
            return
        wanted = region[variable.dims.index(self.along)]
        number = bisect.bisect_right(self.starts, wanted.start) - 1
        while number < len(self.parts) and self.starts[number] < wanted.stop:
            start = self.starts[number]
            begin, end = max(wanted.start, start), min(wanted.stop, self.starts[number + 1])
            yield self.parts[number], slice(begin - start, end - start), slice(begin - wanted.start, end - wanted.start)
            number += 1

    def read(self, files: OpenFiles, name: str, region: tuple[slice, ...]) -> np.ndarray:
        """Return the values of a region."""
        variable = self.variables[name]
        if name in self.kept:
            return self.kept[name][region]
        if self.along not in variable.dims or not self.several:
            return files.read(self.parts[0].path, variable, region)
        axis = variable.dims.index(self.along)
        out = np.empty([one.stop - one.start for one in region], variable.dtype)
        for part, inside, target in self.pieces(name, region):
            there = replace(variable, shape=(*variable.shape[:axis], part.steps, *variable.shape[axis + 1 :]))
            view = out[(*[slice(None)] * axis, target)]
            files.read_into(view, part.path, there, (*region[:axis], inside, *region[axis + 1 :]))
        return out

    def fingerprint(self, name: str, region: tuple[slice, ...]) -> str:
        """Return a digest of the state of the files that hold a region."""
        parts = self.parts if name in self.kept else [part for part, *_ in self.pieces(name, region)]
        return hashlib.sha256("\n".join(part.fingerprint for part in parts).encode()).hexdigest()[:16]

    def check_unchanged(self, files: OpenFiles) -> None:
        """Raise ``UploadError`` if a file was written since its header was read."""
        for part in self.parts:
            if fingerprint(files, part.path) != part.fingerprint:
                raise refusal(part.path, "", "changed during the upload", f"{AGAIN}, which compares every chunk of it")


def small_variables(variables: dict[str, Variable], request: Request, count: int) -> list[str]:
    """Return the variables whose values all fit in memory: the joined coordinate and others of few bytes a step."""
    sizes = {
        name: variable.nbytes(variable.shape) * count
        for name, variable in variables.items()
        if variable.dims[:1] == (request.along,) and name != request.axis
    }
    kept, budget = [request.axis] if request.axis in variables else [], KEPT_BYTES
    for name in sorted(sizes, key=sizes.__getitem__):
        budget -= sizes[name]
        if budget < 0:
            break
        kept.append(name)
    return kept


# --- Make the metadata and the chunks of the store --------------------------------------------------------------------


# The largest array that the codecs of numcodecs accept.
LARGEST_CHUNK = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Chunk:
    """One chunk of a variable: the name of its object in the store, and the region that it holds."""

    name: str
    variable: str
    region: tuple[slice, ...]


class Layout:
    """The store to be written: its metadata and its chunks. Made in memory, before anything is written."""

    def __init__(self, source: Source, chunks: dict[str, int], chunk_bytes: int) -> None:
        self.source = source
        self.chunk_shapes = {name: chunk_shape(source, name, chunks, chunk_bytes) for name in source.variables}
        documents = {name: self._document(name) for name in source.variables}
        self._check_readable(documents)
        group = {"zarr_format": 3, "node_type": "group", "attributes": source.attrs}
        inline = {"kind": "inline", "must_understand": False, "metadata": documents}
        root = group | {"consolidated_metadata": inline}
        self.metadata = {"zarr.json": json.dumps(root).encode()}
        self.metadata |= {f"{name}/zarr.json": json.dumps(document).encode() for name, document in documents.items()}
        made_from = [source.identity, *(self.metadata[name].decode() for name in sorted(self.metadata))]
        self.made_from = hashlib.sha256(json.dumps(made_from).encode()).hexdigest()

    def _document(self, name: str) -> dict[str, Any]:
        """Return the metadata of one array."""
        variable = self.source.variables[name]
        objects: dict[str, zarr.core.buffer.Buffer] = {}
        fill = np.nan if variable.dtype.kind == "f" and variable.fill is None else variable.fill
        try:
            zarr.create_array(
                zarr.storage.MemoryStore(objects),
                shape=variable.shape,
                chunks=self.chunk_shapes[name],
                dtype=str if variable.dtype.kind == "O" else variable.dtype,
                fill_value=fill,
                attributes=variable.attrs,
                dimension_names=variable.dims,
                zarr_format=3,
            )
            document: dict[str, Any] = json.loads(objects["zarr.json"].to_bytes())
            return document
        except (TypeError, ValueError, KeyError, OverflowError) as error:
            path, problem = self.source.parts[0].path, f"cannot be stored in Zarr ({first_line(error)})"
            raise refusal(path, name, problem, "convert it, or choose others with --variables") from None

    def _check_readable(self, documents: dict[str, dict[str, Any]]) -> None:
        """Open the store as a reader would, without values; raises ``UploadError`` for what comes out differently."""
        try:
            found = read_metadata(documents, self.source.attrs)
        except Exception as error:  # whatever xarray raises; one variable at a time shows which one it is
            for name, document in documents.items():
                try:
                    read_metadata({name: document}, {})
                except Exception as cause:
                    self._refuse(name, f"could be written but not read by xarray ({first_line(cause)})")
            self._refuse("", f"could be written but not read by xarray ({first_line(error)})")
        # Not found[name], which looks at all other variables each time.
        for name, variable in self.source.variables.items():
            attrs = dict(variable.attrs)
            dtype = found.variables[name].dtype
            if attrs.get("dtype") == "bool" and dtype.kind == "b":  # xarray's convention, also with decode_cf=False
                attrs.pop("dtype")
            elif dtype != variable.dtype and variable.dtype.kind != "O":
                self._refuse(name, f"would be read as {dtype}, not {variable.dtype}")
            changed = {key for key in attrs.keys() | found.variables[name].attrs.keys() if key != "_FillValue"}
            changed = {key for key in changed if not same(attrs.get(key), found.variables[name].attrs.get(key))}
            if changed or found.variables[name].dims != variable.dims:
                self._refuse(name, f"attribute {min(changed, default='dimensions')} would be lost")
        for key in self.source.attrs:
            if not same(self.source.attrs[key], found.attrs.get(key)):
                self._refuse(f"global attribute {key}", "would be lost")

    def _refuse(self, name: str, problem: str) -> None:
        remedy = "rename or remove it, or choose others with --variables"
        raise refusal(self.source.parts[0].path, name, problem, remedy)

    def chunks(self) -> list[Chunk]:
        """Return every chunk, in the order of the joined dimension, so that each file is used for a short time."""
        found = []
        for number, (name, variable) in enumerate(self.source.variables.items()):
            shape, steps = variable.shape, self.chunk_shapes[name]
            axis = variable.dims.index(self.source.along) if self.source.along in variable.dims else None
            counts = [math.ceil(size / step) for size, step in zip(shape, steps, strict=True)]
            for place in itertools.product(*map(range, counts)):
                region = tuple(
                    slice(index * step, min((index + 1) * step, size))
                    for index, step, size in zip(place, steps, shape, strict=True)
                )
                start = 0 if axis is None else region[axis].start
                found.append((start, number, place, Chunk("/".join((name, "c", *map(str, place))), name, region)))
        return [chunk for *_, chunk in sorted(found, key=lambda row: row[:3])]

    @property
    def largest_chunk(self) -> int:
        """The bytes of the largest chunk."""
        return max(self.source.variables[name].nbytes(shape) for name, shape in self.chunk_shapes.items())


def read_metadata(documents: dict[str, dict[str, Any]], attrs: dict[str, Any]) -> xr.Dataset:
    """Open a store with these arrays, cut down to one value, as a reader would."""
    documents = {name: shrunk(document) for name, document in documents.items()}
    inline = {"kind": "inline", "must_understand": False, "metadata": documents}
    root = {"zarr_format": 3, "node_type": "group", "attributes": attrs, "consolidated_metadata": inline}
    objects = {"zarr.json": root} | {f"{name}/zarr.json": document for name, document in documents.items()}
    encoded: dict[str, zarr.core.buffer.Buffer] = {}
    encoded |= {name: zarr.core.buffer.cpu.Buffer.from_bytes(json.dumps(one).encode()) for name, one in objects.items()}
    dataset: xr.Dataset = xr.open_zarr(zarr.storage.MemoryStore(encoded), decode_cf=False, chunks=None)
    return dataset


def shrunk(document: dict[str, Any]) -> dict[str, Any]:
    """Return the metadata of an array with at most one value along each dimension."""
    shape = [min(size, 1) for size in document["shape"]]
    grid = {"name": "regular", "configuration": {"chunk_shape": [1] * len(shape)}}
    return document | {"shape": shape, "chunk_grid": grid}


def chunk_shape(source: Source, name: str, chunks: dict[str, int], chunk_bytes: int) -> tuple[int, ...]:
    """Return the chunk of a variable: as asked for, or cut along the joined dimension first, then along the others."""
    variable = source.variables[name]
    shape = dict(zip(variable.dims, variable.shape, strict=True))
    if chunks and len(shape) > 1:
        shape = {dim: max(1, min(chunks.get(dim, size), size)) for dim, size in shape.items()}
    else:
        for dim in sorted(shape, key=lambda dim: dim != source.along):
            others = variable.nbytes(size for other, size in shape.items() if other != dim)
            shape[dim] = max(1, min(shape[dim], chunk_bytes // max(1, others)))
    if variable.nbytes(shape.values()) > LARGEST_CHUNK:
        size = f"{variable.nbytes(shape.values()) / 1e9:.1f} GB"
        raise UploadError(
            f"--chunks: a chunk of {name} has {size}, but Zarr's codecs accept 2.1 GB at most: make it smaller"
        )
    return tuple(shape.values())


class Encoder:
    """Makes the objects of chunks. Reading holds a lock; several threads encode at the same time."""

    def __init__(self, layout: Layout, files: OpenFiles, workers: int) -> None:
        self._layout, self._files = layout, files
        self._arrays: dict[str, tuple[Any, dict[str, zarr.core.buffer.Buffer]]] = {}
        self._compressors: dict[str, numcodecs.Zstd | None] = {}
        self._lock = threading.Lock()
        # More threads than cores would need more memory and not be faster.
        self._turns = threading.Semaphore(min(workers, os.cpu_count() or 1))

    def encode(self, chunk: Chunk) -> memoryview:
        """Return the object of a chunk."""
        with self._turns:
            array, objects = self._array(chunk.variable)
            values = self._layout.source.read(self._files, chunk.variable, chunk.region)
            compressor = self._compressors[chunk.variable]
            if compressor and values.shape == array.chunks and values.dtype == array.dtype:
                return memoryview(compressor.encode(np.ascontiguousarray(values)))
            array[chunk.region] = values if values.shape else values[()]
            content: Any = objects.pop(chunk.name.removeprefix(f"{chunk.variable}/")).as_numpy_array()
            return memoryview(content)

    def _array(self, name: str) -> tuple[Any, dict[str, zarr.core.buffer.Buffer]]:
        """Return the array of a variable in a store in memory, and the objects of that store."""
        with self._lock:
            if name not in self._arrays:
                # An absent chunk then always means that it is missing, never that it holds fill values.
                zarr.config.set({"array.write_empty_chunks": True})
                document = self._layout.metadata[f"{name}/zarr.json"]
                objects: dict[str, zarr.core.buffer.Buffer] = {}
                objects["zarr.json"] = zarr.core.buffer.cpu.Buffer.from_bytes(document)
                self._compressors[name] = _compressor(json.loads(document))
                self._arrays[name] = zarr.open_array(zarr.storage.MemoryStore(objects), mode="r+"), objects
            return self._arrays[name]


def _compressor(document: dict[str, Any]) -> numcodecs.Zstd | None:
    """Return the compressor of an array of numbers with the codecs of new stores; ``None`` for all other arrays.

    The bytes are those that zarr writes. zarr itself encodes in one event loop, for which the workers would wait.
    """
    codecs = [(codec["name"], codec.get("configuration", {})) for codec in document["codecs"]]
    if [name for name, _ in codecs] != ["bytes", "zstd"] or codecs[0][1].get("endian") != sys.byteorder:
        return None
    return numcodecs.Zstd(**codecs[1][1])


# --- Objects in a target, and their checksums -------------------------------------------------------------------------


@dataclass(frozen=True)
class Stored:
    """An object as the target lists it; ``md5`` is in base64, as in Google's API."""

    md5: str
    size: int
    generation: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    is_noted: bool = False  # the manifest says that this very object was sent, so it may be replaced


def stored(item: dict[str, Any]) -> Stored:
    """Return an object as the bucket describes it."""
    return Stored(item.get("md5Hash", ""), int(item.get("size", 0)), item["generation"], item.get("metadata", {}))


def md5(data: bytes | memoryview) -> str:
    """Return a checksum in the form of Google's API."""
    return base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()


# --- Write to a bucket ------------------------------------------------------------------------------------------------


HOST = "https://storage.googleapis.com"
# Overwriting a chunk of a file that has changed needs the permission to delete the old object.
PERMISSIONS = (
    "storage.objects.create",
    "storage.objects.delete",
    "storage.objects.get",
    "storage.objects.list",
)
OBJECT_FIELDS = "name,size,md5Hash,generation,metadata"


class Body:
    """The body of a request, sent in pieces without a copy of the whole."""

    def __init__(self, data: bytes | memoryview) -> None:
        self._data, self._sent = memoryview(data), 0

    def __len__(self) -> int:
        return len(self._data)

    def read(self, size: int) -> memoryview:
        """Return the next piece: more than asked for, or Python would slow down a fast connection."""
        size = max(size, 1 << 18)
        self._sent += size
        return self._data[self._sent - size : self._sent]


class Bucket:
    """The objects under one prefix of a bucket, over HTTP. Failed requests are repeated for ``patience`` seconds."""

    def __init__(self, url: str, token_file: Path | None, timeout: float, patience: float) -> None:
        self.url = url
        self._bucket, _, prefix = url.removeprefix("gs://").partition("/")
        self._prefix = f"{prefix}/"
        self._login, self._timeout, self._patience = Login(token_file), timeout, patience
        self._last_answer = time.monotonic()
        self._local = threading.local()  # holds a session for each thread
        self.stopping = threading.Event()

    def check_access(self) -> None:
        """Raise ``UploadError`` unless the bucket exists and the login may write to it."""
        path = f"/storage/v1/b/{quote(self._bucket, safe='')}/iam/testPermissions"
        response = self._request("GET", path, params=[("permissions", permission) for permission in PERMISSIONS])
        if response.status_code == 404:
            raise UploadError(f"gs://{self._bucket}: there is no such bucket: check its name")
        granted = response.json().get("permissions", []) if response.ok else []
        missing = sorted(set(PERMISSIONS) - set(granted))
        if missing:
            problem = f"this login may not write to the bucket, because it lacks {missing[0]}"
            raise UploadError(f"gs://{self._bucket}: {problem}: use another login or bucket")

    def list(self) -> dict[str, Stored]:
        """Return all objects under the prefix, by the rest of their names."""
        found: dict[str, Stored] = {}
        params = {"prefix": self._prefix, "fields": f"nextPageToken,items({OBJECT_FIELDS})", "maxResults": "1000"}
        while True:
            response = self._request("GET", f"/storage/v1/b/{quote(self._bucket, safe='')}/o", params=params)
            page = self._checked(response, "the store cannot be listed").json()
            for item in page.get("items", []):
                found[item["name"].removeprefix(self._prefix)] = stored(item)
            if not page.get("nextPageToken"):
                return found
            params["pageToken"] = page["nextPageToken"]

    def stat(self, name: str) -> Stored | None:
        """Return what the bucket has under a name, or ``None``."""
        path = f"/storage/v1/b/{quote(self._bucket, safe='')}/o/{quote(self._prefix + name, safe='')}"
        response = self._request("GET", path, params={"fields": OBJECT_FIELDS})
        return None if response.status_code == 404 else stored(self._checked(response, f"{name} cannot be read").json())

    def put(self, name: str, data: bytes | memoryview, replaces: Stored | None, metadata: dict[str, str]) -> bool:
        """Write an object where there is none, or where there is the one that it ``replaces``.

        When this returns, the bucket has confirmed the checksum. Returns ``False`` if another copy of this script
        wrote the object.
        """
        digest = md5(data)
        headers = {"Content-MD5": digest, "Content-Type": "application/octet-stream"}
        headers["x-goog-if-generation-match"] = replaces.generation if replaces else "0"
        headers |= {f"x-goog-meta-{key}": value for key, value in metadata.items()}
        path = f"/{quote(self._bucket, safe='')}/{quote(self._prefix + name, safe='/')}"
        for attempt in itertools.count():
            try:
                response = self._send("PUT", path, headers=headers, data=Body(data))
                if response.status_code != 412:
                    self._checked(response, f"{name} cannot be written")
                    if f"md5={digest}" in response.headers.get("x-goog-hash", ""):
                        return True
            except TransientError as error:
                self._wait(attempt, error)
            # There was no answer, or another copy was faster: look at the current object.
            found = self.stat(name)
            if found and found.md5 == digest:
                return False
            if (found and found.generation) != (replaces and replaces.generation):
                raise UploadError(f"{self.url}/{name}: somebody else changed this object: {AGAIN}")
        raise AssertionError

    def _request(self, method: str, path: str, **options: Any) -> requests.Response:
        """Return an answer, after as many attempts as it takes."""
        for attempt in itertools.count():
            try:
                return self._send(method, path, **options)
            except TransientError as error:
                self._wait(attempt, error)
        raise AssertionError

    def _send(self, method: str, path: str, headers: dict[str, str] | None = None, **options: Any) -> requests.Response:
        """Send a request once; raises ``TransientError`` if it should be repeated."""
        if not hasattr(self._local, "session"):
            self._local.session = requests.Session()
        token = self._login.token()

        def authorize(request: requests.PreparedRequest) -> requests.PreparedRequest:
            request.headers["Authorization"] = f"Bearer {token}"
            return request

        try:
            response: requests.Response = self._local.session.request(
                method, HOST + path, headers=headers, auth=authorize, timeout=self._timeout, **options
            )
        except requests.RequestException as error:
            raise TransientError(f"the connection failed ({type(error).__name__})") from None
        if response.status_code == 401:
            self._login.token(rejected=token)
            raise TransientError("the token is not accepted", after=0.01)
        if response.status_code == 400 and "BadDigest" in response.text:
            raise TransientError("an object was damaged on the way")
        if response.status_code in (408, 429) or response.status_code >= 500:
            after = response.headers.get("Retry-After", "")
            after_s = float(after) if after.isdecimal() else 0.0
            raise TransientError(f"the bucket answered {response.status_code}", after_s)
        self._last_answer = time.monotonic()
        return response

    def _wait(self, attempt: int, error: TransientError) -> None:
        """Wait before the next attempt, longer each time; raises ``UploadError`` if nothing has worked for too long."""
        if time.monotonic() - self._last_answer > self._patience:
            raise UploadError(f"no request has succeeded for {self._patience:.0f} s ({error}): {AGAIN}")
        backoff = min(30.0, 0.5 * 2**attempt) * random.uniform(0.5, 1.0)  # noqa: S311 - not secret
        pause = error.after if error.after and not attempt else max(error.after, backoff)
        if self.stopping.wait(pause):
            raise UploadError("stopped")

    def _checked(self, response: requests.Response, problem: str) -> requests.Response:
        """Return the response unless it is an error."""
        if response.ok:
            return response
        found = re.search(r"<Details>(.*?)</Details>|<Message>(.*?)</Message>", response.text, re.DOTALL)
        reason = (found[1] or found[2]) if found else f"status {response.status_code}"
        with contextlib.suppress(ValueError, KeyError, TypeError):
            reason = response.json()["error"]["message"]
        raise UploadError(f"{self.url}: {problem}: {' '.join(reason.split())}")


# --- Note the checksums of sent chunks --------------------------------------------------------------------------------


# How every manifest begins.
OPENING = '{"target": '


class Manifest:
    """The checksum of each chunk that the target has confirmed, a line each, in a file on this disk.

    A line also names the state of the source files that the chunk comes from; it does not count if they have changed.
    Without its manifest an upload loses nothing, but every chunk is read, encoded and compared once more.
    """

    def __init__(self, path: Path, target: str, made_from: str) -> None:
        self.path, self._head = path, {"target": target, MARK: made_from}
        self._notes: dict[str, tuple[str, str]] = {}
        self._writing, self._warned = threading.Lock(), False
        try:
            self._file = path.open("a+", encoding="utf-8", errors="surrogateescape")
        except OSError as error:
            raise UploadError(f"{path}: cannot be written ({error.strerror}): name another with --manifest") from None
        self._check()
        self._lock()
        self._read()

    def _check(self) -> None:
        """Raise ``UploadError`` for a file that is not a manifest and so must not be overwritten."""
        self._file.seek(0)
        first = self._file.readline()
        cut_off = OPENING.startswith(first)  # empty, or from a run that was killed while it wrote
        if not cut_off and not first.startswith(OPENING):
            raise UploadError(f"{self.path}: this file is not a manifest: name another with --manifest")

    def _lock(self) -> None:
        """Keep other copies away. Where files cannot be locked, the conditions on each object still do."""
        with contextlib.suppress(OSError, ImportError):
            import fcntl  # which Windows lacks

            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                problem = "another copy of this script is working on this upload: wait until it has ended"
                raise UploadError(f"{self.path}: {problem}") from None

    def _read(self) -> None:
        self._file.seek(0)
        head, *lines = [found for line in self._file if (found := parsed(line))] or [{}]
        if head and head.get("target") != self._head["target"]:
            message = f"{self.path}: this is the manifest of {head.get('target')}: name another with --manifest"
            raise UploadError(message)
        if head != self._head:
            self.clear()
            return
        self._notes = {line["object"]: (line["md5"], line.get("source", "")) for line in lines if "md5" in line}
        self._write("")  # ends an incomplete last line

    def get(self, name: str, source: str) -> str | None:
        """Return the checksum of an object if it was made from the source in this state."""
        digest, noted = self._notes.get(name, (None, ""))
        return digest if noted == source else None

    def digest(self, name: str) -> str | None:
        """Return the checksum of an object as it was sent, in whatever state the source was then."""
        return self._notes.get(name, (None, ""))[0]

    def clear(self) -> None:
        """Forget everything, so that the next run compares every chunk."""
        self._notes = {}
        with contextlib.suppress(OSError):
            self._file.truncate(0)
        self._write(json.dumps(self._head))

    def add(self, name: str, digest: str, source: str) -> None:
        """Note an object."""
        with self._writing:
            self._notes[name] = digest, source
            self._write(json.dumps({"object": name, "md5": digest, "source": source}))

    def _write(self, line: str) -> None:
        try:
            self._file.write(line + "\n")
            self._file.flush()
        except OSError as error:
            if not self._warned:
                report(f"{self.path}: {error.strerror}: continuing without it; the next run will take longer")
            self._warned = True


def read_head(path: Path) -> dict[str, Any]:
    """Return the first line of a manifest; empty if there is none."""
    with contextlib.suppress(OSError, UnicodeDecodeError), path.open(encoding="utf-8") as file:
        return parsed(file.readline()) or {}
    return {}


def parsed(line: str) -> dict[str, Any] | None:
    """Return a line of a manifest; ``None`` if it is incomplete."""
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


# --- Write to a folder on this disk -----------------------------------------------------------------------------------


class Folder:
    """A store on this disk. It is ours if its manifest, which is beside it, says so."""

    def __init__(self, url: str, manifest: Path) -> None:
        self.url, self._manifest = url, manifest
        self._path = Path(url)
        self._partial = self._path.with_name(f".{self._path.name}.partial")
        self.stopping = threading.Event()

    def check_access(self) -> None:
        """Raise ``UploadError`` unless the folder of the store exists and can be written to."""
        parent = self._path.parent
        if not parent.is_dir():
            raise UploadError(f"{parent}: there is no such folder: create it, or choose another")
        if not os.access(parent, os.W_OK):
            raise UploadError(f"{parent}: you may not write to this folder: choose another")
        if self._path.is_dir() and not os.access(self._path, os.W_OK | os.X_OK):
            raise UploadError(f"{self.url}: you may not write to this store: choose another")
        for folder in self._path.parents:
            if is_zarr(str(folder)):
                raise UploadError(f"{self.url}: it is in the Zarr store {folder}: choose another folder")
        if self._partial.is_symlink() or (self._partial.exists() and not self._partial.is_dir()):
            raise UploadError(f"{self._partial}: the upload needs a folder of this name: rename this file")
        if self._path.is_symlink() or (self._path.exists() and not self._path.is_dir()):
            raise UploadError(f"{self.url}: there is a file of this name: choose another")

    def list(self) -> dict[str, Stored]:
        """Return all files of the store, by their names in it."""
        found = {}
        for path in sorted(self._path.rglob("*")):
            if path.is_file():
                data, name = path.read_bytes(), path.relative_to(self._path).as_posix()
                head = read_head(self._manifest) if name == "zarr.json" else {}
                ours = head.get("target") == self.url
                found[name] = Stored(md5(data), len(data), metadata={MARK: head.get(MARK, "")} if ours else {})
        return found

    def stat(self, name: str) -> Stored | None:
        """Return what the store has under a name, or ``None``."""
        return self.list().get(name)

    def put(self, name: str, data: bytes | memoryview, _replaces: Stored | None, _metadata: dict[str, str]) -> bool:
        """Write a file, under its name only when it is complete."""
        path = self._path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        self._partial.mkdir(exist_ok=True)
        partial = self._partial / hashlib.sha256(name.encode()).hexdigest()
        partial.write_bytes(data)
        os.replace(partial, path)
        return True

    def clean_up(self) -> None:
        """Remove what an interrupted upload left beside the store."""
        if self._partial.is_dir():
            for path in self._partial.iterdir():
                path.unlink()
            self._partial.rmdir()


# --- Send the chunks that are missing, and verify the store -----------------------------------------------------------


Target = Bucket | Folder


@dataclass(frozen=True)
class Settings:
    """How to reach the target; what a Dask worker needs to know as well."""

    url: str
    manifest: Path
    token_file: Path | None = None
    timeout: float = 120
    patience: float = 900

    def target(self) -> Target:
        """Return the target."""
        if is_remote(self.url):
            return Bucket(self.url, self.token_file, self.timeout, self.patience)
        return Folder(self.url, self.manifest)


@dataclass(frozen=True)
class Result:
    """A chunk that is in the target: its checksum, its size, and whether it was sent now."""

    chunk: Chunk
    md5: str
    size: int
    was_sent: bool


# Chunks, each with what the target has under its name; and what transfers them and yields a result when one is there.
Todo = list[tuple[Chunk, Stored | None]]
Runner = Callable[[Todo], Iterator[Result]]


def transfer(encoder: Encoder, target: Target, chunk: Chunk, existing: Stored | None) -> Result:
    """Encode a chunk, and send it unless the target has the same object. Replace only what this upload sent."""
    data = encoder.encode(chunk)
    digest = md5(data)
    if existing and existing.md5 != digest and not existing.is_noted:
        raise changed_elsewhere(target.url, [chunk.name])
    was_sent = (existing is None or existing.md5 != digest) and target.put(chunk.name, data, existing, {})
    return Result(chunk, digest, len(data), was_sent)


def changed_elsewhere(url: str, names: list[str]) -> UploadError:
    """Return the error for objects that another program wrote, perhaps to correct them."""
    problem = f"{len(names)} objects were changed by another program, such as {min(names)}, and were not overwritten"
    return UploadError(f"{url}: {problem}: to restore the values of the files, delete them and {AGAIN}")


class Upload:
    """A store on its way into a target."""

    def __init__(self, layout: Layout, target: Target, chunks: list[Chunk]) -> None:
        self.layout, self.target, self.chunks = layout, target, chunks
        self.existing = target.list()

    def check_target(self) -> None:
        """Raise ``UploadError`` unless the target is empty or holds the beginning of this very upload."""
        url, root = self.target.url, self.existing.get("zarr.json")
        other = "choose another name"
        if self.existing and root is None:
            raise UploadError(f"{url}: it contains other objects, such as {min(self.existing)}: {other}")
        if root and MARK not in root.metadata:
            raise UploadError(f"{url}: this store exists and was not written by this script: {other}")
        if root and root.metadata[MARK] != self.layout.made_from:
            problem = "this store was started with other files or other chunks"
            raise UploadError(f"{url}: {problem}: {other}, or add files to a verified store with append_to_store.py")
        more = self.existing.keys() - self.layout.metadata.keys() - {chunk.name for chunk in self.chunks}
        if more:
            raise UploadError(f"{url}: it contains other objects, such as {min(more)}: {other}")

    def write_metadata(self, workers: int) -> None:
        """Write the metadata of all arrays; first those of the root, whose mark claims the target."""

        def write(name: str) -> None:
            if name not in self.existing:
                mark = {MARK: self.layout.made_from} if name == "zarr.json" else {}
                self.target.put(name, self.layout.metadata[name], None, mark)

        write("zarr.json")
        if "zarr.json" not in self.existing and isinstance(self.target, Bucket):
            root = self.target.stat("zarr.json")
            if root is None or root.metadata.get(MARK) != self.layout.made_from:
                raise UploadError(f"{self.target.url}: somebody else has started another store: choose another name")
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(write, self.layout.metadata.keys() - {"zarr.json"}))

    def check_objects(self, manifest: Manifest) -> None:
        """Raise ``UploadError`` if another program changed objects that this upload wrote."""
        expected = {name: md5(data) for name, data in self.layout.metadata.items()}
        expected |= {chunk.name: digest for chunk in self.chunks if (digest := manifest.digest(chunk.name))}
        changed = [name for name, one in self.existing.items() if expected.get(name, one.md5) != one.md5]
        if changed:
            raise changed_elsewhere(self.target.url, changed)
        for name in self.existing.keys() & expected.keys():
            self.existing[name] = replace(self.existing[name], is_noted=True)

    def run(self, manifest: Manifest, run_all: Runner, workers: int, files: OpenFiles) -> None:
        """Send what is missing and verify; ``run_all`` transfers chunks and yields each ``Result``."""
        self.check_objects(manifest)
        source = self.layout.source
        states = {chunk.name: source.fingerprint(chunk.variable, chunk.region) for chunk in self.chunks}
        noted = {name: manifest.get(name, state) for name, state in states.items()}
        todo = [c for c in self.chunks if c.name not in self.existing or self.existing[c.name].md5 != noted[c.name]]
        report(f"{len(self.chunks) - len(todo)} of {len(self.chunks)} chunks are already stored, {len(todo)} to send")
        started, count, size = time.monotonic(), 0, 0
        self.write_metadata(workers)
        progress = Progress("uploading", len(todo))
        for result in run_all([(chunk, self.existing.get(chunk.name)) for chunk in todo]):
            name = result.chunk.name
            noted[name] = result.md5
            manifest.add(name, result.md5, states[name])
            count, size = count + result.was_sent, size + result.size * result.was_sent
            progress.step()
        report(f"sent {count} chunks, {megabytes(size)} in {time.monotonic() - started:.1f} s")
        source.check_unchanged(files)
        try:
            self.verify({name: digest for name, digest in noted.items() if digest})
        except VerificationError:
            manifest.clear()
            raise

    def verify(self, noted: Mapping[str, str]) -> None:
        """Compare the checksums of everything sent with those that the target lists."""
        expected = {name: md5(data) for name, data in self.layout.metadata.items()} | dict(noted)
        listed = self.target.list()
        found = {name: one.md5 for name, one in listed.items()}
        wrong = sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))
        if wrong:
            problem = f"{len(wrong)} objects differ from what was sent, such as {wrong[0]}"
            raise VerificationError(f"{self.target.url}: {problem}: {AGAIN}")
        size = sum(one.size for one in listed.values())
        report(f"verified: all {len(listed)} objects ({megabytes(size)}) have the right checksum")


class Progress:
    """A bar in a terminal, and elsewhere a line every ten seconds."""

    def __init__(self, action: str, total: int) -> None:
        self._action, self._total, self._done, self._shown = action, total, 0, time.monotonic()

    def step(self) -> None:
        """Count one more."""
        self._done += 1
        finished = self._done == self._total
        if sys.stdout.isatty():
            bar = "#" * (40 * self._done // self._total)
            end = "\n" if finished else ""
            with contextlib.suppress(OSError):
                print(f"\r{self._action} [{bar:40}] {self._done}/{self._total}", end=end, flush=True)
        elif finished or time.monotonic() > self._shown + 10:
            self._shown = time.monotonic()
            report(f"{self._action}: {self._done} of {self._total} chunks")


def run_in_threads(encoder: Encoder, target: Target, workers: int, todo: Todo) -> Iterator[Result]:
    """Transfer chunks, ``workers`` at a time, and yield each result when it is there."""
    waiting, lock = iter(todo), threading.Lock()
    finished: list[Result] = []
    ready = threading.Condition()
    problems: list[BaseException] = []

    def work() -> None:
        while not target.stopping.is_set():
            with lock:
                task = next(waiting, None)
            if task is None:
                return
            try:
                result = transfer(encoder, target, *task)
            except BaseException as problem:
                target.stopping.set()
                with ready:
                    problems.append(problem)
                    ready.notify()
                return
            with ready:
                finished.append(result)
                ready.notify()

    with ThreadPoolExecutor(workers) as pool:
        futures = [pool.submit(work) for _ in range(workers)]
        try:
            while True:
                with ready:
                    ended = all(future.done() for future in futures)
                    if not finished and not ended:
                        ready.wait(0.1)
                    results, finished[:] = list(finished), []
                yield from results
                if ended and not results:
                    break
        except BaseException:
            target.stopping.set()  # requests that are under way may end, no others begin
            raise
    if problems:
        raise problems[0]


# --- Let the workers of a Dask cluster transfer chunks ----------------------------------------------------------------


_on_worker: dict[str, tuple[Encoder, Target]] = {}
_on_worker_lock = threading.Lock()


def transfer_on_worker(layout: Layout, settings: Settings, chunk: Chunk, existing: Stored | None) -> Result:
    """Transfer a chunk in a Dask worker, which logs in on its own."""
    with _on_worker_lock:
        key = layout.made_from + settings.url
        if key not in _on_worker:
            _on_worker[key] = Encoder(layout, OpenFiles(), os.cpu_count() or 1), settings.target()
    return transfer(*_on_worker[key], chunk, existing)


def read_headers_on_workers(client: Any, _function: object, paths: list[str], *arguments: Any) -> Iterator[Header]:
    """Read headers in the workers of a Dask cluster, in the order of the paths."""
    read = functools.partial(read_header_on_worker, arguments=arguments)
    for future in client.map(read, paths, pure=False):
        yield future.result()


def read_header_on_worker(path: str, arguments: tuple[Any, ...]) -> Header:
    """Read a header in a Dask worker."""
    return read_header(OpenFiles(), path, *arguments)


def run_on_workers(client: Any, layout: Layout, settings: Settings, todo: Todo) -> Iterator[Result]:
    """Transfer chunks in the workers of a Dask cluster, and yield each result when it is there."""
    import dask.distributed

    shared = client.scatter(layout, broadcast=True)
    futures = [client.submit(transfer_on_worker, shared, settings, *task, pure=False) for task in todo]
    try:
        for future in dask.distributed.as_completed(futures):
            yield future.result()
    finally:
        client.cancel(futures)


def check_workers(client: Any, paths: list[str], url: str) -> None:
    """Raise ``UploadError`` unless all workers of a Dask cluster see the files, and a target on a disk."""
    local = [
        path for path in (paths[0], *([os.path.dirname(url)] if not is_remote(url) else [])) if not is_remote(path)
    ]
    for path in local:
        if not all(client.run(os.path.exists, os.path.abspath(path)).values()):
            raise UploadError(f"{path}: the Dask workers do not see it: use files and a target in a bucket (gs://)")


# --- The command ------------------------------------------------------------------------------------------------------


# More threads than this only need memory.
MOST_WORKERS = 256


def upload(
    sources: Iterable[str | Path] | str | Path,
    target: str | Path,
    *,
    along: str = "time",
    sort_by: str | None = None,
    variables: Iterable[str] = (),
    chunks: Mapping[str, int] | None = None,
    chunk_mb: float = 100,
    workers: int = 4,
    allow_gaps: bool = False,
    client: Any = None,
    token_file: str | Path | None = None,
    user: str | None = os.environ.get("JUPYTERHUB_USER"),
    manifest: str | Path | None = None,
    timeout: float = 120,
    patience: float = 900,
    dry_run: bool = False,
) -> None:
    """Check everything, then copy ``sources`` to one Zarr store; raises ``UploadError`` with one line.

    ``client`` is the client of a Dask cluster whose workers do the work; they must see the sources and the target, and
    use their own login.
    """
    settings = settings_of(str(target), user, manifest, token_file, timeout, patience)
    destination = settings.target()
    destination.check_access()
    files = OpenFiles(settings.token_file)
    paths = find_files([sources] if isinstance(sources, str | Path) else sources, files, settings.url)
    each: Reader = lambda read, paths, *arguments: (read(path, *arguments) for path in paths)  # noqa: E731
    if client:
        paths = prepare_workers(client, paths, settings)
        each = functools.partial(read_headers_on_workers, client)
    source = Source(files, paths, Request(along, sort_by, tuple(variables)), allow_gaps, each)
    layout = Layout(source, checked_chunks(chunks or {}, source), int(chunk_mb * 1e6))
    work = Upload(layout, destination, layout.chunks())
    work.check_target()
    summarize(source, layout, len(work.chunks), str(target))
    if dry_run:
        report("nothing was written (--dry-run)")
        return
    notes = Manifest(settings.manifest, settings.url, layout.made_from)
    run_all: Runner = functools.partial(run_in_threads, Encoder(layout, files, workers), destination, workers)
    if client:
        run_all = functools.partial(run_on_workers, client, layout, settings)
    try:
        work.run(notes, run_all, workers, files)
    finally:
        if isinstance(destination, Folder):
            destination.clean_up()


def prepare_workers(client: Any, paths: list[str], settings: Settings) -> list[str]:
    """Send this script to the workers, and return the paths as they see them."""
    if settings.token_file:
        raise UploadError("--token-file: the workers of a Dask cluster use their own login: omit this option")
    check_workers(client, paths, settings.url)
    client.upload_file(__file__)
    return [path if is_remote(path) else os.path.abspath(path) for path in paths]


def settings_of(
    target: str, user: str | None, manifest: Any, token_file: Any, timeout: float, patience: float
) -> Settings:
    """Return the settings; raises ``UploadError`` for a target that others share."""
    url = target.rstrip("/")
    if re.search(r"[\0-\x1f\x7f]", url):
        raise UploadError(f"{target!r}: the name has a control character: correct the target")
    found = re.fullmatch(r"gs://([a-z0-9][a-z0-9._-]+)/([^/]+)/(?:[^/]+/)*[^/]+\.zarr", url)
    forms = "gs://BUCKET/PREFIX/NAME.zarr or ./NAME.zarr"
    if is_remote(url):
        if not found or {".", ".."} & set(url.split("/")):
            raise UploadError(f"{target} is not of the form {forms}: correct the target")
        if user and found[2] != user:
            problem = f"is under the prefix of {found[2]}, not yours"
            raise UploadError(f"{target} {problem}: write under gs://{found[1]}/{user}/")
    elif not re.match(r"(\.{1,2}|~)?/", url) or not url.endswith(".zarr") or "://" in url:
        raise UploadError(f"{target} is not of the form {forms}: correct the target")
    else:
        url = os.path.abspath(os.path.expanduser(url))
    name = f"{url.rpartition('/')[2]}.manifest"
    path = Path(manifest) if manifest else (Path(name) if is_remote(url) else Path(f"{url}.manifest"))
    return Settings(url, path, Path(token_file) if token_file else None, timeout, patience)


def checked_chunks(chunks: Mapping[str, int], source: Source) -> dict[str, int]:
    """Return the chunks; raises ``UploadError`` for a dimension that does not exist."""
    for dim in chunks:
        if dim not in source.sizes:
            raise UploadError(
                f"--chunks: the files have only the dimensions {', '.join(source.sizes)}, not {dim!r}: correct it"
            )
    return dict(chunks)


def summarize(source: Source, layout: Layout, count: int, target: str) -> None:
    """Print what is about to be copied."""
    files = f"{len(source.parts)} file{'s' * (len(source.parts) != 1)}"
    report(f"{files}, {len(source.variables)} variables, {megabytes(source.nbytes)} -> {target}")
    report(f"{count} chunks of at most {megabytes(layout.largest_chunk)}")
    if source.differing:
        names = ", ".join(sorted(source.differing))
        report(f"attributes that differ between files, and are kept as in the first one: {names}")


def parse_arguments() -> argparse.Namespace:
    """Return the options of the command line."""
    about, _, more = __doc__.partition("\n\n")
    parser = argparse.ArgumentParser(description=about, epilog=more, formatter_class=argparse.RawTextHelpFormatter)
    add = parser.add_argument
    add("source", nargs="+", help="NetCDF files in any order, folders, patterns, gs:// addresses, or a Zarr store")
    add("target", help="gs://BUCKET/PREFIX/NAME.zarr, where PREFIX is your GitHub username, or ./NAME.zarr")
    add("--along", default="time", metavar="DIM", help="dimension along which files are joined (%(default)s)")
    add("--sort-by", metavar="NAME", help="variable along DIM by which to sort the files, if DIM has no coordinate")
    add("--allow-gaps", action="store_true", help="accept missing steps in a regular axis")
    add("--variables", type=names, default=(), metavar="A,B", help="copy only these variables, and those they refer to")
    add("--chunk-mb", type=positive, default=100, metavar="MB", help="size of the largest chunk in MB (%(default)s)")
    add("--chunks", type=sizes, metavar="DIM=N,...", help="shape of the chunks, instead of their size")
    add("--workers", type=workers, default=4, metavar="N", help="chunks to send at the same time (%(default)s)")
    add("--dask", metavar="ADDRESS", help="address of a Dask scheduler, whose workers do the work")
    add("--token-file", type=Path, metavar="FILE", help="file with an access token, which only you can read (mode 600)")
    add("--user", default=os.environ.get("JUPYTERHUB_USER"), help="your GitHub username (the hub knows it)")
    add("--manifest", type=Path, metavar="FILE", help="record of sent chunks (NAME.zarr.manifest)")
    add("--timeout", type=positive, default=120, metavar="S", help="seconds to wait for an answer (%(default)s)")
    add("--patience", type=positive, default=900, metavar="S", help="seconds to repeat failed requests (%(default)s)")
    add("--dry-run", action="store_true", help="check everything without writing")
    return parser.parse_args()


def names(text: str) -> tuple[str, ...]:
    """Return names that are separated by commas."""
    found = tuple(name for name in text.split(",") if name)
    if not found:
        raise argparse.ArgumentTypeError("name at least one variable")
    return found


def sizes(text: str) -> dict[str, int]:
    """Return sizes by dimension; argparse reports anything not of this form."""
    found = {}
    for part in text.split(","):
        dim, equals, size = part.partition("=")
        if not dim or not equals or not size.isdecimal() or not int(size):
            raise argparse.ArgumentTypeError(f"{text!r} is not of the form DIM=N,DIM=N")
        if dim in found:
            raise argparse.ArgumentTypeError(f"{dim} occurs twice")
        found[dim] = int(size)
    return found


def positive(text: str) -> float:
    """Return a number above zero; argparse reports anything else."""
    if not 0 < float(text) < math.inf:
        raise ValueError
    return float(text)


def whole(text: str) -> int:
    """Return a whole number above zero; argparse reports anything else."""
    return int(positive(str(int(text))))


def workers(text: str) -> int:
    """Return a number of threads; argparse reports anything else, or more than any machine can use."""
    number = whole(text)
    if number > MOST_WORKERS:
        raise argparse.ArgumentTypeError(f"{text} is more than {MOST_WORKERS}")
    return number


def return_memory() -> None:
    """Let Linux reclaim the memory of a chunk at once; otherwise each thread keeps the most that it ever needed."""
    with contextlib.suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).mallopt(-3, 1 << 20)  # M_MMAP_THRESHOLD


def run_command(options: argparse.Namespace) -> None:
    """Upload as the command line asks."""
    asked = dict(vars(options))
    sources, target, address = asked.pop("source"), asked.pop("target"), asked.pop("dask")
    if not address:
        upload(sources, target, **asked)
        return
    import dask.distributed

    try:
        client = dask.distributed.Client(address, timeout=30)
    except (OSError, ValueError) as error:
        raise UploadError(f"--dask {address}: no scheduler answers at this address ({first_line(error)})") from None
    with client:
        upload(sources, target, client=client, **asked)


def discard_unwritten_output() -> None:
    """Keep Python from failing as it exits because stdout is full, or because the program that read it has ended."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def main() -> int:
    """Run the command; returns 0 if the store is verified, and 1 after one line on stderr that says why not."""
    return_memory()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal that lacks a letter shows its code instead
            stream.reconfigure(errors="backslashreplace")
    warnings.simplefilter("ignore")  # libraries warn programmers; errors are reported
    options = parse_arguments()
    if options.dask and __name__ == "__main__":
        sys.path.insert(0, str(Path(__file__).resolve().parent))
        module: Any = importlib.import_module(Path(__file__).stem)  # a name by which the workers can import it
        status: int = module.main()
        return status
    # Not by way of SIGINT, which a shell ignores for jobs in the background.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        run_command(options)
    except UploadError as error:
        reason = str(error)
    except KeyboardInterrupt:
        reason = f"stopped: {AGAIN}"
    except MemoryError:
        reason = "there is not enough memory: make the chunks smaller with --chunk-mb, or use fewer --workers"
    except OSError as error:
        reason = f"{error.filename or 'this machine'}: {error.strerror or first_line(error)}"
    else:
        return 0
    finally:
        discard_unwritten_output()
    with contextlib.suppress(OSError):
        print(f"upload_store.py: {reason}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
