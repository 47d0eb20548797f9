"""What HDF5 can do besides: links, filters, values that were written in part, and axes of unusual types."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import h5py
import netCDF4
import numpy as np

from corpus.dtypes import hdf5
from corpus.files import File, Var, days, numbers, regular, series
from corpus.model import Made, entry


@entry("a link inside the file", "copied", format="HDF5", layout="one file, soft link to a variable")
def soft_link(folder: Path) -> Made:
    path = hdf5(folder / "run.h5", 0, numbers((4, 5), "f4"))
    with h5py.File(path, "a") as file:
        file["alias"] = h5py.SoftLink("/what")
    return Made([path])


@entry("a link to a file that is missing", "refused", format="HDF5", damage="external link to nothing")
def external_link(folder: Path) -> Made:
    path = hdf5(folder / "run.h5", 0, numbers((4, 5), "f4"))
    with h5py.File(path, "a") as file:
        file["elsewhere"] = h5py.ExternalLink("missing.h5", "/x")
    return Made([path], wrong=(path,))


@entry("values that were written for the first steps", "copied", packing="_FillValue", damage="values missing")
def written_in_part(folder: Path) -> Made:
    path = series(folder, 1)[0]
    with netCDF4.Dataset(path, "a") as file:
        file.createVariable("half", "f4", ("time", "lat"), fill_value=-9.0)[:2] = 1.5
        file.createVariable("words", str, ("time",))[0] = "a"
    return Made([path])


@entry("a variable with the name of a dimension that it lacks", "copied", names="variable lev(lat), dimension lev")
def no_coordinate(folder: Path) -> Made:
    file = regular(days(0, 4))
    file.dims["lev"] = 3
    file.variables["lev"] = Var(("lat",), days(0, 5))
    file.variables["q"] = Var(("time", "lev"), numbers((4, 3), "f4"))
    return Made([file.write(folder / "run.nc")])


def _filtered(name: str, folder: Path) -> Made:
    file = regular(days(0, 4))
    file.variables["tas"].more = {"compression": name, "fletcher32": True}
    return Made([file.write(folder / "run.nc")])


for _name in ("zlib", "bzip2", "zstd"):
    entry(f"compressed with {_name}", "copied", layout=f"one file, {_name}")(partial(_filtered, _name))


def _megabytes(dtype: str, shuffle: bool, chunks: tuple[int, ...], folder: Path) -> Made:
    paths = []
    for number in range(2):
        file = regular(days(4 * number, 4))
        values = numbers((4, 250, 310), dtype, number)
        file.variables["lat"].values, file.variables["lon"].values = np.linspace(-60, 60, 250), np.arange(310.0)
        more = {"zlib": True, "complevel": 1, "shuffle": shuffle, "chunksizes": chunks}
        more["endian"] = "big" if dtype.startswith(">") else "native"
        file.variables["tas"] = Var(("time", "lat", "lon"), values, file.variables["tas"].attrs, dtype, more)
        paths.append(file.write(folder / f"run-{number}.nc"))
    return Made(paths)


for _dtype, _shuffle, _chunks in (
    ("f4", True, (1, 100, 120)),
    (">f4", True, (4, 250, 310)),
    ("i2", False, (3, 250, 155)),
    (">f8", False, (2, 249, 309)),
):
    _layout = f"two files, zlib{' and shuffle' * _shuffle}, chunks of {_chunks}"
    _make = partial(_megabytes, _dtype, _shuffle, _chunks)
    entry(f"megabytes of {_dtype} in compressed chunks", "copied", dtype=_dtype, layout=_layout)(_make)


@entry(
    "megabytes in compressed chunks, one of them not written",
    "copied",
    layout="one file, zlib",
    damage="values missing",
)
def missing_chunk(folder: Path) -> Made:
    path = series(folder, 1)[0]
    with netCDF4.Dataset(path, "a") as file:
        file.createDimension("x", 300_000)
        half = file.createVariable("half", "f4", ("time", "x"), zlib=True, chunksizes=(1, 100_000), fill_value=-9.0)
        half[:3] = numbers((3, 300_000), "f4")
    return Made([path])


@entry("a record variable that is shorter, without fill values", "copied", damage="values missing", dtype="i4, f4, f8")
def without_fill(folder: Path) -> Made:
    path = folder / "run.nc"
    folder.mkdir(parents=True)
    with netCDF4.Dataset(path, "w") as file:
        file.set_fill_off()
        file.createDimension("time", None)
        file.createVariable("time", "f8", ("time",))[:] = days(0, 4)
        for dtype in ("i4", "f4", "f8"):
            file.createVariable(f"short_{dtype}", dtype, ("time",), fill_value=False)[:2] = 1
    return Made([path])


for _name, _shape in (("longer", (4, 6)), ("shorter", (3, 5))):

    def _unlike_scale(folder: Path, shape: tuple[int, ...] = _shape) -> Made:
        path = hdf5(folder / "run.h5", 0, numbers(shape, "f4"))
        return Made([path], wrong=(path,), variable="what")

    _damage = "scale of unequal length"
    entry(f"a variable that is {_name} than its scale", "refused", format="HDF5", damage=_damage)(_unlike_scale)


@entry("a virtual dataset whose source is missing", "refused", format="HDF5", damage="values missing")
def virtual(folder: Path) -> Made:
    path = hdf5(folder / "run.h5", 0, numbers((4, 5), "f4"))
    layout = h5py.VirtualLayout((4,), "f4")
    layout[:] = h5py.VirtualSource("values/values.h5", "x", (4,))
    with h5py.File(path, "a") as file:
        file.create_virtual_dataset("virtual", layout, fillvalue=-1).dims[0].attach_scale(file["time"])
    return Made([path], wrong=(path,), variable="virtual")


@entry("values in a file that is missing", "refused", format="HDF5", damage="values missing")
def external_values(folder: Path) -> Made:
    path = hdf5(folder / "run.h5", 0, numbers((4, 5), "f4"))
    with h5py.File(path, "a") as file:
        outside = file.create_dataset("outside", (4,), "f4", external=[(str(folder / "raw.bin"), 0, 16)])
        outside[:] = 1
        outside.dims[0].attach_scale(file["time"])
    (folder / "raw.bin").unlink()
    return Made([path], wrong=(path,), variable="outside")


@entry("a named type that NetCDF lacks", "refused", format="HDF5", dtype="f4 and a committed type")
def named_type(folder: Path) -> Made:
    path = hdf5(folder / "run.h5", 0, numbers((4, 5), "f4"))
    with h5py.File(path, "a") as file:
        file["double"] = np.dtype("f8")
    return Made([path], wrong=(path,), variable="double")


for _name, _dtype, _value in (
    ("NaN for integers", "i4", np.nan),
    ("of two values", "f4", np.array([1, 2], "f4")),
    ("without a value", "f4", h5py.Empty("f4")),
    ("that is text for numbers", "f4", "missing"),
):

    def _filled(folder: Path, dtype: str = _dtype, fill: object = _value) -> Made:
        path = hdf5(folder / "run.h5", 0, numbers((4, 5), dtype), {"_FillValue": fill})
        return Made([path], wrong=(path,), variable="what")

    entry(f"a fill value {_name}", "refused", format="HDF5", packing=f"_FillValue {_name}")(_filled)


@entry("a group that has only an attribute", "refused", layout="groups")
def empty_group(folder: Path) -> Made:
    path = series(folder, 1)[0]
    with netCDF4.Dataset(path, "a") as file:
        file.createGroup("provenance").note = "important"
    return Made([path], wrong=(path,), variable="provenance")


@entry("a type that no variable uses", "copied", dtype="f4, compound unused")
def unused_type(folder: Path) -> Made:
    path = series(folder, 1)[0]
    with netCDF4.Dataset(path, "a") as file:
        file.createCompoundType(np.dtype([("a", "f4")]), "pair_t")
    return Made([path])


@entry("times as text", "copied", calendar="text", layout="three files")
def text_times(folder: Path) -> Made:
    def change(number: int, file: File) -> None:
        dates = [f"2000-01-{4 * number + step + 1:02}" for step in range(4)]
        file.variables["time"] = Var(("time",), np.array(dates, object))
        del file.variables["time_bnds"]

    return Made(series(folder, change=change))


@entry("times in nanoseconds", "copied", calendar="standard, i8", layout="three files")
def nanoseconds(folder: Path) -> Made:
    def times(number: int) -> np.ndarray:
        return 946_684_800_000_000_000 + 3_600_000_000_000 * np.arange(4 * number, 4 * number + 4, dtype="i8")

    def change(number: int, file: File) -> None:
        file.variables["time"].attrs["units"] = "nanoseconds since 1970-01-01"

    return Made(series(folder, change=change, times=times))


@entry(
    "times without a sign that run backwards", "copied", calendar="standard, u8", layout="three files, decreasing axis"
)
def unsigned(folder: Path) -> Made:
    return Made(series(folder, times=lambda number: np.array([100, 99, 98, 97], "u8") - np.uint64(4 * number)))
