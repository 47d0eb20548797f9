"""Let a build start early: it reads its settings and the last build's environment, then waits while pages run."""

from __future__ import annotations

import gc
import sys

from bs4 import BeautifulSoup
from nbformat import current_nbformat, current_nbformat_minor
from nbformat.validator import get_validator
from sphinx.application import Sphinx

from guide.site.options import options_of


def wait_for_pages(app: Sphinx) -> None:
    """Wait for a line on standard input if the build has that option; exit when there is none.

    Garbage is collected from here on: what was loaded until now stays, so collecting it would take time for nothing.
    """
    wait = options_of(app.config).wait
    if wait:
        _fill_caches()
    gc.freeze()
    gc.enable()
    if wait and not sys.stdin.readline():
        raise SystemExit(0)


def _fill_caches() -> None:
    """Have libraries compile now what they compile at their first use, while the pages still run."""
    get_validator(current_nbformat, current_nbformat_minor)
    BeautifulSoup("<p>&amp;</p>", "html.parser").decode()
