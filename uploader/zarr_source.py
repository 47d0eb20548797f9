"""Read Zarr stores."""

from __future__ import annotations

import base64
import os
import struct
from typing import Any

import numpy as np
import zarr

from uploader.common import reading, refusal
from uploader.variables import Content, Variable, as_json, variable_of


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
            if not is_zarr(os.path.join(self._path, name)):
                continue
            with reading(self._path, name):
                member = self._group[name]
            if not isinstance(member, zarr.Array):
                raise refusal(self._path, "", f"has groups ({name})", "copy each group to a store of its own")
            attrs: dict[str, Any] = dict(member.attrs)
            if member.metadata.zarr_format == 2:
                dims: Any = attrs.pop("_ARRAY_DIMENSIONS", ())
                if member.fill_value is not None:
                    attrs["_FillValue"] = member.fill_value
            else:
                dims = member.metadata.dimension_names or ()
                if "_FillValue" in attrs and member.dtype.kind in "fS":
                    data = base64.b64decode(attrs["_FillValue"])
                    attrs["_FillValue"] = data if member.dtype.kind == "S" else struct.unpack("<d", data)[0]
            if len(dims) != len(member.shape) or None in dims:
                raise refusal(self._path, name, "has dimensions without names", "write the store with xarray")
            variables[name] = variable_of(self._path, name, dims, member.shape, member.dtype, attrs, name)
        return Content(variables, {key: as_json(value) for key, value in self._group.attrs.items()})

    def read_into(self, out: np.ndarray, variable: Variable, region: tuple[slice, ...]) -> None:
        """Read a region into ``out``."""
        array: Any = self._group[variable.where]
        out[...] = array[region]


def is_zarr(path: str) -> bool:
    """Whether a folder is a Zarr store."""
    return any(os.path.exists(os.path.join(path, name)) for name in ("zarr.json", ".zgroup", ".zarray", ".zmetadata"))
