"""Calendars, units and steps of the joined coordinate; what is a gap, and what is not."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from corpus.files import File, Var, days, numbers, only, series
from corpus.model import Made, entry

MONTHS = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])


def parts(axis: np.ndarray, count: int = 3) -> Callable[[int], np.ndarray]:
    """Return the times of each file of a series, from the times of all."""
    return lambda number: np.array_split(axis, count)[number]


def units(text: str | None) -> Callable[[int, File], None]:
    """Return a change of the units of time."""

    def change(number: int, file: File) -> None:
        attrs = file.variables["time"].attrs
        attrs |= {"units": text} if text else {}
        if text is None:
            del attrs["units"], attrs["calendar"]

    return change


def _calendar(name: str, folder: Path) -> Made:
    return Made(series(folder, calendar=name))


for _name in ("noleap", "365_day", "360_day", "julian", "proleptic_gregorian", "gregorian", "366_day", "none"):
    _resembles = _name in ("365_day", "gregorian", "366_day", "none")
    _what = {"grid": "regular, bounds", "calendar": _name, "layout": "three files"}
    entry(f"calendar {_name}", "copied", _resembles, **_what)(partial(_calendar, _name))


@entry("dates before and after October 1582", "copied", calendar="standard, mixed", layout="three files")
def mixed(folder: Path) -> Made:
    return Made(series(folder, times=parts(days(577730, 12)), change=units("days since 0001-01-01")))


@entry("whole days as integers", "copied", calendar="standard, i4", layout="three files")
def whole_days(folder: Path) -> Made:
    return Made(series(folder, times=parts(days(0, 12, dtype="i4"))))


@entry("midnights first and noons later", "copied", calendar="standard, f8", layout="two files")
def noons(folder: Path) -> Made:
    return Made(series(folder, 2, times=lambda number: days(0, 4) if number == 0 else days(4, 8, 0.5)))


@entry("starts of months", "copied", calendar="standard, months", layout="two files")
def months(folder: Path) -> Made:
    starts = np.concatenate([[0], np.cumsum(MONTHS)])[:12].astype("i4")
    return Made(series(folder, 2, times=parts(starts, 2)))


@entry("starts of months across a leap year", "copied", calendar="standard, months", layout="three files")
def leap_months(folder: Path) -> Made:
    starts = np.arange("1999-11", "2000-11", dtype="M8[M]").astype("M8[D]") - np.datetime64("1999-01-01")
    return Made(series(folder, times=parts(starts.astype("i8"))))


@entry("middles of months", "copied", calendar="noleap, months", layout="three files")
def middles(folder: Path) -> Made:
    ends = np.cumsum(np.tile(MONTHS, 2)).astype("f8")
    return Made(series(folder, calendar="noleap", times=parts(ends - np.tile(MONTHS, 2) / 2)))


@entry(
    "one file a month, with the days of each",
    "copied",
    calendar="standard, days",
    layout="three files of unequal length",
)
def days_of_months(folder: Path) -> Made:
    starts = np.concatenate([[0], np.cumsum(MONTHS)])
    return Made(series(folder, times=lambda number: days(starts[number], MONTHS[number])))


@entry("seasons", "copied", calendar="standard, three months", layout="three files")
def seasons(folder: Path) -> Made:
    return Made(series(folder, times=parts(np.cumsum(np.array([0, 90, 92, 92, 91, 90, 92, 92, 91], "f8")))))


@entry("one file a year", "copied", calendar="standard, years", layout="three files of one step")
def years(folder: Path) -> Made:
    return Made(series(folder, times=parts(np.array([0, 366, 731], "i8"))))


@entry("hours as fractions of days", "copied", calendar="standard, rounded f8", layout="three files")
def hours(folder: Path) -> Made:
    return Made(series(folder, times=parts(np.arange(24) / 24 + 7305)))


@entry("hours as f4", "copied", calendar="standard, rounded f4", layout="three files")
def coarse_hours(folder: Path) -> Made:
    return Made(series(folder, times=parts((np.arange(24) / 24 + 7305).astype("f4"))))


@entry("seconds as i8", "copied", calendar="standard, i8", layout="three files")
def seconds(folder: Path) -> Made:
    axis = np.int64(946684800) + 21600 * np.arange(12, dtype="i8")
    return Made(series(folder, times=parts(axis), change=units("seconds since 1970-01-01")))


@entry("months as units", "copied", calendar="360_day, months since", layout="three files")
def month_units(folder: Path) -> Made:
    return Made(series(folder, calendar="360_day", times=parts(days(0.5, 12)), change=units("months since 1960-01-01")))


@entry("times without units", "copied", calendar="none", layout="three files")
def no_units(folder: Path) -> Made:
    return Made(series(folder, change=units(None)))


@entry("dates as numbers, with --allow-gaps", "copied", calendar="day as %Y%m%d.%f", layout="three files")
def absolute(folder: Path) -> Made:
    axis = np.array([20000130.0, 20000131, 20000201, 20000202, 20000203, 20000204])
    return Made(series(folder, times=parts(axis), change=units("day as %Y%m%d.%f")), ("--allow-gaps",))


@entry("days before the reference date", "copied", calendar="standard, negative", layout="three files")
def negative(folder: Path) -> Made:
    return Made(series(folder, times=parts(days(-6, 12))))


@entry("a climatology", "copied", calendar="standard, climatology bounds")
def climatology(folder: Path) -> Made:
    def change(number: int, file: File) -> None:
        file.variables["time"].attrs |= {"climatology": "climatology_bnds"}
        del file.variables["time"].attrs["bounds"], file.variables["time_bnds"]
        edges = np.stack([days(0, 12, 30), days(3650, 12, 30)], 1)
        file.variables["climatology_bnds"] = Var(("time", "nv"), edges)

    return Made(series(folder, 1, 12, change=change, times=lambda number: days(15, 12, 30.5)))


@entry("forecasts: a time and a lead time", "copied", layout="three files, two time-like dimensions")
def leads(folder: Path) -> Made:
    def change(number: int, file: File) -> None:
        file.variables["lead"] = Var(("lead",), days(0, 3, 6), {"units": "hours", "standard_name": "forecast_period"})
        valid = file.variables["time"].values[:, None] + days(0, 3, 6) / 24
        file.variables["valid_time"] = Var(("time", "lead"), valid, {"units": "days since 2000-01-01"})
        file.variables["t2m"] = Var(
            ("time", "lead", "lat"), numbers((4, 3, 5), "f4", number), {"coordinates": "valid_time"}
        )

    return Made(series(folder, change=change))


@entry("a second time axis that differs between files", "refused", layout="three files, two time-like dimensions")
def second_axis(folder: Path) -> Made:
    def change(number: int, file: File) -> None:
        file.variables["time_2"] = Var(("time_2",), days(4 * number, 4), {"units": "days since 2000-01-01"})
        file.variables["flux"] = Var(("time_2", "lat"), numbers((4, 5), "f4", number))

    files = series(folder, change=change)
    return Made(files, wrong=tuple(files), variable=("time_2", "flux"))


@entry("a second time axis of unequal length", "refused", layout="three files, two time-like dimensions")
def second_length(folder: Path) -> Made:
    def change(number: int, file: File) -> None:
        file.variables["time_2"] = Var(("time_2",), days(0, 2 + number), {"units": "days since 2000-01-01"})

    files = series(folder, change=change)
    return Made(files, wrong=tuple(files), variable="time_2")


# What does not follow. The first file of each pair ends before the gap, or overlaps the second.


@entry("a day that is missing between files", "refused", layout="three files", damage="gap")
def gap(folder: Path) -> Made:
    files = series(folder, times=lambda number: days(4 * number + (number == 2), 4))
    return Made(files, wrong=(files[1], files[2]), variable="time")


@entry("a file that is missing, one step each", "refused", layout="four files of one step", damage="gap")
def gap_of_steps(folder: Path) -> Made:
    files = series(folder, 4, times=lambda number: days(number + (number > 1), 1))
    return Made(files, wrong=(files[1], files[2]), variable="time")


@entry("a step that is missing within a file", "refused", layout="three files", damage="gap")
def gap_inside(folder: Path) -> Made:
    files = series(folder, times=parts(np.delete(days(0, 13), 5)))
    return Made(files, wrong=(files[1],), variable="time")


@entry("a month that is missing", "refused", calendar="standard, months", layout="three files", damage="gap")
def gap_of_months(folder: Path) -> Made:
    starts = np.delete(np.concatenate([[0], np.cumsum(MONTHS)])[:12], 4).astype("i4")
    files = series(folder, times=parts(starts))
    return Made(files, wrong=(files[0], files[1]), variable="time")


@entry("a gap, with --allow-gaps", "copied", layout="three files", damage="gap")
def gap_allowed(folder: Path) -> Made:
    return Made(series(folder, times=lambda number: days(4 * number + (number == 2), 4)), ("--allow-gaps",))


@entry("an irregular axis", "copied", calendar="standard, irregular", layout="three files")
def irregular(folder: Path) -> Made:
    return Made(series(folder, times=parts(np.array([0, 1, 3, 7, 8, 20, 21.5, 30, 31, 45, 46, 50.0]))))


@entry("a step that ends one file and begins the next", "refused", layout="three files", damage="duplicate")
def duplicate(folder: Path) -> Made:
    files = series(folder, times=lambda number: days(3 * number, 4))
    return Made(files, wrong=tuple(files), variable="time")


@entry("the same step twice, with --allow-gaps", "refused", layout="three files", damage="duplicate")
def duplicate_allowed(folder: Path) -> Made:
    files = series(folder, times=lambda number: days(3 * number, 4))
    return Made(files, ("--allow-gaps",), wrong=tuple(files), variable="time")


@entry("files that overlap", "refused", layout="three files", damage="overlap")
def overlap(folder: Path) -> Made:
    files = series(folder, times=lambda number: days(2 * number, 4))
    return Made(files, wrong=tuple(files), variable="time")


@entry("a file inside the range of another", "refused", layout="two files", damage="overlap")
def inside(folder: Path) -> Made:
    files = series(folder, 2, times=lambda number: days(0, 4, 10) if number == 0 else days(11, 4))
    return Made(files, wrong=tuple(files), variable="time")


@entry("the same step twice within a file", "refused", layout="three files", damage="duplicate")
def duplicate_inside(folder: Path) -> Made:
    files = series(folder, times=lambda number: np.array([0, 1, 2, 2.0]) if number == 0 else days(3 * number, 3))
    return Made(files, wrong=(files[0],), variable="time")


@entry("steps out of order within a file", "refused", layout="three files", damage="out of order")
def out_of_order(folder: Path) -> Made:
    files = series(folder, times=lambda number: days(4 * number, 4)[[0, 2, 1, 3] if number == 1 else [0, 1, 2, 3]])
    return Made(files, wrong=(files[1],), variable="time")


@entry("a time that is not a number", "refused", layout="three files", damage="missing value in time")
def not_a_number(folder: Path) -> Made:
    files = series(folder, change=only(1, lambda file: file.variables["time"].values.__setitem__(2, np.nan)))
    return Made(files, wrong=(files[1],), variable="time")


@entry(
    "a time that is not a number at the end of a file", "refused", layout="three files", damage="missing value in time"
)
def not_a_number_last(folder: Path) -> Made:
    files = series(folder, change=only(2, lambda file: file.variables["time"].values.__setitem__(3, np.nan)))
    return Made(files, wrong=(files[2],), variable="time")


def _filled(fill: float, attribute: str, dtype: str, folder: Path) -> Made:
    def change(number: int, file: File) -> None:
        time = file.variables["time"]
        time.values, time.attrs[attribute] = time.values.astype(dtype), np.dtype(dtype).type(fill)
        if number == 1:
            time.values[-1] = fill

    files = series(folder, change=change)
    return Made(files, wrong=(files[1],), variable="time")


for _attribute in ("_FillValue", "missing_value"):
    entry(
        f"a time that is {_attribute}",
        "refused",
        packing=f"{_attribute} of time",
        layout="three files",
        damage="missing value in time",
    )(partial(_filled, 9.96921e36, _attribute, "f8"))
entry(
    "a time that is an integer _FillValue",
    "refused",
    packing="_FillValue of time",
    calendar="standard, i4",
    layout="three files",
    damage="missing value in time",
)(partial(_filled, -2147483647, "_FillValue", "i4"))


@entry("a time that is not a number, in one file", "refused", damage="missing value in time")
def alone(folder: Path) -> Made:
    files = series(folder, 1, change=only(0, lambda file: file.variables["time"].values.__setitem__(2, np.nan)))
    return Made(files, wrong=tuple(files), variable="time")
