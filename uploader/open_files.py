"""Open files of all formats."""

from __future__ import annotations

import contextlib
import functools
import os
import stat
import tempfile
import threading
from collections import OrderedDict
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from uploader.classic import ClassicFile
from uploader.common import is_remote, reading, refusal
from uploader.hdf5 import HDF5File
from uploader.login import read_token
from uploader.variables import Variable
from uploader.zarr_source import ZarrSource

# First bytes of files that people take for NetCDF, what they are, and what to do.
OTHER_FORMATS = (
    (b"GRIB", "is a GRIB file", "convert it to NetCDF, for example with cfgrib or cdo"),
    (b"\x0e\x03\x13\x01", "is an HDF4 file", "convert it to NetCDF, for example with h4tonccf"),
    (b"\x1f\x8b", "is compressed with gzip", "decompress it with gunzip"),
    (b"BZh", "is compressed with bzip2", "decompress it with bunzip2"),
    (b"PK\x03\x04", "is a ZIP archive", "unpack it"),
    (b"version https://git-lfs", "is a Git LFS pointer, not the data", "run git lfs pull"),
    (b"<", "is a web page or XML, perhaps an error message that was saved", "download the file again"),
)
# Open files that are kept for the next chunk.
MOST_OPEN = 16


class OpenFiles:
    """Opens files, and keeps the last few open. Safe to share between threads."""

    def __init__(self, token_file: Path | None = None) -> None:
        self._token_file, self._lock = token_file, threading.Lock()
        self._open: OrderedDict[str, HDF5File | ClassicFile | ZarrSource] = OrderedDict()

    @functools.cached_property
    def bucket_files(self) -> Any:
        """The file system for gs:// addresses."""
        import gcsfs
        from google.oauth2.credentials import Credentials

        token = Credentials(read_token(self._token_file)) if self._token_file else None
        return gcsfs.GCSFileSystem(token=token)

    def open(self, path: str) -> HDF5File | ClassicFile | ZarrSource:
        """Return the reader of a file. One that is dropped here is closed when its last user has finished."""
        with self._lock:
            if path in self._open:
                self._open.move_to_end(path)
                return self._open[path]
        reader = self._opened(path)
        with self._lock:
            self._open[path] = reader
            while len(self._open) > MOST_OPEN:
                self._open.popitem(last=False)
        return reader

    def _opened(self, path: str) -> HDF5File | ClassicFile | ZarrSource:
        if not is_remote(path) and os.path.isdir(path):
            return ZarrSource(path)
        if not is_remote(path) and not stat.S_ISREG(os.stat(path).st_mode):
            raise refusal(path, "", "is not a file but a device, a pipe or a socket", "leave it out")
        with self.binary(path) as file:
            head = file.read(512)
        if not head:
            raise refusal(path, "", "is empty: it has no bytes", "copy it again, or leave it out")
        if head[:3] == b"CDF" and head[3:4] in (b"\1", b"\2", b"\5"):
            if not is_remote(path):
                return ClassicFile(path, self.binary(path))
            folder = tempfile.TemporaryDirectory()  # many small reads, which a bucket answers slowly
            copy = Path(folder.name, "copy.nc")
            self.bucket_files.get_file(path, str(copy))
            return ClassicFile(path, copy.open("rb"), folder)
        if is_remote(path) or h5py.is_hdf5(path):
            with contextlib.suppress(*([OSError] if head[:4] != b"\x89HDF" else [])):
                return HDF5File(path, self.binary(path) if is_remote(path) else path)
        for signature, problem, remedy in OTHER_FORMATS:
            if head.lstrip().startswith(signature):
                raise refusal(path, "", problem, remedy)
        raise refusal(path, "", "is not a NetCDF file", "leave it out, or convert it")

    def binary(self, path: str) -> Any:
        """Open a file for reading its bytes."""
        return self.bucket_files.open(path, "rb", block_size=1 << 18) if is_remote(path) else open(path, "rb")

    def read(self, path: str, variable: Variable, region: tuple[slice, ...]) -> np.ndarray:
        """Return the values of a region."""
        shape = [len(range(*one.indices(size))) for one, size in zip(region, variable.shape, strict=True)]
        out = np.empty(shape, variable.dtype)
        self.read_into(out, path, variable, region)
        return out

    def read_into(self, out: np.ndarray, path: str, variable: Variable, region: tuple[slice, ...]) -> None:
        """Read a region into ``out``."""
        if out.size:
            with reading(path, variable.where):
                self.open(path).read_into(out, variable, region)
