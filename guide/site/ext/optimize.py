"""Reduce the written pages to what they use (see ``guide.site.optimize``), and keep the site free of old pages."""

from __future__ import annotations

import glob
from pathlib import Path
from urllib.parse import urlsplit

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

from guide.site.optimize.site import optimize_site
from guide.site.options import options_of

_logger = logging.getLogger(__name__)


def optimize_pages(app: Sphinx) -> None:
    """Optimize every page of the site, and warn about what its content security policy refuses."""
    if options_of(app.config).optimize:
        # Empty for a site at the root of its host.
        root = urlsplit(app.config.html_baseurl).path.rstrip("/") + "/"
        for warning in optimize_site(Path(app.outdir), Path(app.doctreedir).with_name(".pages"), root):
            _logger.warning(warning)


def remove_old_pages(app: Sphinx, env: BuildEnvironment, removed: set[str]) -> list[str]:
    """Remove the files of pages that are no longer in the book, in every format; Sphinx leaves them in the site."""
    for page in removed:
        for file in Path(app.outdir, page).parent.glob(f"{glob.escape(Path(page).name)}.*"):
            file.unlink()
    return []


def first_page(app: Sphinx, env: BuildEnvironment, removed: set[str]) -> list[str]:
    """Name a page to write in any case: without one, Sphinx does not copy changed style sheets and scripts either."""
    return [app.config.root_doc]
