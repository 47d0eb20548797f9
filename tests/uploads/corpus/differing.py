"""Files of a series of which one differs: in its variables, grid, units, types, fill values or attributes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from corpus.files import File, Var, numbers, only, series
from corpus.model import Made, entry


def attribute(variable: str, **values: Any) -> Callable[[File], None]:
    """Return a change of the attributes of a variable; ``None`` removes one."""

    def change(file: File) -> None:
        attrs = file.variables[variable].attrs
        for name, value in values.items():
            attrs.pop(name, None)
            attrs |= {} if value is None else {name: value}

    return change


def dtype(variable: str, kind: str) -> Callable[[File], None]:
    """Return a change of the type of a variable."""

    def change(file: File) -> None:
        file.variables[variable].values = np.nan_to_num(file.variables[variable].values, posinf=1, neginf=1).astype(
            kind
        )

    return change


def added(file: File) -> None:
    """Add a variable along time."""
    file.variables["pr"] = Var(("time", "lat", "lon"), numbers(file.variables["tas"].values.shape, "f4"))


def added_static(file: File) -> None:
    """Add a variable without time."""
    file.variables["orog"] = Var(("lat", "lon"), numbers((5, 6), "f4"))


def other_values(variable: str, by: float) -> Callable[[File], None]:
    """Return a change of the values of a variable."""

    def change(file: File) -> None:
        values = file.variables[variable].values.copy()
        values.reshape(-1)[-1] += by
        file.variables[variable].values = values

    return change


def shorter(file: File) -> None:
    """Leave out the last longitude."""
    for variable in file.variables.values():
        if "lon" in variable.dims:
            variable.values = variable.values[..., :-1]


def transposed(file: File) -> None:
    """Turn the dimensions of a variable round."""
    file.variables["tas"] = Var(
        ("lat", "time", "lon"), file.variables["tas"].values.swapaxes(0, 1), file.variables["tas"].attrs
    )


def flipped(file: File) -> None:
    """Turn the latitudes round, and the values with them."""
    for name, axis in (("lat", 0), ("lat_bnds", 0), ("area", 0), ("tas", 1)):
        file.variables[name].values = np.flip(file.variables[name].values, axis)


def renamed(file: File) -> None:
    """Give a dimension and its coordinate another name."""
    file.variables = {name.replace("lon", "longitude"): variable for name, variable in file.variables.items()}
    for variable in file.variables.values():
        variable.dims = tuple(dim.replace("lon", "longitude") for dim in variable.dims)


def without_time(file: File) -> None:
    """Leave the joined dimension out of a variable."""
    file.variables["tas"] = Var(("lat", "lon"), file.variables["tas"].values[0], file.variables["tas"].attrs)


DIFFERENT: dict[str, tuple[Callable[[File], None], tuple[str, ...]]] = {
    "units of values": (attribute("tas", units="degC"), ("tas",)),
    "no units": (attribute("tas", units=None), ("tas",)),
    "units of time": (attribute("time", units="hours since 2000-01-01"), ("time",)),
    "reference date": (attribute("time", units="days since 1999-01-01"), ("time",)),
    "calendar": (attribute("time", calendar="noleap"), ("time",)),
    "no calendar": (attribute("time", calendar=None), ("time",)),
    "fill value": (attribute("tas", _FillValue=np.float32(1e20)), ("tas",)),
    "missing_value": (attribute("tas", missing_value=np.float32(1e20)), ("tas",)),
    "scale_factor": (attribute("tas", scale_factor=0.1), ("tas",)),
    "add_offset": (attribute("tas", add_offset=5.0), ("tas",)),
    "_Unsigned": (attribute("tas", _Unsigned="true"), ("tas",)),
    "dtype attribute": (attribute("area", dtype="bool"), ("area",)),
    "meaning of flags": (attribute("tas", flag_values=np.array([1, 2], "i1"), flag_meanings="ice sea"), ("tas",)),
    "description": (attribute("tas", long_name="Air Temperature"), ("tas",)),
    "direction of levels": (attribute("lat", positive="down"), ("lat",)),
    "type of values": (dtype("tas", "f8"), ("tas",)),
    "type packed": (dtype("tas", "i2"), ("tas",)),
    "type of time": (dtype("time", "i8"), ("time",)),
    "type of latitude": (dtype("lat", "f4"), ("lat", "lat_bnds")),
    "variable more": (added, ("pr",)),
    "variable without time more": (added_static, ("orog",)),
    "variable less": (lambda file: file.variables.pop("tas") and None, ("tas",)),
    "bounds less": (lambda file: file.variables.pop("time_bnds") and None, ("time_bnds",)),
    "variable without time less": (lambda file: file.variables.pop("area") and None, ("area",)),
    "values of a variable without time": (other_values("area", 1e-3), ("area",)),
    "values of a latitude": (other_values("lat", 1e-9), ("lat", "lat_bnds")),
    "number of longitudes": (shorter, ("lon", "area", "tas")),
    "order of dimensions": (transposed, ("tas",)),
    "direction of latitude": (flipped, ("lat", "lat_bnds", "area")),
    "name of a dimension": (renamed, ("lon", "longitude", "area", "tas")),
    "no time in a variable": (without_time, ("tas",)),
}  # fmt: skip


def _different(change: Callable[[File], None], at: int, variables: tuple[str, ...], folder: Path) -> Made:
    files = series(folder, change=only(at, change))
    return Made(files, wrong=(files[at],), variable=variables)


for _place, (_what, (_change, _variables)) in enumerate(DIFFERENT.items()):
    for _at, _which in ((0, "first"), (2, "last")):
        _resembles = (_at == 0) == (_place % 2 == 0)
        _layout, _damage = "three files", f"different {_what}"
        entry(f"different in the {_which} file: {_what}", "refused", _resembles, layout=_layout, damage=_damage)(
            partial(_different, _change, _at, _variables)
        )


def _scalar(value: Callable[[int], Any], at: tuple[str, ...], folder: Path) -> Made:
    def change(number: int, file: File) -> None:
        file.variables["member"] = Var((), value(number), {"standard_name": "realization"})

    files = series(folder, change=change)
    return Made(files, wrong=tuple(files), variable=at)


entry(
    "different in each file: a scalar coordinate",
    "refused",
    layout="three files, scalar coordinates",
    damage="different scalar",
)(partial(_scalar, lambda number: np.float64(number), ("member",)))
entry(
    "different in each file: a text", "refused", dtype="text, scalar", layout="three files", damage="different scalar"
)(partial(_scalar, lambda number: np.array(f"r{number}i1p1", object), ("member",)))


@entry(
    "different in each file: length of text", "refused", dtype="char", layout="three files", damage="different shape"
)
def text_length(folder: Path) -> Made:
    def change(number: int, file: File) -> None:
        file.variables["date"] = Var(("time", "strlen"), np.full((4, 8 + number), b"x", "S1"))

    files = series(folder, change=change)
    return Made(files, wrong=tuple(files), variable="date")


# Differences that lose nothing.


@entry("different in each file: attributes of the file", "copied", names="history of each file", layout="three files")
def history(folder: Path) -> Made:
    def change(number: int, file: File) -> None:
        file.attrs |= {"history": f"made on day {number}", "tracking_id": f"hdl:21.14100/{number}"}

    return Made(series(folder, change=change), differing=("history", "tracking_id"))


@entry(
    "different in one file: an attribute of the file more", "copied", names="history of one file", layout="three files"
)
def history_of_one(folder: Path) -> Made:
    files = series(folder, change=only(0, lambda file: file.attrs.update(history="repaired by hand")))
    return Made(files, differing=("history",))


@entry("different in each file: order of variables and attributes", "copied", names="order", layout="three files")
def order(folder: Path) -> Made:
    def change(number: int, file: File) -> None:
        if number == 1:
            file.variables = dict(reversed(file.variables.items()))
            for variable in file.variables.values():
                variable.attrs = dict(reversed(variable.attrs.items()))

    return Made(series(folder, change=change))


@entry("the same in all files: NaN over land", "copied", packing="NaN in a variable without time", layout="three files")
def same_nan(folder: Path) -> Made:
    def change(number: int, file: File) -> None:
        file.variables["area"].values = np.where(np.arange(30).reshape(5, 6) % 3, file.variables["area"].values, np.nan)
        file.variables["area"].attrs["_FillValue"] = np.float32(np.nan)

    return Made(series(folder, change=change))


@entry("the same in all files: a size of one in longitude", "copied", layout="three files, size one")
def size_one(folder: Path) -> Made:
    def change(number: int, file: File) -> None:
        for variable in file.variables.values():
            if "lon" in variable.dims:
                variable.values = variable.values[..., :1]

    return Made(series(folder, change=change))
