"""Write source files with netCDF4 and h5py, without xarray, so that nothing is encoded that an entry does not name."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np

Attributes = dict[str, Any]


@dataclass
class Var:
    """A variable to write. ``dtype`` is a netCDF4 type for what numpy lacks; ``more`` goes to ``createVariable``."""

    dims: tuple[str, ...]
    values: Any
    attrs: Attributes = field(default_factory=dict)
    dtype: Any = None
    more: dict[str, Any] = field(default_factory=dict)


@dataclass
class File:
    """A file to write; dimensions that it does not list have the sizes of its variables."""

    variables: dict[str, Var]
    attrs: Attributes = field(default_factory=dict)
    dims: dict[str, int | None] = field(default_factory=dict)
    format: str = "NETCDF4"

    def write(self, path: Path) -> Path:
        """Write the file and return its path."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with netCDF4.Dataset(path, "w", format=self.format) as file:
            write_group(file, self)
        return path


def write_group(group: netCDF4.Dataset, content: File) -> None:
    """Write dimensions, variables and attributes into a file or a group."""
    sizes = dict(content.dims)
    for variable in content.variables.values():
        for dim, size in zip(variable.dims, np.shape(variable.values), strict=True):
            sizes.setdefault(dim, size)
    for dim, size in sizes.items():
        group.createDimension(dim, size)
    for name, attribute in content.attrs.items():
        group.setncattr(name, attribute)
    for name, variable in content.variables.items():
        attrs, values = dict(variable.attrs), np.asarray(variable.values)
        dtype = variable.dtype or (str if values.dtype.kind == "O" else values.dtype)
        made = group.createVariable(
            name, dtype, variable.dims, fill_value=attrs.pop("_FillValue", None), **variable.more
        )
        made.set_auto_maskandscale(False)
        made.set_auto_chartostring(False)
        for attribute, value in attrs.items():
            made.setncattr(attribute, value)
        if values.size:
            made[...] = values if values.shape else values[()]


def numbers(shape: Sequence[int], dtype: Any, seed: str | int = 0) -> np.ndarray:
    """Return repeatable values of a type: any bits of integers; of floats also -0, subnormal, infinite and NaN ones."""
    dtype = np.dtype(dtype)
    random = np.random.default_rng(zlib.crc32(f"{seed}{dtype.str}".encode()))
    if dtype.kind in "iu":
        return np.frombuffer(random.bytes(int(np.prod(shape)) * dtype.itemsize), dtype).reshape(shape).copy()
    if dtype.kind == "c":
        part = f"f{dtype.itemsize // 2}"
        pairs = np.stack([numbers(shape, part, seed), numbers(shape, part, f"{seed}i")], -1)
        return pairs.view(dtype)[..., 0]
    values = random.normal(280, 10, shape).astype(dtype)
    flat = values.reshape(-1)
    special = np.array([np.nan, -0.0, np.inf, -np.inf, np.finfo(dtype).smallest_subnormal], dtype)
    count = min(len(special), max(0, flat.size - 2))
    flat[:count] = special[:count]
    return values


def days(start: float, count: int, step: float = 1, dtype: str = "f8") -> np.ndarray:
    """Return times at equal steps."""
    return (start + step * np.arange(count)).astype(dtype)


LAT, LON = np.linspace(-60, 60, 5), np.arange(0.0, 360, 60)


def regular(times: np.ndarray, seed: str | int = 0, calendar: str = "standard", dtype: str = "f4") -> File:
    """Return a file with one variable on a regular grid."""
    values = numbers((len(times), len(LAT), len(LON)), dtype, seed)
    time = {"units": "days since 2000-01-01", "calendar": calendar, "standard_name": "time", "axis": "T"}
    return File(
        {
            "time": Var(("time",), times, time),
            "lat": Var(("lat",), LAT, {"units": "degrees_north", "standard_name": "latitude"}),
            "lon": Var(("lon",), LON, {"units": "degrees_east", "standard_name": "longitude"}),
            "tas": Var(("time", "lat", "lon"), values, {"units": "K", "long_name": "air temperature"}),
        },
        {"title": "A model run", "Conventions": "CF-1.8"},
        {"time": None},
    )


def with_bounds(file: File) -> File:
    """Add bounds of time and latitude, and the area of the cells."""
    time, lat = file.variables["time"].values, file.variables["lat"].values
    file.variables["time"].attrs["bounds"] = "time_bnds"
    file.variables["time_bnds"] = Var(("time", "bnds"), np.stack([time - 0.5, time + 0.5], 1))
    file.variables["lat"].attrs["bounds"] = "lat_bnds"
    file.variables["lat_bnds"] = Var(("lat", "bnds"), np.stack([lat - 15, lat + 15], 1))
    area = np.cos(np.deg2rad(np.broadcast_to(lat[:, None], (len(lat), len(LON))))).astype("f4")
    file.variables["area"] = Var(("lat", "lon"), area, {"units": "m2", "standard_name": "cell_area"})
    return file


def series(
    folder: Path,
    count: int = 3,
    steps: int = 4,
    change: Callable[[int, File], File | None] = lambda number, file: None,
    times: Callable[[int], np.ndarray] | None = None,
    calendar: str = "standard",
    dtype: str = "f4",
    names: str = "run-{}.nc",
) -> list[Path]:
    """Write consecutive files with bounds and a variable without time; return their paths in the order of time.

    ``change`` changes a file before it is written, or returns another one.
    """
    paths = []
    for number in range(count):
        axis = times(number) if times else days(number * steps, steps)
        file = with_bounds(regular(axis, number, calendar, dtype))
        file = change(number, file) or file
        paths.append(file.write(folder / names.format(number)))
    return paths


def only(at: int, change: Callable[[File], Any]) -> Callable[[int, File], None]:
    """Return a change of one file of a series."""

    def changing(number: int, file: File) -> None:
        if number == at:
            change(file)

    return changing
