"""How a session leads programs to the stand-in: by names in a namespace, or through a proxy.

Tests run in the one that a session chooses on this system, those marked ``both_modes`` in both. ``MODES=all``, which
the nightly workflow sets, runs every test in both.
"""

from __future__ import annotations

import os

import pytest

from fakehub.isolation import namespace

BOTH = ["names", "proxy"]
MODES = BOTH if os.environ.get("MODES") == "all" else BOTH[:1] if namespace.available() else BOTH[1:]
both_modes = pytest.mark.parametrize("mode", BOTH, indirect=True)


def allowed(mode: str) -> str:
    """Return the mode, or skip the test if this system does not allow it."""
    if mode == "names" and not namespace.available():
        pytest.skip("this system does not allow namespaces")
    return mode
