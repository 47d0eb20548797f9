"""Find the files that the command names, and notice when they change."""

from __future__ import annotations

import glob
import hashlib
import os
import re
from collections.abc import Iterable
from pathlib import Path

from uploader.common import UploadError, is_remote, reading, refusal, report
from uploader.open_files import OpenFiles
from uploader.zarr_source import is_zarr

NETCDF_SUFFIXES = {".nc", ".nc3", ".nc4", ".cdf", ".netcdf", ".h5", ".he5", ".hdf5"}


def fingerprint(files: OpenFiles, path: str) -> str:
    """Return what changes when a file is written: its size and times, or its generation in a bucket."""
    with reading(path):
        if is_remote(path):
            info = files.bucket_files.info(path)
            return f"{info['size']} {info.get('generation')}"
        times = []
        for file in files_below(path):
            status = os.stat(file)
            times.append(f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns}")
        return times[0] if len(times) == 1 else hashlib.sha256("\n".join(times).encode()).hexdigest()


def identity(files: OpenFiles, path: str) -> str:
    """Return a digest that is the same for every copy of a file: its name, its size, its beginning and its end."""
    found = hashlib.sha256(os.fsencode(os.path.basename(path.rstrip("/"))))
    with reading(path):
        if is_remote(path):
            info = files.bucket_files.info(path)
            found.update(f"{info['size']} {info.get('md5Hash') or info.get('crc32c')}".encode())
        else:
            for file in files_below(path):
                size = os.path.getsize(file)
                found.update(os.fsencode(f"{os.path.relpath(file, path)} {size}\n"))
                with open(file, "rb") as content:
                    found.update(content.read(1 << 16))
                    content.seek(max(0, size - (1 << 16)))
                    found.update(content.read())
    return found.hexdigest()


def files_below(path: str) -> list[str]:
    """Return a file, or all files in a folder and in those that it links; raises ``UploadError`` for a circle."""
    if not os.path.isdir(path):
        return [path]
    found = []
    for folder, below, names in os.walk(path, followlinks=True):
        found += [os.path.join(folder, name) for name in names]
        for name in below:
            inner, outer = os.path.realpath(folder), os.path.realpath(os.path.join(folder, name))
            if os.path.commonpath([inner, outer]) == outer:
                raise refusal(os.path.join(folder, name), "", "is a link to a folder that it is in", "remove it")
    return sorted(found)


def find_files(sources: Iterable[str | Path], files: OpenFiles, target: str) -> list[str]:
    """Return the files that the sources name, which are files, folders, patterns and stores.

    Raises ``UploadError`` if a source does not exist, is named twice, or has the target in it.
    """
    paths: list[str] = []
    for source in map(str, sources):
        if is_remote(source):
            paths += find_in_bucket(source, files)
        elif os.path.isdir(source) and not is_zarr(source):
            paths += find_in_folder(source, target)
        elif os.path.lexists(source) or not glob.has_magic(source):
            paths.append(source)
        else:
            found = sorted(glob.glob(source, recursive=True))
            if not found:
                raise refusal(source, "", "no file matches this pattern", "correct it")
            for path in found:
                paths += find_in_folder(path, target) if os.path.isdir(path) and not is_zarr(path) else [path]
    seen: dict[str, str] = {}
    for path in paths:
        real = path if is_remote(path) else os.path.realpath(path)
        if real in seen:
            raise refusal(path, "", f"is the same file as {seen[real]}", "name it once")
        seen[real] = path
        if not is_remote(path) and not is_remote(target):
            check_apart(path, target)
    return paths


def check_apart(path: str, target: str) -> None:
    """Raise ``UploadError`` if the target is in a source, or a source in the target."""
    one, other = os.path.realpath(path), os.path.realpath(target)
    if os.path.commonpath([one, other]) in (one, other):
        raise UploadError(f"{target}: it is the source {path}, or one is inside the other: choose another target")


def find_in_folder(source: str, target: str) -> list[str]:
    """Return the NetCDF files in a folder, and print what else it has besides the target."""
    files = files_below(source)
    if not is_remote(target):
        place = os.path.realpath(target)
        if f"{os.path.realpath(source)}/".startswith(f"{place}/"):
            check_apart(source, target)
        ours = (f"{place}/", f"{place}.manifest/")
        files = [file for file in files if not f"{os.path.realpath(file)}/".startswith(ours)]
    names = [os.path.relpath(file, source) for file in files]
    found = [file for file, name in zip(files, names, strict=True) if is_netcdf_name(name)]
    if not found:
        raise refusal(source, "", "is neither a Zarr store nor a folder with NetCDF files", "name another")
    for folder in sorted({os.path.dirname(file) for file in files}):
        if is_zarr(folder):
            raise refusal(folder, "", f"is a Zarr store in {source}, beside NetCDF files", "name one or the other")
    others = [name for name in names if not is_netcdf_name(name) and not re.search(r"(^|/)\.", name)]
    if others:
        report(f"{source}: {len(others)} files not named like NetCDF files are ignored, such as {others[0]}")
    return found


def find_in_bucket(source: str, files: OpenFiles) -> list[str]:
    """Return the gs:// addresses of the files that an address, a pattern or a folder in a bucket names."""
    with reading(source):
        if glob.has_magic(source):
            names = files.bucket_files.glob(source)
        elif files.bucket_files.isfile(source):
            return [source]
        else:
            names = [name for name in files.bucket_files.find(source) if is_netcdf_name(name)]
    if not names:
        raise refusal(source, "", "there are no NetCDF files", "check the address")
    return sorted(f"gs://{name}" for name in names)


def is_netcdf_name(name: str) -> bool:
    """Whether a file in a folder is taken for a NetCDF file: by its suffix, and unless it is hidden."""
    return Path(name).suffix.lower() in NETCDF_SUFFIXES and not any(part.startswith(".") for part in Path(name).parts)
