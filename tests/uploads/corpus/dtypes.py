"""Types: numbers of every size and byte order, truth, enumerations, characters, text, and what Zarr cannot hold."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import h5py
import netCDF4
import numpy as np

from corpus.files import LAT, File, Var, days, numbers, only, series
from corpus.model import Made, entry

WORDS = np.array(["Grüße", "", "snow\nand ice", "雪", " a b ", "x" * 300, "🌊", "nan"], object)


def replaced(folder: Path, values: Any, count: int = 3, dims: tuple[str, ...] = ("time", "lat"), **more: Any) -> Made:
    """Write files with a variable ``what`` whose values a function of the file's number makes."""

    def change(number: int, file: File) -> None:
        file.variables["what"] = Var(dims, values(number), **more)

    return Made(series(folder, count, change=change))


def _number(dtype: str, folder: Path) -> Made:
    return replaced(folder, lambda number: numbers((4, 5), dtype, number))


for _dtype in ("i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f4", "f8"):
    entry(
        f"numbers of type {_dtype}", "copied", _dtype in ("i2", "i4", "u2", "f8"), dtype=_dtype, layout="three files"
    )(partial(_number, _dtype))


@entry("numbers with the most significant byte first", "copied", dtype="big-endian f4, i2, f8", layout="three files")
def big(folder: Path) -> Made:
    def change(number: int, file: File) -> None:
        for name, dtype in (("a", ">f4"), ("b", ">i2"), ("c", ">f8")):
            file.variables[name] = Var(
                ("time", "lat"), numbers((4, 5), dtype, number), dtype=dtype, more={"endian": "big"}
            )
        file.variables["time"].more["endian"] = "big"

    return Made(series(folder, change=change))


@entry("another byte order in one file", "copied", dtype="f4, big-endian in one file", layout="three files")
def mixed_order(folder: Path) -> Made:
    return Made(series(folder, change=only(1, lambda file: file.variables["tas"].more.update(endian="big"))))


def hdf5(path: Path, number: int, values: Any, attrs: dict[str, Any] | None = None, **options: Any) -> Path:
    """Write a file with h5py: four times, five latitudes, and a variable ``what`` with these values."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w", track_order=True) as file:
        file["time"] = days(4 * number, 4)
        file["time"].attrs["units"] = "days since 2000-01-01"
        file["lat"] = LAT
        what = file.create_dataset("what", data=values, **options)
        for name in ("time", "lat"):
            file[name].make_scale(name)
        for name, dim in zip(("time", "lat"), what.dims, strict=False):
            dim.attach_scale(file[name])
        for name, value in (attrs or {}).items():
            what.attrs[name] = value
    return path


def hdf5_series(folder: Path, values: Any, **more: Any) -> Made:
    """Write three files with h5py."""
    return Made([hdf5(folder / f"run-{number}.h5", number, values(number), **more) for number in range(3)])


@entry("half precision", "copied", format="HDF5", dtype="f2", layout="three files")
def half(folder: Path) -> Made:
    return hdf5_series(folder, lambda number: numbers((4, 5), "f2", number))


@entry("numbers by h5py, big-endian", "copied", format="HDF5", dtype="big-endian i4", layout="three files")
def hdf5_big(folder: Path) -> Made:
    return hdf5_series(folder, lambda number: numbers((4, 5), ">i4", number))


@entry("truth as xarray writes it", "copied", dtype="bool (i1 with the attribute dtype)", layout="three files")
def truth(folder: Path) -> Made:
    return replaced(folder, lambda number: numbers((4, 5), "i1", number) % 2, attrs={"dtype": "bool"})


@entry(
    "truth with a fill value",
    "copied",
    dtype="bool (i1 with the attribute dtype)",
    packing="_FillValue of bool",
    layout="three files",
)
def truth_filled(folder: Path) -> Made:
    attrs = {"dtype": "bool", "_FillValue": np.int8(-1)}
    return replaced(folder, lambda number: np.where(numbers((4, 5), "u1", number) % 3, 1, -1).astype("i1"), attrs=attrs)


@entry("truth as h5py writes it", "copied", format="HDF5", dtype="bool (HDF5 enumeration)", layout="three files")
def hdf5_truth(folder: Path) -> Made:
    return hdf5_series(folder, lambda number: numbers((4, 5), "u1", number) > 127)


@entry("an enumeration", "copied", dtype="enum of u1", layout="three files")
def enumeration(folder: Path) -> Made:
    members = {"clear": 0, "cumulus": 1, "stratus": 2, "missing": 255}
    paths = []
    for number in range(3):
        path = Made(series(folder / str(number), 1, times=lambda _, number=number: days(4 * number, 4))).files[0]
        with netCDF4.Dataset(path, "a") as file:
            kind = file.createEnumType("u1", "cloud_t", members)
            file.createVariable("cloud", kind, ("time", "lat"), fill_value=255)[...] = numbers((4, 5), "u1", number) % 3
        paths.append(path.rename(folder / f"run-{number}.nc"))
    return Made(paths)


@entry("an enumeration by h5py", "copied", format="HDF5", dtype="enum of i4")
def hdf5_enumeration(folder: Path) -> Made:
    dtype = h5py.enum_dtype({"LAND": 10, "SEA": 20, "ICE": -3}, "i4")
    values = np.resize(np.array([10, 20, -3]), (4, 5)).astype(dtype)
    return Made([hdf5(folder / "run.h5", 0, values, dtype=dtype)])


@entry("characters", "copied", dtype="char", layout="three files")
def characters(folder: Path) -> Made:
    letters = np.frombuffer(b"abc \x00Z1", "S1")
    return replaced(folder, lambda number: np.resize(np.roll(letters, number), (4, 5)))


@entry("characters with a fill value", "refused", dtype="char", packing="_FillValue of char")
def characters_filled(folder: Path) -> Made:
    # xarray cannot read this fill value from a store.
    made = replaced(folder, lambda number: np.resize(np.frombuffer(b"a*c", "S1"), (4, 5)), 1, attrs={"_FillValue": "*"})
    return Made(made.files, wrong=tuple(made.files), variable="what")


@entry("text as characters", "copied", dtype="char, _Encoding", layout="three files")
def encoded(folder: Path) -> Made:
    texts = np.array([list("Zürich".encode().ljust(8, b"\0")), list(b"Bern\0\0\0\0")], "u1").view("S1")
    values = np.concatenate([texts, texts[::-1]])
    return replaced(folder, lambda number: values, dims=("time", "strlen"), attrs={"_Encoding": "utf-8"})


@entry("characters of NetCDF3", "copied", format="NetCDF3", dtype="char", layout="three files")
def classic_characters(folder: Path) -> Made:
    def change(number: int, file: File) -> None:
        file.format = "NETCDF3_CLASSIC"
        values = np.array([list(f"2000-01-0{4 * number + step}"[:10].ljust(10)) for step in range(4)], "S1")
        file.variables["date"] = Var(("time", "strlen"), values)

    return Made(series(folder, change=change))


@entry("text along time", "copied", dtype="text of any length", layout="three files")
def texts(folder: Path) -> Made:
    return replaced(folder, lambda number: np.roll(WORDS, number)[:4], dims=("time",))


@entry("text without time", "copied", dtype="text of any length", layout="three files")
def static_texts(folder: Path) -> Made:
    return replaced(folder, lambda number: WORDS, dims=("station",))


@entry("text as a coordinate", "copied", dtype="text of any length")
def text_coordinate(folder: Path) -> Made:
    return replaced(folder, lambda number: WORDS, 1, dims=("what",))


@entry("one text", "copied", dtype="text, scalar", layout="three files, scalar coordinates")
def scalar_text(folder: Path) -> Made:
    return replaced(folder, lambda number: np.array("Grüße", object), dims=())


@entry("text of fixed length", "copied", format="HDF5", dtype="S10")
def fixed(folder: Path) -> Made:
    return Made([hdf5(folder / "run.h5", 0, np.array([b"a", b"bc", b"", b"0123456789"], "S10"))])


@entry("text by h5py", "copied", format="HDF5", dtype="text of any length", layout="three files")
def hdf5_texts(folder: Path) -> Made:
    return hdf5_series(folder, lambda number: np.roll(WORDS, number)[:4], dtype=h5py.string_dtype())


@entry("text that is not UTF-8", "refused", format="HDF5", dtype="text in Latin-1")
def latin(folder: Path) -> Made:
    values = np.array([b"Z\xfcrich", b"Bern", b"Gen\xe8ve", b"Basel"], object)
    path = hdf5(folder / "run.h5", 0, values, dtype=h5py.string_dtype("ascii"))
    return Made([path], wrong=(path,), variable="what")


@entry("complex numbers of netCDF", "refused", dtype="complex (compound)")
def complex_compound(folder: Path) -> Made:
    path = series(folder, 1)[0]
    with netCDF4.Dataset(path, "a") as file:
        kind = file.createCompoundType(np.dtype([("re", "f4"), ("im", "f4")]), "pair")
        file.createVariable("what", kind, ("time",))[...] = np.ones(4, kind.dtype)
    return Made([path], wrong=(path,), variable="what")


@entry("compound values", "refused", dtype="compound")
def compound(folder: Path) -> Made:
    path = series(folder, 1)[0]
    with netCDF4.Dataset(path, "a") as file:
        kind = file.createCompoundType(np.dtype([("speed", "f4"), ("count", "i4")]), "wind_t")
        file.createVariable("wind", kind, ("time",))[...] = np.zeros(4, kind.dtype)
    return Made([path], wrong=(path,), variable="wind")


@entry("compound values by h5py", "refused", format="HDF5", dtype="compound", layout="three files")
def hdf5_compound(folder: Path) -> Made:
    dtype = np.dtype([("speed", "f4"), ("name", "S3")])
    made = hdf5_series(folder, lambda number: np.zeros((4, 5), dtype))
    return Made(made.files, wrong=tuple(made.files), variable="what")


@entry("opaque values", "refused", format="HDF5", dtype="opaque")
def opaque(folder: Path) -> Made:
    path = hdf5(folder / "run.h5", 0, np.array([b"abcd", b"efgh", b"\0\1\2\3", b"wxyz"], "V4"))
    return Made([path], wrong=(path,), variable="what")


@entry("rows of unequal length", "refused", dtype="ragged (variable length of i4)", grid="ragged")
def ragged(folder: Path) -> Made:
    path = series(folder, 1)[0]
    with netCDF4.Dataset(path, "a") as file:
        variable = file.createVariable("what", file.createVLType("i4", "row"), ("time",))
        for step in range(4):
            variable[step] = np.arange(step, dtype="i4")
    return Made([path], wrong=(path,), variable="what")


@entry(
    "rows of unequal length by h5py",
    "refused",
    format="HDF5",
    dtype="ragged (variable length of f8)",
    layout="three files",
)
def hdf5_ragged(folder: Path) -> Made:
    rows = np.empty(4, object)
    rows[:] = [np.arange(step, dtype="f8") for step in range(4)]
    made = hdf5_series(folder, lambda number: rows, dtype=h5py.vlen_dtype("f8"))
    return Made(made.files, wrong=tuple(made.files), variable="what")


@entry("references to objects", "refused", format="HDF5", dtype="reference")
def references(folder: Path) -> Made:
    path = hdf5(folder / "run.h5", 0, numbers((4, 5), "f4"))
    with h5py.File(path, "a") as file:
        file.create_dataset("ref", data=np.array([file["what"].ref, file["lat"].ref], h5py.ref_dtype))
        file["ref"].dims[0].attach_scale(file.create_dataset("two", data=np.arange(2)))
    return Made([path], wrong=(path,), variable="ref")


@entry("numbers of 80 bits", "refused", format="HDF5", dtype="long double")
def long_double(folder: Path) -> Made:
    path = hdf5(folder / "run.h5", 0, np.linspace(0, 1, 20).reshape(4, 5).astype(np.longdouble))
    return Made([path], wrong=(path,), variable="what")
