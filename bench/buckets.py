"""The two buckets that every measured server has."""

from __future__ import annotations

from guide.facts import load
from guide.paths import ROOT

_BUCKETS = load(ROOT / "hub.yml").buckets
# Objects come and go in the first; the second holds the objects that are listed.
CHANGING, LISTED = _BUCKETS.scratch.name, _BUCKETS.persistent.name
