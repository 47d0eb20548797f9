"""Whether a site is what would be built: told by its files alone, before anything else is imported."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from guide.external_programs import PROGRAMS, missing
from guide.paths import BUILD, HUB_YML, ROOT, display_path

# In the folder of a build: what its site was made of.
STAMP = ".built"
_SOURCES = (
    *("book/", "notebooks/", "hubfacts/", "fakehub/", "guide/"),
    *("_config.yml", "_toc.yml", "hub.yml", "uv.lock", "CHANGELOG.md"),
)


def checkout(root: Path) -> tuple[list[str], bytes]:
    """Names of the files of the checkout ``root``, new ones too, and its commit, which pages name; none outside git."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=root, capture_output=True)
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=root, capture_output=True)
    return sorted(filter(None, listed.stdout.decode().split("\0"))), head.stdout


def sources(asked: object) -> str:
    """Digest of all that pages and site are made of, and of what was ``asked`` for."""
    told = (repr(asked), os.environ.get("SOURCE_DATE_EPOCH"), sys.version, missing(PROGRAMS), str(HUB_YML))
    digest = hashlib.sha256(repr(told).encode())
    names, head = checkout(ROOT)
    digest.update(head)
    # Outside a git checkout there is no telling that nothing changed.
    digest.update(b"" if names else os.urandom(16))
    paths = [ROOT / name for name in names if name.startswith(_SOURCES)]
    for path in (HUB_YML, *paths):
        if path.is_file():
            digest.update(str(path).encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def stamp(made_from: str, profile: str) -> str:
    """What a site is known by: its ``sources`` then, and the runs of its pages in that ``profile`` as they are now."""
    runs = sorted((BUILD / "run" / profile).glob("*.json"))
    kept = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in runs]
    return hashlib.sha256(f"{made_from}{kept}".encode()).hexdigest()


def holds(out: Path, known_by: str) -> bool:
    """Whether the site in ``out`` is the one known by that stamp."""
    built = out / STAMP
    return built.is_file() and built.read_text() == known_by and (out / "html" / "index.html").is_file()


def nothing_changed(page: Path) -> str:
    """What is said of a site that is not built again."""
    return f"{display_path(page)}: nothing changed since it was built"
