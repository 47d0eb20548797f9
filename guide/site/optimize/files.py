"""The files of a built site: the targets of references, and names that change with the content."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

# The part of a name that depends on the content of the file.
FINGERPRINT = re.compile(r"\.[0-9a-f]{10}$")


class Files:
    """The folder of a built site, the files read in it, and those written to it under a fingerprinted name."""

    def __init__(self, site: Path) -> None:
        self.site = site
        self.read: set[Path] = set()
        self._written: set[str] = set()
        self._replaced: set[Path] = set()

    def resolve(self, page: Path, reference: str) -> Path | None:
        """Return the file that ``reference`` on ``page`` leads to; None for another site, or if there is no file."""
        parts = urlsplit(reference)
        if parts.scheme or parts.netloc or not parts.path:
            return None
        # Not `resolve`, which asks the file system about each folder: a site has no links to other folders.
        path = Path(os.path.normpath(page.parent / unquote(parts.path)))
        if not path.is_file():
            return None
        self.read.add(path)
        return path

    def write(self, beside: Path, suffix: str, content: bytes) -> Path:
        """Write ``content`` next to ``beside``, named after it with a fingerprint and ``suffix``; return the path."""
        digest = hashlib.sha256(content).hexdigest()[:10]
        out = beside.with_name(f"{beside.name.removesuffix(beside.suffix)}.{digest}{suffix}")
        if not out.is_file():
            out.parent.mkdir(parents=True, exist_ok=True)
            out.write_bytes(content)
        self._written.add(str(out.relative_to(self.site)))
        return out

    @property
    def written(self) -> set[str]:
        """The files that were written, relative to the site."""
        return set(self._written)

    @property
    def replaced(self) -> set[Path]:
        """Source files that can be removed because an optimized copy replaces them."""
        return set(self._replaced)

    def mark_replaced(self, path: Path) -> None:
        """Note that an optimized copy replaces ``path``, which can be removed."""
        self._replaced.add(path)

    def add_earlier(self, written: Iterable[str], replaced: Iterable[str]) -> None:
        """Add files that an earlier build wrote and replaced; their names are relative to the site."""
        self._written.update(written)
        self._replaced.update(self.site / name for name in replaced)

    def reference(self, page: Path, target: Path) -> str:
        """Return the relative address of ``target`` on ``page``."""
        up = len(page.relative_to(self.site).parts) - 1
        return "../" * up + str(PurePosixPath(target.relative_to(self.site)))

    def clean_up(self, manifest: Path) -> None:
        """Remove replaced files, and those that only the last build wrote, which ``manifest`` lists; update it."""
        before: list[str] = json.loads(manifest.read_text()) if manifest.is_file() else []
        for path in [*self._replaced, *(self.site / name for name in set(before) - self._written)]:
            path.unlink(missing_ok=True)
        manifest.write_text(json.dumps(sorted(self._written)))


def digest_of(path: Path) -> str:
    """Return the digest of the file at ``path``; empty if there is none. An unchanged file is read once."""
    try:
        state = path.stat()
    except OSError:
        return ""
    return _digest(path, state.st_mtime_ns, state.st_size)


@functools.cache
def _digest(path: Path, changed: int, size: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write_at_once(path: Path, content: bytes) -> None:
    """Write a file that another process may read or write at the same time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(f".{os.getpid()}")
    unfinished.write_bytes(content)
    unfinished.replace(path)
