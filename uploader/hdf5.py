"""Read NetCDF4 and HDF5 files."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from typing import Any

import h5netcdf
import h5py
import numpy as np

from uploader.common import is_remote, refusal
from uploader.compressed import HDF5_LOCK, read_compressed
from uploader.variables import DEFAULT_FILLS, Content, Unsupported, Variable, as_json, variable_of


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
