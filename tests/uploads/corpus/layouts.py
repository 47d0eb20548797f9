"""How a source is spread over files: order, dimensions, sizes, folders and links."""

from __future__ import annotations

import os
import shutil
from functools import partial
from pathlib import Path

import netCDF4
import numpy as np

from corpus.files import File, Var, days, numbers, only, regular, series
from corpus.model import Made, entry


def _in_format(format_: str, folder: Path) -> Made:
    def change(number: int, file: File) -> None:
        file.format = format_

    return Made(series(folder, change=change))


for _format, _what in (
    ("NETCDF3_CLASSIC", "NetCDF3"),
    ("NETCDF3_64BIT_OFFSET", "NetCDF3, 64-bit offset"),
    ("NETCDF3_64BIT_DATA", "NetCDF3, 64-bit data"),
    ("NETCDF4_CLASSIC", "NetCDF4 classic"),
):
    entry(f"three files of {_what}", "copied", format=_what, layout="three files")(partial(_in_format, _format))


@entry("one file of each format", "copied", format="NetCDF3 and NetCDF4", layout="three files")
def formats(folder: Path) -> Made:
    def change(number: int, file: File) -> None:
        file.format = ("NETCDF3_CLASSIC", "NETCDF4", "NETCDF3_64BIT_OFFSET")[number]

    return Made(series(folder, change=change))


@entry("files chunked and compressed otherwise", "copied", layout="three files, different chunks")
def chunked(folder: Path) -> Made:
    def change(number: int, file: File) -> None:
        file.variables["tas"].more = {"zlib": number > 0, "shuffle": number > 1, "chunksizes": (1 + number, 5, 2)}

    return Made(series(folder, change=change))


@entry("twelve files whose names sort otherwise", "copied", layout="twelve files, run-2 after run-10")
def numbered(folder: Path) -> Made:
    return Made(series(folder, 12, 2))


@entry("files in reversed order", "copied", layout="three files, reversed")
def backwards(folder: Path) -> Made:
    files = series(folder)
    return Made(files, given=files[::-1])


@entry("names that sort against time", "copied", layout="three files, reversed names")
def reversed_names(folder: Path) -> Made:
    return Made(series(folder, times=lambda number: days(4 * (2 - number), 4))[::-1])


@entry("time that runs backwards", "copied", layout="three files, decreasing axis")
def decreasing(folder: Path) -> Made:
    return Made(series(folder, times=lambda number: days(-4 * number, 4, -1)))


@entry(
    "time that runs backwards in one file of three",
    "refused",
    layout="three files",
    damage="decreasing axis in one file",
)
def turned(folder: Path) -> Made:
    files = series(folder, times=lambda number: days(7, 4, -1) if number == 1 else days(4 * number, 4))
    return Made(files, wrong=(files[1],), variable="time")


@entry("levels joined from the ground", "copied", layout="three files, joined along lev, decreasing axis")
def levels(folder: Path) -> Made:
    def change(number: int, file: File) -> File:
        file.variables["lev"] = Var(
            ("lev",), np.array([[1000, 925], [850, 700], [500, 250]][number], "f8"), {"positive": "down"}
        )
        file.variables["ta"] = Var(("time", "lev", "lat"), numbers((4, 2, 5), "f4", number))
        file.variables["tas"] = Var(("time", "lat", "lon"), numbers((4, 5, 6), "f4"))
        return file

    files = series(folder, change=change, times=lambda number: days(0, 4))
    return Made(files, ("--along", "lev", "--allow-gaps"), along="lev")


@entry("time as the last dimension", "copied", layout="three files, joined dimension last")
def last(folder: Path) -> Made:
    def change(number: int, file: File) -> None:
        file.variables["tas"] = Var(("lat", "lon", "time"), numbers((5, 6, 4), "f4", number))
        file.dims = {}

    return Made(series(folder, change=change))


@entry("time in the middle", "copied", layout="three files, joined dimension second")
def middle(folder: Path) -> Made:
    def change(number: int, file: File) -> None:
        file.variables["tas"] = Var(("lat", "time", "lon"), numbers((5, 4, 6), "f4", number))

    return Made(series(folder, change=change))


@entry("time at different places", "copied", layout="three files, joined dimension first or last")
def places(folder: Path) -> Made:
    def change(number: int, file: File) -> None:
        file.variables["other"] = Var(("lat", "time"), numbers((5, 4), "f8", number))

    return Made(series(folder, change=change))


@entry("one step in each file", "copied", layout="eight files of one step")
def steps(folder: Path) -> Made:
    return Made(series(folder, 8, 1))


@entry("files of unequal length", "copied", layout="three files of unequal length")
def unequal(folder: Path) -> Made:
    starts, sizes = (0, 5, 6), (5, 1, 3)
    return Made(series(folder, times=lambda number: days(starts[number], sizes[number])))


@entry("scalar coordinates", "copied", layout="three files, scalar coordinates")
def scalars(folder: Path) -> Made:
    def change(number: int, file: File) -> None:
        file.variables["height"] = Var((), 2.0, {"units": "m", "positive": "up"})
        file.variables["tas"].attrs["coordinates"] = "height"

    return Made(series(folder, change=change))


@entry("no time at all", "copied", layout="no joined dimension")
def timeless(folder: Path) -> Made:
    file = regular(days(0, 1))
    del file.variables["time"], file.variables["tas"]
    file.variables["orog"] = Var(("lat", "lon"), numbers((5, 6), "f4"))
    return Made([File(file.variables).write(folder / "fixed.nc")])


@entry("no time in three files", "refused", layout="three files, no joined dimension")
def timeless_files(folder: Path) -> Made:
    files = []
    for number in range(3):
        files.append(timeless(folder / str(number)).files[0])
    return Made(files, wrong=tuple(files))


@entry("a dimension of time without times", "refused", layout="three files, dimension without coordinate")
def no_coordinate(folder: Path) -> Made:
    def change(number: int, file: File) -> None:
        del file.variables["time"]

    files = series(folder, change=change)
    return Made(files, wrong=tuple(files), variable="time")


@entry("a dimension of time without times, in one file", "copied", layout="one file, dimension without coordinate")
def no_coordinate_once(folder: Path) -> Made:
    return Made(series(folder, 1, change=only(0, lambda file: file.variables.pop("time"))))


@entry("a file without times in it", "refused", layout="three files", damage="no coordinate in one file")
def no_coordinate_in_one(folder: Path) -> Made:
    files = series(folder, change=only(1, lambda file: file.variables.pop("time")))
    return Made(files, wrong=(files[1],), variable="time")


@entry("only scalars", "copied", layout="only scalar variables")
def only_scalars(folder: Path) -> Made:
    file = File({"a": Var((), 1.5, {"units": "m"}), "b": Var((), np.int8(-3))}, {"title": "two numbers"})
    return Made([file.write(folder / "two.nc")])


@entry("only attributes", "refused", layout="no variables")
def only_attributes(folder: Path) -> Made:
    path = File({}, {"title": "nothing"}).write(folder / "none.nc")
    return Made([path], wrong=(path,))


@entry("a dimension of length zero", "copied", layout="zero-length dimension")
def zero(folder: Path) -> Made:
    def change(number: int, file: File) -> None:
        file.dims["event"] = 0
        file.variables["event"] = Var(("event",), np.zeros(0), {"units": "1"})
        file.variables["mark"] = Var(("event", "lat"), np.zeros((0, 5), "f4"), {"_FillValue": np.float32(-1)})

    return Made(series(folder, 1, change=change))


@entry("a dimension of length zero in three files", "copied", layout="three files, zero-length dimension")
def zero_files(folder: Path) -> Made:
    def change(number: int, file: File) -> None:
        file.dims["event"] = 0
        file.variables["mark"] = Var(("event", "time"), np.zeros((0, 4), "f4"))

    return Made(series(folder, change=change))


@entry("a file before its first step", "refused", layout="one file, no steps")
def no_steps(folder: Path) -> Made:
    files = series(folder, 1, times=lambda number: days(0, 0))
    return Made(files, wrong=tuple(files), variable="time")


@entry("one file of three without steps", "refused", layout="three files", damage="no steps in one file")
def no_steps_in_one(folder: Path) -> Made:
    files = series(folder, times=lambda number: days(4, 0) if number == 1 else days(4 * (number > 0), 4))
    return Made(files, wrong=(files[1],))


@entry("an unlimited dimension of length one", "copied", layout="one file, one step, unlimited")
def one_step(folder: Path) -> Made:
    return Made(series(folder, 1, 1))


@entry("two unlimited dimensions", "copied", layout="three files, two unlimited dimensions")
def unlimited(folder: Path) -> Made:
    return Made(series(folder, change=lambda number, file: file.dims.update(lat=None)))


@entry("hundreds of variables", "copied", layout="two files, 300 variables")
def hundreds(folder: Path) -> Made:
    def change(number: int, file: File) -> None:
        for each in range(300):
            file.variables[f"v{each:03}"] = Var(
                ("time",), numbers((2,), "f4", f"{each}-{number}"), {"units": f"{each}"}
            )

    return Made(series(folder, 2, 2, change=change))


@entry("thousands of files", "copied", format="NetCDF3", layout="2,000 files of one step")
def thousands(folder: Path) -> Made:
    return Made(many_small(folder, 2000))


def many_small(folder: Path, count: int) -> list[Path]:
    """Write small NetCDF3 files: copies of one, with the time and a value of each put in its place."""
    attrs = {"units": "days since 2000-01-01"}
    marks = (1234567.5, -7654321.5)
    file = File({"time": Var(("time",), np.array(marks[:1]), attrs), "t": Var(("time",), np.array(marks[1:]))})
    file.format, file.dims = "NETCDF3_CLASSIC", {"time": None}
    content = file.write(folder / "template.nc").read_bytes()
    (folder / "template.nc").unlink()
    places = [content.index(np.array(mark, ">f8").tobytes()) for mark in marks]
    paths = []
    for number in range(count):
        changed = bytearray(content)
        for place, value in zip(places, (number, number * 1.1), strict=True):
            changed[place : place + 8] = np.array(value, ">f8").tobytes()
        paths.append(folder / f"{number}.nc")
        paths[-1].write_bytes(changed)
    return paths


@entry("a file with groups", "refused", layout="groups")
def groups(folder: Path) -> Made:
    path = series(folder, 1)[0]
    with netCDF4.Dataset(path, "a") as file:
        group = file.createGroup("forecast")
        group.createVariable("skill", "f4", ("time",))[...] = 1
    return Made([path], wrong=(path,), variable="forecast")


@entry("only groups", "refused", layout="groups, nothing else")
def only_groups(folder: Path) -> Made:
    folder.mkdir(parents=True)
    path = folder / "groups.nc"
    with netCDF4.Dataset(path, "w") as file:
        group = file.createGroup("surface")
        group.createDimension("x", 3)
        group.createVariable("t", "f4", ("x",))[...] = 1
    return Made([path], wrong=(path,), variable="surface")


@entry("groups in the second file", "refused", layout="three files, groups in one")
def late_groups(folder: Path) -> Made:
    files = series(folder)
    with netCDF4.Dataset(files[1], "a") as file:
        file.createGroup("forecast/day1").createVariable("skill", "f4", ())[...] = 1
    return Made(files, wrong=(files[1],), variable="forecast")


# Folders and links.


@entry("a folder of files", "copied", layout="folder")
def a_folder(folder: Path) -> Made:
    return Made(series(folder / "output", 11, 2), given=[folder / "output"])


@entry("a folder of files with different endings", "copied", layout="folder, .nc, .nc4 and .cdf")
def endings(folder: Path) -> Made:
    files = series(folder / "output")
    renamed = [
        path.rename(path.with_suffix(suffix)) for path, suffix in zip(files, (".nc", ".nc4", ".cdf"), strict=True)
    ]
    return Made(renamed, given=[folder / "output"])


@entry("a folder with a broken file", "refused", layout="folder", damage="empty file")
def broken_folder(folder: Path) -> Made:
    files = series(folder / "output")
    files[1].write_bytes(b"")
    return Made(files, given=[folder / "output"], wrong=(files[1],))


@entry("a folder of folders", "copied", layout="folder of folders")
def nested(folder: Path) -> Made:
    later = series(folder / "output" / "2001", times=lambda number: days(12 + 4 * number, 4))
    return Made([*series(folder / "output"), *later], given=[folder / "output"])


@entry("an empty folder", "refused", layout="folder, empty")
def empty_folder(folder: Path) -> Made:
    (folder / "output").mkdir(parents=True)
    return Made([], given=[folder / "output"], wrong=(folder / "output",))


@entry("symbolic links", "copied", layout="three symbolic links")
def links(folder: Path) -> Made:
    files = series(folder / "data")
    made = []
    for number, path in enumerate(files):
        made.append(folder / f"link-{2 - number}.nc")
        made[-1].symlink_to(path)
    return Made(files, given=made)


@entry("a folder that is a symbolic link", "copied", layout="symbolic link to a folder of links")
def linked_folder(folder: Path) -> Made:
    files = series(folder / "data")
    (folder / "links").mkdir()
    for path in files:
        (folder / "links" / path.name).symlink_to(os.path.relpath(path, folder / "links"))
    (folder / "linked").symlink_to(folder / "links")
    return Made(files, given=[folder / "linked"])


@entry("the same file twice", "refused", layout="three files", damage="same file twice")
def twice(folder: Path) -> Made:
    files = series(folder)
    return Made(files, given=[*files, files[1]], wrong=(files[1],))


@entry("the same file by two paths", "refused", layout="three files", damage="same file twice")
def two_paths(folder: Path) -> Made:
    files = series(folder)
    return Made(files, given=[*files, folder / ".." / folder.name / files[1].name], wrong=(files[1].name,))


@entry("a link to a file that is there too", "refused", layout="three files and a link", damage="same file twice")
def link_too(folder: Path) -> Made:
    files = series(folder)
    (folder / "again.nc").symlink_to(files[1])
    return Made(files, given=[*files, folder / "again.nc"], wrong=(files[1], folder / "again.nc"))


@entry("a copy of a file", "refused", layout="three files and a copy", damage="same file twice")
def a_copy(folder: Path) -> Made:
    files = series(folder)
    shutil.copy(files[2], folder / "backup.nc")
    return Made(files, given=[*files, folder / "backup.nc"], wrong=(files[2], folder / "backup.nc"))


@entry(
    "names with spaces, signs and letters of other languages",
    "copied",
    names="files: spaces, #, %, ?, ü",
    layout="three files",
)
def file_names(folder: Path) -> Made:
    return Made(series(folder / "mein Ordner ü", names="#{} 100% wärmer? [a]*.nc"))


@entry("a name without an ending", "copied", names="file without ending", layout="three files")
def no_ending(folder: Path) -> Made:
    return Made(series(folder, names="history{}"))
