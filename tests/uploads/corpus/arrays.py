"""Read a source with netCDF4, h5py or plain zarr into arrays, without xarray and without any code of the script."""

from __future__ import annotations

import base64
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import netCDF4
import numpy as np
import zarr

# What the HDF5 library notes for itself.
_HIDDEN = {"CLASS", "NAME", "REFERENCE_LIST", "DIMENSION_LIST", "DIMENSION_LABELS"}
_NO_VARIABLE = b"This is a netCDF dimension but not a netCDF variable"


@dataclass
class Array:
    """A variable. Text is an array of ``str`` objects; ``attrs`` hold plain Python values; ``fill`` is not in them."""

    dims: tuple[str, ...]
    values: np.ndarray
    attrs: dict[str, Any]
    fill: Any = None


@dataclass
class Content:
    """All variables and attributes of a source or a store."""

    arrays: dict[str, Array]
    attrs: dict[str, Any]


def native(values: np.ndarray) -> np.ndarray:
    """Return values in the byte order of this machine, and text as objects."""
    values = np.asarray(values)
    if values.dtype.kind in "TUO":
        return np.array([str(it) for it in values.reshape(-1)], object).reshape(values.shape)
    return values.astype(values.dtype.newbyteorder("="))


def plain(value: Any) -> Any:
    """Return an attribute in Python's types; a list of one number is that number, as NetCDF cannot tell them apart."""
    if isinstance(value, h5py.Empty):
        return "" if value.dtype.kind in "SO" else []
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, list | tuple):
        items = [plain(item) for item in value]
        return items[0] if len(items) == 1 and not isinstance(items[0], str) else items
    return value


def flags(members: dict[str, int]) -> dict[str, Any]:
    """Return what CF has for the members of an enumeration: a store cannot hold the type itself."""
    values = [int(value) for value in members.values()]
    return {"flag_values": plain(values), "flag_meanings": " ".join(members)}


def read_netcdf(path: Path) -> Content:
    """Read a file with the netCDF C library."""
    with netCDF4.Dataset(path) as file:
        file.set_auto_maskandscale(False)
        file.set_auto_chartostring(False)
        arrays = {}
        for name, variable in file.variables.items():
            attrs = {key: variable.getncattr(key) for key in variable.ncattrs()}
            fill = attrs.pop("_FillValue", None)
            attrs = {key: plain(value) for key, value in attrs.items()}
            if isinstance(variable.datatype, netCDF4.EnumType):
                attrs = flags(variable.datatype.enum_dict) | attrs
            arrays[name] = Array(variable.dimensions, native(variable[...]), attrs, fill)
        return Content(arrays, {key: plain(file.getncattr(key)) for key in file.ncattrs()})


def read_hdf5(path: Path) -> Content:
    """Read a file with h5py, by the names that its dimension scales give."""
    with h5py.File(path) as file:
        arrays = {}
        for name, dataset in file.items():
            if dataset.attrs.get("NAME", b"").startswith(_NO_VARIABLE):
                continue
            attrs = {key: value for key, value in dataset.attrs.items() if _shown(key)}
            fill = attrs.pop("_FillValue", None)
            members = h5py.check_enum_dtype(dataset.dtype)
            if members and dataset.dtype != bool:
                attrs = flags(members) | attrs
            text = h5py.check_string_dtype(dataset.dtype)
            values = dataset.asstr()[...] if text and text.length is None else dataset[...]
            attrs = {key: plain(value) for key, value in attrs.items()}
            fill = fill[0] if isinstance(fill, np.ndarray) else fill
            arrays[name] = Array(_dims(name, dataset), native(values), attrs, fill)
        return Content(arrays, {key: plain(value) for key, value in file.attrs.items() if _shown(key)})


def _shown(attribute: str) -> bool:
    return attribute not in _HIDDEN and not attribute.startswith(("_Netcdf4", "_NCProperties", "_nc3"))


def _dims(name: str, dataset: h5py.Dataset) -> tuple[str, ...]:
    if dataset.attrs.get("CLASS") == b"DIMENSION_SCALE":
        return (name,)
    return tuple(dim[0].name.lstrip("/") for dim in dataset.dims)


def read_zarr(path: Path) -> Content:
    """Read a source with plain zarr. In version 2, a fill value means that values are missing; version 3 has both."""
    root = zarr.open_group(path, mode="r", use_consolidated=False)
    arrays = {}
    for name, array in root.arrays():
        attrs = dict(array.attrs)
        if array.metadata.zarr_format == 2:
            dims, fill = tuple(attrs.pop("_ARRAY_DIMENSIONS")), array.fill_value
        else:
            dims, fill = tuple(array.metadata.dimension_names or ()), attrs.pop("_FillValue", None)
            fill = None if fill is None else decoded_fill(fill, array.dtype)
        arrays[name] = Array(dims, native(array[...]), {key: plain(value) for key, value in attrs.items()}, fill)
    return Content(arrays, {key: plain(value) for key, value in dict(root.attrs).items()})


def decoded_fill(stored: Any, dtype: Any) -> Any:
    """Return a fill value from the form that xarray gives it in the attributes of Zarr 3."""
    kind = np.dtype(dtype).kind if not isinstance(dtype, str) else "T"
    if kind == "f":
        return np.dtype(dtype).type(struct.unpack("<d", base64.b64decode(stored, validate=True))[0])
    if kind == "S":
        return base64.b64decode(stored, validate=True)
    if kind in "iub":
        if type(stored) not in (int, bool):
            raise TypeError(f"the fill value {stored!r} is not an integer")
        return np.dtype(dtype).type(stored)
    return stored


def read(path: Path) -> Content:
    """Read a source with the library that its name asks for."""
    if path.name.endswith((".zarr", ".zarr2")):
        return read_zarr(path)
    return read_hdf5(path) if path.suffix in (".h5", ".hdf5") else read_netcdf(path)


def joined(files: Sequence[Path], along: str, variables: Sequence[str] = ()) -> Content:
    """Read files and put them after one another in this order, along a dimension."""
    contents = [read(path) for path in files]
    first, arrays = contents[0], {}
    for name, array in first.arrays.items():
        if variables and name not in variables:
            continue
        values = array.values
        if along in array.dims and len(contents) > 1:
            values = np.concatenate([it.arrays[name].values for it in contents], array.dims.index(along))
        arrays[name] = Array(array.dims, values, array.attrs, array.fill)
    return Content(arrays, first.attrs)
