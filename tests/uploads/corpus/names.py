"""Names and attributes: long, empty, lists, of other languages, and those that Zarr or xarray use themselves."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from corpus.dtypes import hdf5
from corpus.files import File, Var, numbers, series
from corpus.model import Made, entry

NAMES = {
    "with spaces": "air temperature (2 m)",
    "of other languages": "température_海面",
    "with dots": "O3.column..total",
    "that begins with a digit": "2t",
    "with signs": "a%2F+b#c?d&e=f@g~h",
    "like a chunk": "c",
    "like a number": "0",
    "with a hyphen and capitals": "PM2-5_Mass",
    "of 200 letters": "v" * 200,
    "like an attribute": "_FillValue",
}


def _named(name: str, folder: Path) -> Made:
    def change(number: int, file: File) -> None:
        file.variables[name] = Var(("time", "lat"), numbers((4, 5), "f4", number), {"units": "K"})

    return Made(series(folder, 2, change=change))


for _what, _name in NAMES.items():
    entry(f"a variable with a name {_what}", "copied", names=f"variable {_name[:24]}", layout="two files")(
        partial(_named, _name)
    )


@entry("a variable named zarr.json", "refused", names="variable zarr.json")
def metadata_name(folder: Path) -> Made:
    made = _named("zarr.json", folder)
    return Made(made.files, wrong=tuple(made.files), variable="zarr.json")


@entry("variables whose names differ in case", "copied", names="variables t and T", layout="two files")
def case(folder: Path) -> Made:
    def change(number: int, file: File) -> None:
        for name in ("t", "T"):
            file.variables[name] = Var(("time",), numbers((4,), "f4", f"{name}{number}"))

    return Made(series(folder, 2, change=change))


@entry("dimensions with spaces and letters of other languages", "copied", names="dimension größe 1", layout="two files")
def dimension_name(folder: Path) -> Made:
    def change(number: int, file: File) -> None:
        file.variables["größe 1"] = Var(("größe 1",), np.arange(3.0))
        file.variables["q"] = Var(("time", "größe 1"), numbers((4, 3), "f4", number))

    return Made(series(folder, 2, change=change))


ATTRIBUTES: dict[str, dict[str, Any]] = {
    "a long text": {"comment": "forty-two " * 30_000},
    "an empty text": {"comment": "", "references": " "},
    "letters of other languages": {"institution": "Météo-France, 東京大学, 🌍", "größe": "m²·s⁻¹", "unit name": "°C"},
    "lines and quotes": {"history": 'Mon: "cdo -f nc4" C:\\data\n\tTue: \\u00fc {"a": 1}\r\n'},
    "lists of numbers": {"flag_values": np.array([1, 2, 4], "i1"), "levels": np.array([0.1, 1e-300, 1e300])},
    "a list of one number": {"factor": np.array([2.5]), "level": np.array([7], "i2")},
    "a list of no numbers": {"nothing": np.array([], "i4")},
    "a list of texts": {"source": ["ERA5", "", "Grüße"]},
    "numbers that are whole": {"valid_max": np.float64(1), "count": np.int8(1), "ratio": np.float32(0.1)},
    "the largest numbers": {"most": np.int64(2**63 - 1), "least": np.int64(-(2**63)), "unsigned": np.uint64(2**64 - 1)},
    "numbers that are not finite": {"missing": np.nan, "top": np.array([np.inf, -np.inf, np.nan, 1.0])},
    "text that looks like a number": {"version": "1.0", "realm": "NaN", "model": "true", "code": "null"},
    "names that xarray uses": {"coordinates": "lat lon", "grid_mapping": "crs", "cell_measures": "area: area"},
    "names that Zarr uses": {
        "shape": np.array([3, 4]),
        "chunks": "none",
        "zarr_format": np.int32(2),
        "attributes": "many",
    },
    "names of an encoding": {"dtype": "float32", "source": "here", "filters": "zlib", "preferred_chunks": "no"},
    "a valid range": {
        "valid_range": np.array([0, 400], "f4"),
        "valid_min": np.float32(0),
        "actual_range": np.array([1.5, 2]),
    },
}


def _attributes(attributes: dict[str, Any], folder: Path) -> Made:
    def change(number: int, file: File) -> None:
        file.attrs |= {name: value for name, value in attributes.items() if name != "coordinates"}
        file.variables["tas"].attrs |= attributes
        file.variables["time"].attrs |= {
            name: value for name, value in attributes.items() if name.startswith(("comm", "inst"))
        }

    return Made(series(folder, 2, change=change))


for _what, _values in ATTRIBUTES.items():
    entry(f"attributes: {_what}", "copied", names=f"attributes: {_what}", layout="two files")(
        partial(_attributes, _values)
    )


@entry("an attribute that Zarr 2 uses for dimensions", "copied", format="HDF5", names="attribute _ARRAY_DIMENSIONS")
def array_dimensions(folder: Path) -> Made:
    return Made([hdf5(folder / "run.h5", 0, numbers((4, 5), "f4"), {"_ARRAY_DIMENSIONS": "x y"})])


@entry("coordinates named by the file", "copied", names="attribute coordinates of the root")
def root_coordinates(folder: Path) -> Made:
    def change(number: int, file: File) -> None:
        file.attrs["coordinates"] = "area lat_bnds"

    return Made(series(folder, 2, change=change))


@entry("a hundred attributes", "copied", names="100 attributes")
def hundred(folder: Path) -> Made:
    return _attributes({f"attribute {number}": f"value {number}" for number in range(100)}, folder)


@entry("no attributes", "copied", names="no attributes")
def none(folder: Path) -> Made:
    def change(number: int, file: File) -> None:
        file.attrs.clear()
        for variable in file.variables.values():
            variable.attrs.clear()

    return Made(series(folder, 2, change=change))


@entry("attributes by h5py", "copied", format="HDF5", names="attributes: bool, empty, text of fixed length")
def hdf5_attributes(folder: Path) -> Made:
    attrs = {"valid": np.True_, "fixed": np.bytes_(b"metres"), "list": np.array([1.5, 2.5]), "nothing": ""}
    return Made([hdf5(folder / "run.h5", 0, numbers((4, 5), "f4"), attrs)])


@entry("an attribute of two dimensions", "copied", format="HDF5", names="attribute of two dimensions")
def matrix(folder: Path) -> Made:
    return Made([hdf5(folder / "run.h5", 0, numbers((4, 5), "f4"), {"rotation": np.eye(2)})])


@entry("an attribute that is compound", "refused", format="HDF5", names="attribute: compound")
def compound(folder: Path) -> Made:
    value = np.zeros(1, np.dtype([("a", "f4"), ("b", "i4")]))
    path = hdf5(folder / "run.h5", 0, numbers((4, 5), "f4"), {"pair": value})
    return Made([path], wrong=(path,), variable="what")


@entry(
    "letters beyond ASCII in attributes of characters", "copied", format="NetCDF4 classic", names="attributes: °C, é"
)
def classic_letters(folder: Path) -> Made:
    def change(number: int, file: File) -> None:
        file.format, file.attrs["institution"] = "NETCDF4_CLASSIC", "Météo-France"
        file.variables["tas"].attrs["unit"] = "°C"

    return Made(series(folder, change=change))


@entry("an attribute that is not UTF-8", "refused", names="attribute in Latin-1")
def latin(folder: Path) -> Made:
    path = series(folder, 1)[0]
    with h5py.File(path, "a") as file:
        file["tas"].attrs["unit"] = np.bytes_(b"degr\xe9 C")
    return Made([path], wrong=(path,), variable="tas")


@entry("an attribute of the file that is not UTF-8", "refused", format="NetCDF3", names="attribute in Latin-1")
def latin_classic(folder: Path) -> Made:
    def change(number: int, file: File) -> None:
        file.format, file.attrs["author"] = "NETCDF3_CLASSIC", "J. xyzzyller"

    path = series(folder, 1, change=change)[0]
    path.write_bytes(path.read_bytes().replace(b"J. xyzzyller", b"J. M\xfcller   "))
    return Made([path], wrong=(path,))


@entry("attributes that are references", "refused", format="HDF5", names="attribute: reference")
def reference(folder: Path) -> Made:
    path = hdf5(folder / "run.h5", 0, numbers((4, 5), "f4"))
    with h5py.File(path, "a") as file:
        file["what"].attrs["see"] = file["lat"].ref
    return Made([path], wrong=(path,), variable="what")
