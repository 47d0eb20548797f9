"""Workarounds that use private parts of libraries, in one place.

Each has a test in ``tests/guide/test_guide_compat.py`` that fails when the library changes what the workaround needs.
"""

from __future__ import annotations

import importlib
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


def apply_warning_filters() -> None:
    """Apply the filters of ``PYTHONWARNINGS``, as Python does when it starts; it has no public function for that."""
    options = os.environ.get("PYTHONWARNINGS", "").split(",")
    process_options: Any = vars(warnings)["_processoptions"]
    process_options(filter(None, options))


@contextmanager
def warnings_ignored() -> Iterator[None]:
    """Ignore warnings, but keep the filters that libraries add meanwhile, which ``catch_warnings`` would remove."""
    filters: Any = warnings.filters  # a list, which the type stubs do not promise
    ignore_all = ("ignore", None, Warning, None, 0)
    filters.insert(0, ignore_all)
    try:
        yield
    finally:
        filters.remove(ignore_all)


def reload_certificates() -> None:
    """Have aiohttp read ``SSL_CERT_FILE`` again; it makes its default TLS context once, when it is imported."""
    connector: Any = sys.modules.get("aiohttp.connector")
    if connector is not None:
        connector._SSL_CONTEXT_VERIFIED = connector._make_ssl_context(True)


def reload_metadata_address() -> None:
    """Have google-auth read the address of the metadata server again; it keeps it in constants of a private module."""
    metadata = sys.modules.get("google.auth.compute_engine._metadata")
    if metadata is not None:
        importlib.reload(metadata)
