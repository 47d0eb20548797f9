"""Buckets that every measured server has: for objects that come and go, and for a listing of always the same ones."""

from __future__ import annotations

from pathlib import Path

from guide.facts import load

_BUCKETS = load(Path(__file__).resolve().parents[1] / "hub.yml").buckets
CHANGING, LISTED = _BUCKETS.scratch.name, _BUCKETS.persistent.name
