"""Read Zarr stores."""

from __future__ import annotations

import base64
import os
import struct
from typing import Any

import numpy as np
import zarr

from uploader.common import UploadError, reading, refusal
from uploader.variables import Content, Variable, same_json, variable_of


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
