"""Sphinx extension: a build that was begun early has read its settings and what it read last time, and waits here.

It goes on when a line comes on its standard input, and does nothing when that ends: so it gets ready while pages run.
"""

from __future__ import annotations

import gc
import os
import sys
from typing import Any

from sphinx.application import Sphinx

from guide.site.build import WAITS


def _wait(_app: Sphinx) -> None:
    gc.freeze()  # what was read last time is no garbage
    gc.enable()
    if os.environ.get(WAITS) and not sys.stdin.readline():
        raise SystemExit(0)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the hook, before all others: they may look at pages."""
    app.connect("builder-inited", _wait, priority=0)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
