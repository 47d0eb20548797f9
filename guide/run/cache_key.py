"""The key of a page's run: a record whose key is not the current one is not used, and the page runs again.

The key covers everything a result depends on: the page and its files, the facts, the lock, the Python, the programs,
and the code that runs pages. Code is taken by folder, so a new module is part of the key without being listed.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path

from guide.external_programs import PROGRAMS, missing
from guide.pages.hub_variant import front_matter_value
from guide.paths import HUB_YML, ROOT, display_path
from guide.run.profile import RunProfile
from guide.run.recorded_outputs import record_of

# The code that a page's result depends on, and the parts of it that no run uses. A test compares both with the modules
# that a run imports.
_CODE = (
    "hubfacts/**/*.py",
    "hubfacts/*.yml",
    "fakehub/**/*.py",
    "guide/*.py",
    "guide/facts/*.py",
    "guide/pages/**/*.py",
    "guide/run/**/*.py",
    "guide/checks/__init__.py",
    "guide/checks/environments.py",
)
_NOT_IN_A_RUN = (
    "fakehub/browser/",
    "fakehub/compare.py",
    "fakehub/from_2i2c/",
    "fakehub/hub/",
    "fakehub/pytest_plugin.py",
    "guide/__main__.py",
    "guide/facts/__main__.py",
    "guide/pages/toc.py",
    "guide/terminal_progress.py",
    "guide/webp.py",
)


def page_key(path: Path, shared: bytes) -> str:
    """Return the key of a page, made from its own files and from the digest ``shared`` of everything else."""
    files = (file for file in (path, record_of(path), *_offered_files(path)) if file.is_file())
    return hashlib.sha256(shared + b"\0".join(file.read_bytes() for file in files)).hexdigest()


def _offered_files(path: Path) -> tuple[Path, ...]:
    """Return the files that a page gives to its reader, as its front matter names them."""
    try:
        return tuple(path.parent / name for name in front_matter_value(path, "files"))
    except (ValueError, TypeError):  # reported when the page is run
        return ()


def shared_digest(profile: RunProfile) -> bytes:
    """Return a digest of everything a run depends on besides the page."""
    digest = hashlib.sha256(f"{profile} {sys.version} {missing(PROGRAMS)}".encode())
    files = [HUB_YML, ROOT / "uv.lock", *code_of_a_run(ROOT)]
    if (environment := ROOT / "environment.yml").is_file():  # a book without commands of conda needs none
        files.append(environment)
    for file in files:
        digest.update(display_path(file).encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.digest()


def code_of_a_run(root: Path) -> Iterator[Path]:
    """Yield the modules below ``root`` whose code a page's result depends on."""
    for pattern in _CODE:
        for file in sorted(root.glob(pattern)):
            if not str(file.relative_to(root)).startswith(_NOT_IN_A_RUN):
                yield file
