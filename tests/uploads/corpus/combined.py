"""Random combinations of formats, calendars, types, dimensions, packing, names, attributes, chunks and damage."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st

from corpus.files import File, Var, numbers
from corpus.model import Made

SIZES = {"lat": 3, "lon": 4, "lev": 2}
CLASSIC_DTYPES = ("i1", "i2", "i4", "f4", "f8", "S1")
DTYPES = (*CLASSIC_DTYPES, "u1", "u2", "u4", "i8", "u8", "text", ">i2", ">f8")
FORMATS = ("NETCDF4", "NETCDF4_CLASSIC", "NETCDF3_CLASSIC", "NETCDF3_64BIT_OFFSET", "NETCDF3_64BIT_DATA")
TAKEN = {"time", "time_bnds", *SIZES}


@dataclass(frozen=True)
class Field:
    """A variable: its type, its dimensions in order, and what it is packed with."""

    dtype: str
    dims: tuple[str, ...]
    packing: tuple[str, ...] = ()
    attrs: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Recipe:
    """A series of files: the length of each, the axis, the variables by name, and what is wrong, if anything."""

    format: str
    lengths: tuple[int, ...]
    start: float
    step: float
    axis_dtype: str
    calendar: str
    fields: dict[str, Field]
    attrs: dict[str, Any]
    options: tuple[str, ...]
    compressed: bool
    damage: str | None


def texts() -> st.SearchStrategy[str]:
    """Return text of all languages without the character NUL, at which C ends it."""
    return st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)


def attributes() -> st.SearchStrategy[dict[str, Any]]:
    """Return attributes of every type that all formats have."""
    whole = st.integers(-(2**31), 2**31 - 1).map(np.int32)
    numbers_ = st.one_of(whole, st.floats().map(np.float64), st.floats(width=32).map(np.float32))
    lists = st.lists(st.floats(allow_nan=True), min_size=2, max_size=3).map(lambda values: np.array(values, "f8"))
    names = st.sampled_from(["note", "cell_methods", "valid_min", "größe", "level of x", "positive"])
    return st.dictionaries(names, st.one_of(texts(), numbers_, lists), max_size=3)


@st.composite
def fields(draw: st.DrawFn, format_: str) -> Field:
    """Return a variable that a format can hold."""
    dtypes = DTYPES if format_ == "NETCDF4" else CLASSIC_DTYPES
    dims = draw(st.lists(st.sampled_from(["time", *SIZES]), unique=True, max_size=4).map(tuple))
    if format_.startswith("NETCDF3"):
        dims = tuple(sorted(dims, key=lambda dim: dim != "time"))  # where the unlimited dimension has to be the first
    packing = draw(st.sets(st.sampled_from(["_FillValue", "missing_value", "scale_factor", "add_offset"])).map(sorted))
    dtype = draw(st.sampled_from(dtypes))
    return Field(dtype, dims, () if dtype in ("text", "S1") else tuple(packing), draw(attributes()))


@st.composite
def recipes(draw: st.DrawFn) -> Recipe:
    """Return a recipe; in two of three nothing is wrong."""
    format_ = draw(st.sampled_from(FORMATS))
    letters = st.text(st.characters(categories=["Ll", "Lu", "Lo"], codec="utf-8"), min_size=1, max_size=6)
    names = letters.filter(lambda name: name not in TAKEN).map(_normal)
    lengths = draw(st.lists(st.integers(1, 4), min_size=1, max_size=5).map(tuple))
    damages = sorted(DAMAGES) if len(lengths) > 2 else []
    return Recipe(
        format_,
        lengths,
        draw(st.sampled_from([0, 0.5, -3, 7305, 577730])),
        draw(st.sampled_from([1, 0.25, 30, -1])),
        draw(st.sampled_from(["f8", "f8", "i4"])),
        draw(st.sampled_from(["standard", "noleap", "360_day", "julian", "proleptic_gregorian"])),
        draw(st.dictionaries(names, fields(format_), min_size=1, max_size=4)),
        draw(attributes()),
        draw(st.sampled_from([(), ("--chunks", "time=2"), ("--chunks", "time=3,lat=2"), ("--chunk-mb", "0.00005")])),
        draw(st.booleans()),
        draw(st.sampled_from([None, None, *damages])),
    )


def _normal(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def axis(recipe: Recipe) -> list[np.ndarray]:
    """Return the times of each file."""
    whole = recipe.axis_dtype == "i4"
    step, start = (int(recipe.step) or 2, int(recipe.start)) if whole else (recipe.step, recipe.start)
    values = (start + step * np.arange(sum(recipe.lengths))).astype(recipe.axis_dtype)
    return np.split(values, np.cumsum(recipe.lengths)[:-1])


def contents(recipe: Recipe) -> list[File]:
    """Return the files in the order of the axis."""
    found = []
    for number, times in enumerate(axis(recipe)):
        attrs = {"units": "days since 2000-01-01", "calendar": recipe.calendar, "bounds": "time_bnds"}
        bounds = np.stack([times, times + 1], 1)
        variables = {"time": Var(("time",), times, attrs), "time_bnds": Var(("time", "bnds"), bounds)}
        variables |= {dim: Var((dim,), np.arange(size, dtype="f8")) for dim, size in SIZES.items()}
        for name, each in recipe.fields.items():
            seed = f"{name}{number if 'time' in each.dims else ''}"
            variables[name] = variable(each, [len(times) if dim == "time" else SIZES[dim] for dim in each.dims], seed)
            if recipe.compressed and recipe.format.startswith("NETCDF4") and each.dims and each.dtype != "text":
                variables[name].more |= {"zlib": True, "shuffle": number % 2 == 0}
        found.append(File(variables, recipe.attrs, {"time": None}, recipe.format))
    return found


def variable(each: Field, shape: list[int], seed: str) -> Var:
    """Return a variable with values that follow from the seed."""
    if each.dtype == "text":
        words = np.array(["", "Grüße", "雪", "a b"], object)
        values = np.array(words[numbers(shape, "u1", seed).astype(int) % 4], object).reshape(shape)
        return Var(each.dims, values, dict(each.attrs))
    if each.dtype == "S1":
        return Var(
            each.dims, (numbers(shape, "u1", seed) % 96 + 32).astype("u1").view("S1").reshape(shape), dict(each.attrs)
        )
    values, dtype = numbers(shape, each.dtype, seed), np.dtype(each.dtype).newbyteorder("=")
    attrs = dict(each.attrs)
    for name in each.packing:
        attrs[name] = dtype.type(7) if name in ("_FillValue", "missing_value") else 0.25
    more = {"endian": "big"} if each.dtype.startswith(">") else {}
    return Var(each.dims, values, attrs, each.dtype, more)


# What can be wrong with the second of three files or more.


def _gone(files: list[File]) -> None:
    files[1].variables.pop(_last(files[1]))


def _last(file: File) -> str:
    return list(file.variables)[-1]


def _more(files: list[File]) -> None:
    files[1].variables["more"] = Var(("time",), files[1].variables["time"].values)


def _units(files: list[File]) -> None:
    files[1].variables["time"].attrs["units"] = "hours since 2000-01-01"


def _calendar(files: list[File]) -> None:
    files[1].variables["time"].attrs["calendar"] = "365_day"


def _grid(files: list[File]) -> None:
    files[1].variables["lat"].values = files[1].variables["lat"].values + 1e-6


def _scale(files: list[File]) -> None:
    files[1].variables[_last(files[1])].attrs["scale_factor"] = 0.75


def _twice(files: list[File]) -> None:
    files[1].variables["time"].values = np.resize(
        files[0].variables["time"].values, files[1].variables["time"].values.shape
    )


def _missing(files: list[File]) -> None:
    time = files[1].variables["time"]
    time.values = time.values.copy()
    time.values[-1] = 9.969209968386869e36 if time.values.dtype.kind == "f" else -2147483647


DAMAGES: dict[str, Callable[[list[File]], None]] = {
    "a variable less": _gone,
    "a variable more": _more,
    "other units of time": _units,
    "another calendar": _calendar,
    "another grid": _grid,
    "another scale": _scale,
    "the same steps twice": _twice,
    "a missing value in time": _missing,
}


def make(recipe: Recipe, folder: Path) -> Made:
    """Write the files of a recipe."""
    files = contents(recipe)
    if recipe.damage:
        DAMAGES[recipe.damage](files)
    paths = [file.write(folder / f"run-{number}.nc") for number, file in enumerate(files)]
    return Made(paths, recipe.options, wrong=tuple(paths[:2] if recipe.damage else ()))
