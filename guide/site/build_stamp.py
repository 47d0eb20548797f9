"""Decide only from files whether a site is up to date, before anything slow is imported."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from guide.external_programs import PROGRAMS, missing
from guide.paths import BUILD, HUB_YML, ROOT, display_path, record_path

# The file in a build folder with the digest of what its site was made from.
STAMP = ".built"
_SOURCES = (
    *("book/", "notebooks/", "hubfacts/", "fakehub/", "guide/"),
    *("_config.yml", "_toc.yml", "hub.yml", "uv.lock", "CHANGELOG.md"),
)


def checkout(root: Path) -> tuple[list[str], bytes]:
    """Return the names of the files in the checkout ``root``, also new ones, and its commit; nothing outside git."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=root, capture_output=True)
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=root, capture_output=True)
    return sorted(filter(None, listed.stdout.decode().split("\0"))), head.stdout


def inputs_digest(options: object) -> str:
    """Return a digest of everything that pages and site are made from, and of the ``options`` of the build."""
    surroundings = (repr(options), os.environ.get("SOURCE_DATE_EPOCH"), sys.version, missing(PROGRAMS), str(HUB_YML))
    digest = hashlib.sha256(repr(surroundings).encode())
    names, head = checkout(ROOT)
    digest.update(head)
    # Outside a git checkout the names of files are unknown, so the digest is never the same.
    digest.update(b"" if names else os.urandom(16))
    paths = [ROOT / name for name in names if name.startswith(_SOURCES)]
    for path in (HUB_YML, record_path(HUB_YML), *paths):
        if path.is_file():
            digest.update(str(path).encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def stamp_of(inputs: str, profile: str) -> str:
    """Return the stamp of a site: a digest of its ``inputs``, the runs under a profile, and the last ``make live``."""
    runs = sorted([*(BUILD / "run" / profile).glob("*.json"), *(BUILD / "live").glob("*.json")])
    kept = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in runs]
    return hashlib.sha256(f"{inputs}{kept}".encode()).hexdigest()


def is_up_to_date(out: Path, stamp: str) -> bool:
    """Return whether the site in ``out`` has that stamp."""
    built = out / STAMP
    return built.is_file() and built.read_text() == stamp and (out / "html" / "index.html").is_file()


def unchanged_message(page: Path) -> str:
    """Return the message about a site that is not built again."""
    return f"{display_path(page)}: nothing changed since it was built"
