"""Write what the blocks of a page did to the buckets when it ran, for the panels that readers open below the blocks.

The file beside the page is JSON. ``{"blocks": [{"block": "block-3", …}]}`` has, for each block that did anything, the
id of its frame and the description that ``fakehub.storage.inspection`` explains. ``book/_static/bucket-inspector.js``
loads it for the first panel, and ``bucket-panel.js`` draws one description, wherever it comes from.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Any

from guide.report.proof import Proof
from guide.run.records import BlockResult

# The file of ``read-and-write.html`` is ``read-and-write.bucket.json``.
SUFFIX = ".bucket.json"


def descriptions(proofs: Iterable[Proof], results: Iterable[BlockResult]) -> dict[str, dict[str, Any]]:
    """Return what each block did, by the id of its frame; blocks that did nothing to a bucket are left out."""
    left = list(results)
    found: dict[str, dict[str, Any]] = {}
    for proof in proofs:
        result = next((one for one in left if proof.report and one.digest == proof.report.digest), None)
        if result is None:
            continue
        left.remove(result)
        if result.bucket is not None:
            found[proof.anchor] = result.bucket
    return found


def write_descriptions(folder: Path, page: str, found: dict[str, dict[str, Any]]) -> str:
    """Write the file of a ``page`` into the site in ``folder``; return its name; empty if no block did anything."""
    file = folder / f"{page}{SUFFIX}"
    if not found:
        file.unlink(missing_ok=True)
        return ""
    blocks = [{"block": anchor, **description} for anchor, description in found.items()]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"blocks": blocks}, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
    return PurePosixPath(page).name + SUFFIX
