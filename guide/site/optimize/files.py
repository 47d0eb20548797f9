"""The files of a built site: where a page's reference leads, and names that change with the content."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

# What the content of a file adds to its name.
FINGERPRINT = re.compile(r"\.[0-9a-f]{10}$")


class Files:
    """The folder of a built site, what was read in it, and what was written to it under a fingerprinted name."""

    def __init__(self, site: Path) -> None:
        self.site = site
        self.read: set[Path] = set()
        self._written: set[str] = set()
        self._replaced: set[Path] = set()

    def resolve(self, page: Path, reference: str) -> Path | None:
        """The file that ``reference`` on ``page`` leads to; None when that is another site, or no file."""
        parts = urlsplit(reference)
        if parts.scheme or parts.netloc or not parts.path:
            return None
        path = (page.parent / unquote(parts.path)).resolve()
        if not path.is_file():
            return None
        self.read.add(path)
        return path

    def write(self, beside: Path, suffix: str, content: bytes) -> Path:
        """Write ``content`` next to ``beside``, under its name with a fingerprint and ``suffix``; where it is."""
        digest = hashlib.sha256(content).hexdigest()[:10]
        out = beside.with_name(f"{beside.name.removesuffix(beside.suffix)}.{digest}{suffix}")
        if not out.is_file():
            out.parent.mkdir(parents=True, exist_ok=True)
            out.write_bytes(content)
        self._written.add(str(out.relative_to(self.site)))
        return out

    @property
    def written(self) -> set[str]:
        """What was written, relative to the site."""
        return set(self._written)

    @property
    def no_longer_asked_for(self) -> set[Path]:
        """Files of which nothing is left but what was made of them."""
        return set(self._replaced)

    def replaced(self, path: Path) -> None:
        """``path`` was written anew under another name, and nothing asks for it any more."""
        self._replaced.add(path)

    def note(self, written: Iterable[str], replaced: Iterable[str]) -> None:
        """These were written and replaced before; their names are relative to the site."""
        self._written.update(written)
        self._replaced.update(self.site / name for name in replaced)

    def reference(self, page: Path, target: Path) -> str:
        """The relative address of ``target`` on ``page``."""
        up = len(page.relative_to(self.site).parts) - 1
        return "../" * up + str(PurePosixPath(target.relative_to(self.site)))

    def tidy(self, manifest: Path) -> None:
        """Remove what was replaced, and what the last build wrote and this one did not: ``manifest`` says what."""
        before = json.loads(manifest.read_text()) if manifest.is_file() else []
        for path in [*self._replaced, *(self.site / name for name in set(before) - self._written)]:
            path.unlink(missing_ok=True)
        manifest.write_text(json.dumps(sorted(self._written)))
