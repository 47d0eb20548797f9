"""Fields in which readers enter their names; ``names.js`` puts them into the code on the pages.

A page whose code uses another bucket, or another name of a Dataset, says so in its front matter:
``asks: {bucket: SCRATCH_BUCKET, dataset: sst.zarr}``. A reader chooses among the buckets of ``hub.yml`` that the hub
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
    """Return the fields of a page as JSON for its script; empty for a page without fields, or with wrong ones."""
    value = front.get("asks")
    wanted: dict[str, str] = (json.loads(value) if isinstance(value, str) else value) or {}
    if not wanted:
        return ""
    options = load().buckets.options
    buckets = {o.variable: name for name, o in options.items() if o.variable and o.hub == "write"}
    bucket = wanted.get("bucket")
    if set(wanted) - {"bucket", "dataset"} or (bucket and bucket not in buckets):
        _logger.warning(
            "%s: asks: only dataset, and the bucket %s, can be given", page, " or ".join(buckets), location=page
        )
        return ""
    printed = "\n".join(block.astext() for block in doctree.findall(nodes.literal_block)) if doctree else ""
    for name in wanted.values():
        if name not in printed:
            _logger.warning("%s: asks: no block of the page contains %s", page, name, location=page)
            return ""
    return json.dumps(wanted | ({"buckets": buckets} if bucket else {}))


def add_fields(app: Sphinx, page: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    """Add the fields of a page to the context of its template."""
    context["page_asks"] = asks(app.env.metadata.get(page, {}), page, doctree)
