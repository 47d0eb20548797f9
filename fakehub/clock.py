"""The stand-in's clock: by it tokens expire and objects grow old."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path

# As far as the clock may be moved in all, in seconds: a hundred years.
FARTHEST_S = 36525 * 86400


class Clock:
    """Real time plus an offset, in seconds. ``kept`` is a file in which the offset lives on.

    Raises ``OSError`` for a file that cannot be read, ``ValueError`` for one that holds no offset.
    """

    def __init__(self, kept: Path | None = None) -> None:
        self._kept = kept
        self._offset = _offset_in(kept) if kept and kept.is_file() else 0.0

    @property
    def offset(self) -> float:
        """How far ahead of real time it is, in seconds."""
        return self._offset

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time() + self._offset

    def advance(self, seconds: float) -> None:
        """Move time forward.

        Raises ``ValueError`` for a step back, which would make expired things live again, and for one too far
        to be written as a date.
        """
        if not seconds >= 0:
            raise ValueError("the clock only moves forward")
        if self._offset + seconds > FARTHEST_S:
            raise ValueError("the clock moves 100 years ahead of real time at most")
        self._offset += seconds
        if self._kept:
            # Whole or not at all: what was expired must not live again after a kill in between.
            fresh = self._kept.with_suffix(".new")
            fresh.write_text(json.dumps({"offset_s": self._offset}), encoding="utf-8")
            fresh.replace(self._kept)


def _offset_in(kept: Path) -> float:
    try:
        return float(json.loads(kept.read_text(encoding="utf-8"))["offset_s"])
    except (ValueError, TypeError, KeyError):
        raise ValueError(f"{kept} does not say how far ahead the clock is; remove it to start from real time") from None


def rfc3339(seconds: float) -> str:
    """``seconds`` since the epoch as Google writes times: UTC, milliseconds, ``Z``."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
