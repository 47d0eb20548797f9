"""Files that are no NetCDF, or not all of it, alone and among others."""

from __future__ import annotations

import gzip
import os
import tarfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import h5py
import netCDF4
import numpy as np

from corpus.dtypes import hdf5
from corpus.files import File, Var, days, numbers, regular, series
from corpus.model import Made, entry


def classic(number: int, file: File) -> None:
    """Write a file as NetCDF3."""
    file.format = "NETCDF3_CLASSIC"


def rewritten(by: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    """Return a damage that changes the bytes of a file."""
    return lambda path: path.write_bytes(by(path.read_bytes())) and None


def linked(target: str) -> Callable[[Path], None]:
    """Return a damage that leaves a link."""

    def damage(path: Path) -> None:
        path.unlink()
        path.symlink_to(target)

    return damage


def archived(path: Path) -> None:
    """Pack a file."""
    content = path.with_suffix(".part")
    path.rename(content)
    with tarfile.open(path, "w") as archive:
        archive.add(content, "run.nc")
    content.unlink()


def as_folder(path: Path) -> None:
    """Leave an empty folder."""
    path.unlink()
    path.mkdir()


def as_pipe(path: Path) -> None:
    """Leave a named pipe, from which reading never ends."""
    path.unlink()
    os.mkfifo(path)


HTML = b"<!DOCTYPE html>\n<html><head><title>Earthdata Login</title></head><body>Please log in.</body></html>\n"
GRIB = b"GRIB\x00\x00\x9c\x01" + bytes(range(140)) + b"7777"
DAMAGES: dict[str, tuple[str, Callable[[Path], None]]] = {
    "empty": ("NetCDF4", rewritten(lambda content: b"")),
    "a page in HTML": ("HTML", rewritten(lambda content: HTML)),
    "GRIB": ("GRIB", rewritten(lambda content: GRIB)),
    "text": ("text", rewritten(lambda content: b"date,temperature\n2000-01-01,280.1\n")),
    "random bytes": ("bytes", rewritten(lambda content: np.random.default_rng(3).bytes(5000))),
    "zeros": ("bytes", rewritten(lambda content: bytes(len(content)))),
    "an answer in JSON": ("JSON", rewritten(lambda content: b'{"error": {"code": 403, "message": "Forbidden"}}')),
    "compressed by gzip": ("gzip", rewritten(gzip.compress)),
    "a tar archive": ("tar", archived),
    "cut off in the middle": ("NetCDF4", rewritten(lambda content: content[: len(content) // 2])),
    "cut off at the last byte": ("NetCDF4", rewritten(lambda content: content[:-1])),
    "cut off after its signature": ("NetCDF4", rewritten(lambda content: content[:8])),
    "cut off in the header": ("NetCDF4", rewritten(lambda content: content[:100])),
    "without its beginning": ("NetCDF4", rewritten(lambda content: content[512:])),
    "zeros from the middle on": (
        "NetCDF4",
        rewritten(lambda content: content[: len(content) // 2].ljust(len(content), b"\0")),
    ),
    "NetCDF3 cut off in the middle": ("NetCDF3", rewritten(lambda content: content[: len(content) // 2])),
    "NetCDF3 cut off near its end": ("NetCDF3", rewritten(lambda content: content[:-100])),
    "NetCDF3 cut off in the header": ("NetCDF3", rewritten(lambda content: content[:200])),
    "a link to nothing": ("link", linked("moved-away.nc")),
    "a link to itself": ("link", linked("run-1.nc")),
    "an empty folder": ("folder", as_folder),
    "a named pipe": ("pipe", as_pipe),
}


def _damaged(damage: Callable[[Path], None], netcdf3: bool, count: int, folder: Path) -> Made:
    files = series(folder, count, change=classic if netcdf3 else lambda number, file: None)
    if count == 1:
        files = [files[0].rename(folder / "run-1.nc")]
    damage(files[-1] if count == 1 else files[1])
    return Made(files, wrong=(folder / "run-1.nc",))


for _place, (_name, (_format, _damage)) in enumerate(DAMAGES.items()):
    for _count, _where in ((1, "alone"), (3, "among others")):
        entry(
            f"{_name}, {_where}",
            "refused",
            (_count == 1) == (_place % 2 == 0),
            format=_format,
            layout=f"{_count} files" if _count > 1 else "one file",
            damage=_name,
        )(partial(_damaged, _damage, "NetCDF3" in _format, _count))


@entry("a file that is not there", "refused", layout="three files", damage="missing")
def missing(folder: Path) -> Made:
    files = series(folder)
    return Made(files, given=[*files, folder / "run-3.nc"], wrong=(folder / "run-3.nc",))


@entry("a pattern that matches nothing", "refused", layout="pattern", damage="missing")
def pattern(folder: Path) -> Made:
    folder.mkdir(parents=True)
    return Made([], given=[f"{folder}/*.nc"], wrong=("*.nc",))


@entry("a file without permission to read", "refused", layout="three files", damage="unreadable")
def unreadable(folder: Path) -> Made:
    files = series(folder)
    files[1].chmod(0)
    return Made(files, wrong=(files[1],), unprivileged=True)


@entry("a folder without permission to list", "refused", layout="folder", damage="unreadable")
def unlisted(folder: Path) -> Made:
    series(folder / "output")
    (folder / "output").chmod(0)
    return Made([], given=[folder / "output"], wrong=(folder / "output",), unprivileged=True)


# Damage that shows only when the values are read.


@entry("a chunk whose checksum is wrong", "stopped", damage="broken chunk")
def checksum(folder: Path) -> Made:
    path = folder / "run.nc"
    file = File({name: variable for name, variable in _with_large().variables.items()})
    file.variables["tas"].more = {"fletcher32": True, "chunksizes": (1, 50, 60), "contiguous": False}
    _flip(file.write(path), "tas")
    return Made([path], wrong=(path,), variable="tas")


@entry("a compressed chunk that is broken", "stopped", damage="broken chunk")
def compressed(folder: Path) -> Made:
    path = folder / "run.nc"
    file = _with_large()
    file.variables["tas"].more = {"zlib": True, "chunksizes": (1, 50, 60)}
    _flip(file.write(path), "tas")
    return Made([path], wrong=(path,), variable="tas")


@entry("a broken chunk in a variable of megabytes", "stopped", layout="one file, zlib", damage="broken chunk")
def compressed_large(folder: Path) -> Made:
    path = folder / "run.nc"
    file = _with_large(300, 400)
    file.variables["tas"].more = {"zlib": True, "chunksizes": (1, 150, 120)}
    _flip(file.write(path), "tas")
    return Made([path], wrong=(path,), variable="tas")


@entry("a filter that this machine lacks", "refused", format="HDF5", damage="unknown filter")
def unknown_filter(folder: Path) -> Made:
    path = hdf5(folder / "run.h5", 0, np.zeros((4, 5), "f4"), compression="lzf")
    content, number = path.read_bytes(), np.array([32000], "<u2").tobytes()
    if content.count(number) != 1:
        raise AssertionError("the number of the filter was not recognized")
    path.write_bytes(content.replace(number, np.array([32100], "<u2").tobytes()))
    return Made([path], wrong=(path,), variable="what")


def _with_large(rows: int = 50, columns: int = 60) -> File:
    file = regular(days(0, 4))
    values = np.random.default_rng(5).integers(0, 50, (4, rows, columns)).astype("f4")
    file.variables["lat"].values, file.variables["lon"].values = np.linspace(-60, 60, rows), np.arange(columns * 1.0)
    file.variables["tas"] = Var(("time", "lat", "lon"), values, file.variables["tas"].attrs)
    return file


def _flip(path: Path, name: str) -> None:
    """Change bytes in the third chunk of a variable."""
    with h5py.File(path) as file:
        place = file[name].id.get_chunk_info(2)
    content = bytearray(path.read_bytes())
    for at in range(place.byte_offset + place.size // 2, place.byte_offset + place.size // 2 + 40):
        content[at] ^= 0x5A
    path.write_bytes(content)


@entry("text with NULL instead of a text", "copied", format="HDF5", dtype="text of any length", damage="NULL pointer")
def null_text(folder: Path) -> Made:
    path = hdf5(folder / "run.h5", 0, numbers((4, 5), "f4"))
    with h5py.File(path, "a") as file:
        words = file.create_dataset("words", (4,), h5py.string_dtype())
        words[1:3] = ["a", "Grüße"]
        words.dims[0].attach_scale(file["time"])
    return Made([path])


@entry("values that were never written", "copied", damage="no values")
def never_written(folder: Path) -> Made:
    path = series(folder, 1)[0]
    with netCDF4.Dataset(path, "a") as file:
        file.createVariable("later", "f4", ("time", "lat"), fill_value=-9.0)
        file.createVariable("default", "i2", ("time", "lat"))
    return Made([path])
