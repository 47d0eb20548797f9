"""Folders as sources: links, stores and other files in them, and patterns that name folders."""

from __future__ import annotations

from pathlib import Path

from corpus.files import days, series
from corpus.model import Made, entry
from corpus.zarrs import store


@entry("a folder with a link to another folder", "copied", layout="four files, linked folder")
def link_in_folder(folder: Path) -> Made:
    late = series(folder / "source", 2, times=lambda number: days(8 + 4 * number, 4), names="late-{}.nc")
    files = series(folder / "elsewhere", 2) + late
    (folder / "source" / "link").symlink_to(folder / "elsewhere")
    return Made(files, given=[folder / "source"])


@entry("a folder with a link to itself", "refused", layout="two files, circular link")
def circular(folder: Path) -> Made:
    files = series(folder, 2)
    (folder / "again").symlink_to(folder)
    return Made(files, given=[folder], wrong=(folder / "again",))


@entry("a pattern that names folders", "copied", layout="three files, each in a folder")
def folders_by_pattern(folder: Path) -> Made:
    files = series(folder, names="run-{}/out.nc")
    return Made(files, given=[str(folder / "run-*")])


@entry("a folder with files and a store", "refused", layout="two files and a store")
def files_and_store(folder: Path) -> Made:
    files = series(folder, 2)
    store(folder / "more.zarr")
    return Made(files, given=[folder], wrong=(folder / "more.zarr",))


@entry("a folder with files of other formats", "copied", layout="two files among others")
def files_among_others(folder: Path) -> Made:
    files = series(folder, 2)
    for name in ("run-2.nc.gz", "run-3.grib", "README", ".hidden.txt"):
        (folder / name).write_bytes(b"something")
    return Made(files, given=[folder])
