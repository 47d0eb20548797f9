"""Packed integers, fill values and missing values."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from corpus.files import File, numbers, only, series
from corpus.model import Made, entry


def packed(folder: Path, values_dtype: str, attrs: dict[str, Any], count: int = 3, **more: Any) -> Made:
    """Write files whose variable has this type and these attributes."""

    def change(number: int, file: File) -> None:
        variable = file.variables["tas"]
        variable.values = numbers(variable.values.shape, values_dtype, number)
        fill = attrs.get("_FillValue", attrs.get("missing_value"))
        if fill is not None:
            variable.values[0, 0, :2] = np.atleast_1d(fill)[0]
        variable.attrs = {"units": "K"} | attrs

    return Made(series(folder, count, change=change, **more))


PACKINGS: dict[str, tuple[str, dict[str, Any]]] = {
    "i2 with scale, offset and _FillValue": (
        "i2",
        {"scale_factor": 0.01, "add_offset": 273.15, "_FillValue": np.int16(-32768), "missing_value": np.int16(-32768)},
    ),
    "i2 with a scale of f4": ("i2", {"scale_factor": np.float32(0.1), "add_offset": np.float32(5)}),
    "u2 with a scale": ("u2", {"scale_factor": 0.5, "_FillValue": np.uint16(65535)}),
    "i1 with _Unsigned": ("i1", {"_Unsigned": "true", "_FillValue": np.int8(-1), "scale_factor": 0.5}),
    "u1 with valid_range": ("u1", {"valid_range": np.array([0, 250], "u1"), "_FillValue": np.uint8(255)}),
    "i4 whose scale is one": ("i4", {"scale_factor": 1.0, "add_offset": 0.0}),
    "f4 with the fill value of CMIP": ("f4", {"_FillValue": np.float32(1e20), "missing_value": np.float32(1e20)}),
    "f4 with the default fill value": ("f4", {"_FillValue": np.float32(9.969209968386869e36)}),
    "f4 whose fill value is NaN": ("f4", {"_FillValue": np.float32(np.nan)}),
    "f8 whose fill value is infinite": ("f8", {"_FillValue": np.inf}),
    "f8 whose fill value has all digits": ("f8", {"_FillValue": 0.1 + 0.2}),
    "f4 whose fill value is zero": ("f4", {"_FillValue": np.float32(0)}),
    "i4 whose fill value is zero": ("i4", {"_FillValue": np.int32(0)}),
    "i8 whose fill value is the smallest": ("i8", {"_FillValue": np.int64(-(2**63))}),
    "u8 whose fill value is the largest": ("u8", {"_FillValue": np.uint64(2**64 - 1)}),
    "i8 whose fill value has more digits than a double": ("i8", {"_FillValue": np.int64(2**53 + 1)}),
    "f4 with missing_value only": ("f4", {"missing_value": np.float32(-9999)}),
    "f4 whose missing_value is NaN": ("f4", {"missing_value": np.float32(np.nan)}),
    "i2 with two missing values": ("i2", {"missing_value": np.array([-999, -998], "i2")}),
    "f4 with different _FillValue and missing_value": (
        "f4",
        {"_FillValue": np.float32(1e20), "missing_value": np.float32(-99)},
    ),
    "i2 with missing_value of another type": ("i2", {"missing_value": -999.0, "scale_factor": 0.1}),
}
for _place, (_name, (_dtype, _attrs)) in enumerate(PACKINGS.items()):
    entry(
        _name, "copied", _place > 6 and _place % 2 == 0, packing=", ".join(_attrs), dtype=_dtype, layout="three files"
    )(partial(packed, values_dtype=_dtype, attrs=_attrs))


@entry("a coordinate with a fill value", "copied", packing="_FillValue of lat and time", layout="three files")
def filled_coordinates(folder: Path) -> Made:
    def change(number: int, file: File) -> None:
        for name in ("time", "lat"):
            file.variables[name].attrs["_FillValue"] = np.nan

    return Made(series(folder, change=change))


@entry("packed times", "copied", packing="scale_factor of time", calendar="standard, i4", layout="three files")
def packed_times(folder: Path) -> Made:
    def change(number: int, file: File) -> None:
        file.variables["time"].values = file.variables["time"].values.astype("i4")
        file.variables["time"].attrs |= {"scale_factor": 0.25, "add_offset": 100.0}

    return Made(series(folder, change=change))


@entry("all values are missing", "copied", packing="only _FillValue", layout="three files")
def all_missing(folder: Path) -> Made:
    def change(number: int, file: File) -> None:
        file.variables["tas"].attrs["_FillValue"] = np.float32(1e20)
        file.variables["tas"].values[:] = 1e20

    return Made(series(folder, change=change))


@entry("all values are zero", "copied", packing="only zeros", layout="three files")
def all_zero(folder: Path) -> Made:
    return Made(series(folder, change=lambda number, file: file.variables["tas"].values.__setitem__(slice(None), 0)))


@entry("minus zero in one file, zero in the others", "copied", packing="signs of zero", layout="three files")
def minus_zero(folder: Path) -> Made:
    def change(number: int, file: File) -> None:
        file.variables["tas"].values[:] = -0.0 if number == 1 else 0.0

    return Made(series(folder, change=change))


@entry("NaN with different bits", "copied", packing="payloads of NaN", layout="three files")
def payloads(folder: Path) -> Made:
    bits = np.array([0x7FC00000, 0xFFC00000, 0x7FC12345, 0x7F800001, 0xFF812345], "u4").view("f4")

    def change(number: int, file: File) -> None:
        file.variables["tas"].values.reshape(-1)[: len(bits)] = bits
        file.variables["tas"].attrs["_FillValue"] = np.float32(np.nan)

    return Made(series(folder, change=change))


@entry(
    "a fill value in one file only",
    "refused",
    packing="_FillValue",
    layout="three files",
    damage="different fill value",
)
def fill_once(folder: Path) -> Made:
    files = series(folder, change=only(1, lambda file: file.variables["tas"].attrs.update(_FillValue=np.float32(1e20))))
    return Made(files, wrong=(files[1],), variable="tas")
