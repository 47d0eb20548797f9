"""Write to a folder on this disk."""

from __future__ import annotations

import hashlib
import os
import threading
from pathlib import Path

from uploader.common import MARK, UploadError
from uploader.manifest import read_head
from uploader.stored import Stored, md5
from uploader.zarr_source import is_zarr


class Folder:
    """A store on this disk. It is ours if its manifest, which is beside it, says so."""

    def __init__(self, url: str, manifest: Path) -> None:
        self.url, self._manifest = url, manifest
        self._path = Path(url)
        self._partial = self._path.with_name(f".{self._path.name}.partial")
        self.stopping = threading.Event()

    def check_access(self) -> None:
        """Raise ``UploadError`` unless the folder of the store exists and can be written to."""
        parent = self._path.parent
        if not parent.is_dir():
            raise UploadError(f"{parent}: there is no such folder: create it, or choose another")
        if not os.access(parent, os.W_OK):
            raise UploadError(f"{parent}: you may not write to this folder: choose another")
        if self._path.is_dir() and not os.access(self._path, os.W_OK | os.X_OK):
            raise UploadError(f"{self.url}: you may not write to this store: choose another")
        for folder in self._path.parents:
            if is_zarr(str(folder)):
                raise UploadError(f"{self.url}: it is in the Zarr store {folder}: choose another folder")
        if self._partial.is_symlink() or (self._partial.exists() and not self._partial.is_dir()):
            raise UploadError(f"{self._partial}: the upload needs a folder of this name: rename this file")
        if self._path.is_symlink() or (self._path.exists() and not self._path.is_dir()):
            raise UploadError(f"{self.url}: there is a file of this name: choose another")

    def list(self) -> dict[str, Stored]:
        """Return all files of the store, by their names in it."""
        found = {}
        for path in sorted(self._path.rglob("*")):
            if path.is_file():
                data, name = path.read_bytes(), path.relative_to(self._path).as_posix()
                head = read_head(self._manifest) if name == "zarr.json" else {}
                ours = head.get("target") == self.url
                found[name] = Stored(md5(data), len(data), metadata={MARK: head.get(MARK, "")} if ours else {})
        return found

    def stat(self, name: str) -> Stored | None:
        """Return what the store has under a name, or ``None``."""
        return self.list().get(name)

    def put(self, name: str, data: bytes | memoryview, _replaces: Stored | None, _metadata: dict[str, str]) -> bool:
        """Write a file, under its name only when it is complete."""
        path = self._path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        self._partial.mkdir(exist_ok=True)
        partial = self._partial / hashlib.sha256(name.encode()).hexdigest()
        partial.write_bytes(data)
        os.replace(partial, path)
        return True

    def clean_up(self) -> None:
        """Remove what an interrupted upload left beside the store."""
        if self._partial.is_dir():
            for path in self._partial.iterdir():
                path.unlink()
            self._partial.rmdir()
