"""Let a build start early: it reads its settings and the last build's environment, then waits while pages run."""

from __future__ import annotations

import gc
import sys

from sphinx.application import Sphinx

from guide.site.options import options_of


def wait_for_pages(app: Sphinx) -> None:
    """Wait for a line on standard input if the build was told to; exit when there is none.

    Garbage is collected from here on: what was loaded until now stays, so collecting it would take time for nothing.
    """
    gc.freeze()
    gc.enable()
    if options_of(app.config).wait and not sys.stdin.readline():
        raise SystemExit(0)
