"""Compiled modules of packages, and the modules in Python and NumPy that replace them."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType

_CODECS = "fakehub.browser.codecs"
REPLACED = {
    "google_crc32c.cext": "fakehub.browser.crc32c",
    "numcodecs._shuffle": f"{_CODECS}.byte_shuffle",
    "numcodecs.blosc": f"{_CODECS}.blosc",
    "numcodecs.compat_ext": f"{_CODECS}.contiguous",
    "numcodecs.fletcher32": f"{_CODECS}.fletcher32",
    "numcodecs.jenkins": f"{_CODECS}.jenkins",
    "numcodecs.lz4": f"{_CODECS}.lz4",
    "numcodecs.vlen": f"{_CODECS}.vlen",
    "numcodecs.zstd": f"{_CODECS}.zstd",
}


class _Finder:
    """Finds the replacements under the names of the compiled modules."""

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Return the spec of a replacement, or ``None`` for any other module."""
        if name not in REPLACED:
            return None
        found = importlib.util.find_spec(REPLACED[name])
        if found is None or found.origin is None:
            return None
        return importlib.util.spec_from_file_location(name, found.origin)


def install() -> None:
    """Have the replacements imported; call it before the packages are imported."""
    sys.meta_path.insert(0, _Finder)
