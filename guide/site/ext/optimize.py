"""Sphinx extension: when all is written, every page is left with what it uses, and with a strict policy."""

from __future__ import annotations

import glob
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sphinx.application import Sphinx
from sphinx.util import logging

from guide.site.optimize.site import finish

_logger = logging.getLogger(__name__)


def _finish(app: Sphinx, error: Exception | None) -> None:
    if error is None and app.builder.name == "html":
        # Empty for a site at the root of its host.
        root = urlsplit(app.config.html_baseurl).path.rstrip("/") + "/"
        for complaint in finish(Path(app.outdir), Path(app.doctreedir).with_name(".pages"), root):
            _logger.warning(complaint)


def _never_nothing(app: Sphinx, _env: Any, _added: set[str], _changed: set[str], removed: set[str]) -> list[str]:
    """A page to write: where there is none, Sphinx copies no style sheets and scripts either, changed or not.

    What the site has of ``removed`` pages, in any format, Sphinx leaves there.
    """
    for page in removed:
        for file in Path(app.outdir, page).parent.glob(f"{glob.escape(Path(page).name)}.*"):
            file.unlink()
    return [app.config.root_doc]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the hook, behind those of others that write into the site."""
    app.connect("env-get-outdated", _never_nothing)
    app.connect("build-finished", _finish, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
