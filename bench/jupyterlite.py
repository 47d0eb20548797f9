"""Build a JupyterLite site with a notebook, which loads Python and all packages from its own server.

JupyterLite usually loads Pyodide from a content delivery network. This site has the interpreter of npm and the wheels
that ``guide.live.parts`` fetches. Those in plain Python come from PyPI, in the versions of Pyodide's lock file.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat

from bench.load import LoadError
from bench.tools import TOOLS
from guide.live import parts
from guide.paths import ROOT

WHEELS = ROOT / "lock" / "jupyterlite" / "wheels.txt"
NOTEBOOK = "cells.ipynb"
# Where the site shows the notebook.
PATH = f"notebooks/index.html?path={NOTEBOOK}"
_RUNTIME = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip")
# What the notebook and the kernel need of Pyodide's own wheels.
_OWN = ("micropip", "packaging", "numpy", "pandas", "python-dateutil", "pytz", "six")
# The kernel needs it, and Pyodide does not have it.
_NOT_LOCKED = "comm"
# Browsers may keep every file, as those of "Run here".
_HEADERS = "/*\n  Cache-Control: public, max-age=31536000, immutable\n"


@contextmanager
def lite_site(cell: str) -> Iterator[Path]:
    """Build a site whose notebook has one ``cell``, and yield its folder; raise ``LoadError`` if that is impossible."""
    program = TOOLS / "bin" / "jupyter-lite"
    if not program.is_file():
        raise LoadError("JupyterLite is not installed; run: make tools")
    with tempfile.TemporaryDirectory() as folder:
        source, out, wheels = (Path(folder) / name for name in ("source", "out", "wheels"))
        (source / "files").mkdir(parents=True)
        _write_notebook(source / "files" / NOTEBOOK, cell)
        try:
            write_pyodide(source / "static" / "pyodide", _download(wheels))
        except parts.PartsError as error:
            raise LoadError(str(error)) from error
        command = [str(program), "build", "--contents", "files", "--output-dir", str(out)]
        command += ["--piplite-wheels", str(next(wheels.glob(f"{_NOT_LOCKED}-*.whl")))]
        _run(command, source, "JupyterLite was not built")
        (out / "_headers").write_text(_HEADERS, encoding="utf-8")
        yield out


def write_pyodide(target: Path, wheels: list[Path]) -> None:
    """Write Pyodide into the new folder ``target``, with PyPI's ``wheels``, and a lock file with their checksums.

    Raises ``LoadError`` and ``PartsError``.
    """
    if not parts.PYODIDE.is_dir():
        raise LoadError("Pyodide is not installed; run: make live")
    target.mkdir(parents=True)
    for name in _RUNTIME:
        shutil.copy(parts.PYODIDE / name, target / name)
    for name, content in parts.wheels_in(parts.download_carrier(), _OWN).items():
        (target / name).write_bytes(content)
    lock = json.loads((parts.PYODIDE / "pyodide-lock.json").read_text(encoding="utf-8"))
    locked = {package["file_name"]: package for package in lock["packages"].values()}
    for wheel in wheels:
        if wheel.name.startswith(f"{_NOT_LOCKED}-"):
            continue
        if wheel.name not in locked:
            file = WHEELS.relative_to(ROOT)
            raise LoadError(f"Pyodide has another version of {wheel.name}; write that one to {file}")
        locked[wheel.name]["sha256"] = hashlib.sha256(wheel.read_bytes()).hexdigest()
        shutil.copy(wheel, target)
    (target / "pyodide-lock.json").write_text(json.dumps(lock), encoding="utf-8")


def _download(target: Path) -> list[Path]:
    """Download the wheels in plain Python from PyPI; pip compares their checksums."""
    info = json.loads((parts.PYODIDE / "pyodide-lock.json").read_text(encoding="utf-8"))["info"]
    python = re.match(r"\d+\.\d+", info["python"])
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--require-hashes", "--only-binary=:all:", "--python-version", python.group() if python else ""]
    _run([*command, "-r", str(WHEELS), "-d", str(target)], ROOT, "wheels for JupyterLite were not downloaded")
    return sorted(target.glob("*.whl"))


def _write_notebook(file: Path, cell: str) -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell)])
    notebook.metadata.kernelspec = {"name": "python", "display_name": "Python (Pyodide)", "language": "python"}
    nbformat.write(notebook, file)


def _run(command: list[str], folder: Path, failure: str) -> None:
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise LoadError(f"{failure}: {' '.join(done.stdout.split())[-200:]}")
