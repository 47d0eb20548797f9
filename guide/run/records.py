"""Records of page runs in ``_build/run``: where they are stored, and the key that shows whether one is still valid.

The key covers everything a result depends on: the page and its files, the facts, the lock, the Python, the programs,
and the code that runs pages. Code is taken by folder, so a new module is part of the key without being listed.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from guide.external_programs import PROGRAMS, missing
from guide.pages.hub_variant import told_first
from guide.paths import BUILD, HUB_YML, ROOT, display_path
from guide.run.profile import Lane
from guide.run.recorded_outputs import record_of

# The packages whose code decides what a page prints, and what in them has no part in a run.
_CODE = ("hubfacts", "fakehub", "guide/pages", "guide/run")
_NOT_IN_A_RUN = ("fakehub/from_2i2c/", "fakehub/hub/", "fakehub/pytest_plugin.py")
_SHOWN_VERSIONS = ("xarray", "zarr", "gcsfs", "dask", "numpy", "pandas", "google-cloud-storage", "matplotlib")


def record_path(path: Path, lane: str) -> Path:
    """Return where the record of a page's run in the lane of that name is stored."""
    return BUILD / "run" / lane / f"{display_path(path).strip('/').replace('/', '--')}.json"


def kept_record(path: Path, lane: Lane, key: str) -> dict[str, Any] | None:
    """Return the record of a page's last run if it passed under the same ``key``."""
    store = record_path(path, lane.name)
    record = json.loads(store.read_text(encoding="utf-8")) if store.is_file() else {"key": None}
    return record if record["key"] == key and record["status"] == "passed" else None


def keep(record: dict[str, Any], store: Path) -> None:
    """Write a record; a reader never sees half of one."""
    store.parent.mkdir(parents=True, exist_ok=True)
    part = store.with_suffix(f".{os.getpid()}.part")
    part.write_text(json.dumps(record, indent=1), encoding="utf-8")
    part.replace(store)


def page_key(path: Path, world: bytes) -> str:
    """Return the key of a page: its own files, and the digest ``world`` of everything else."""
    files = (file for file in (path, record_of(path), *_offered_files(path)) if file.is_file())
    return hashlib.sha256(world + b"\0".join(file.read_bytes() for file in files)).hexdigest()


def _offered_files(path: Path) -> tuple[Path, ...]:
    """Return the files that a page gives to its reader, as its front matter names them."""
    try:
        return tuple(path.parent / name for name in told_first(path, "files"))
    except (ValueError, TypeError):  # reported when the page is run
        return ()


def world_digest(lane: Lane) -> bytes:
    """Return a digest of everything a run depends on besides the page."""
    digest = hashlib.sha256(f"{lane} {sys.version} {missing(PROGRAMS)}".encode())
    for file in (HUB_YML, ROOT / "lock" / f"{lane.stack}.txt", *code_of_a_run(ROOT)):
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.digest()


def code_of_a_run(root: Path) -> Iterator[Path]:
    """Yield the modules below ``root`` whose code a page's result depends on."""
    for folder in _CODE:
        for file in sorted((root / folder).rglob("*.py")):
            if not str(file.relative_to(root)).startswith(_NOT_IN_A_RUN):
                yield file
    yield root / "guide" / "external_programs.py"
    yield root / "guide" / "paths.py"


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages whose outputs the pages show."""
    return {"python": platform.python_version()} | {name: version(name) for name in _SHOWN_VERSIONS}
