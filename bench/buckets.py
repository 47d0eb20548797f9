"""The two buckets that every measured server has."""

from __future__ import annotations

from guide.facts import load
from guide.paths import ROOT

_NAMES = {bucket.variable: name for name, bucket in load(ROOT / "hub.yml").buckets.options.items()}
# Objects come and go in the first; the second holds the objects that are listed.
CHANGING, LISTED = _NAMES["SCRATCH_BUCKET"], _NAMES["PERSISTENT_BUCKET"]
