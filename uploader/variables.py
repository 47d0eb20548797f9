"""Variables and attributes, and which of them Zarr can hold."""

from __future__ import annotations

import base64
import json
import math
import struct
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import h5py
import numpy as np

from uploader.common import refusal

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
