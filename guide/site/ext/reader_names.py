"""Sphinx extension: fields for the reader's own names, which ``names.js`` puts into the snippets.

A page whose snippets take another bucket, or another name of a Dataset, says so in its front matter:
``asks: {bucket: SCRATCH_BUCKET, dataset: sst.zarr}``. The buckets to choose from are those of ``hub.yml`` that the hub
may write to.
"""

from __future__ import annotations

import json
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging

from guide.facts import load

_logger = logging.getLogger(__name__)


def asks(front: dict[str, Any], page: str, doctree: nodes.document | None) -> str:
    """What a page asks for, as JSON for its script; empty for one that asks nothing, or for what it does not print."""
    said = front.get("asks")
    wanted = json.loads(said) if isinstance(said, str) else said
    if not wanted:
        return ""
    options = load().buckets.options
    buckets = {o.variable: name for name, o in options.items() if o.variable and o.hub == "write"}
    bucket = wanted.get("bucket")
    if set(wanted) - {"bucket", "dataset"} or (bucket and bucket not in buckets):
        _logger.warning("%s: asks takes dataset, and a bucket of %s", page, " or ".join(buckets), location=page)
        return ""
    printed = "\n".join(block.astext() for block in doctree.findall(nodes.literal_block)) if doctree else ""
    for name in wanted.values():
        if name not in printed:
            _logger.warning("%s: asks for another %s, which no block of it names", page, name, location=page)
            return ""
    return json.dumps(wanted | ({"buckets": buckets} if bucket else {}))


def _context(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    context["page_asks"] = asks(app.env.metadata.get(page, {}), page, doctree)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the script and what it needs of a page."""
    app.add_css_file("names.css")
    app.add_js_file("names.js", loading_method="defer")
    app.connect("html-page-context", _context)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
