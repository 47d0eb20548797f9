"""The stand-in's clock: by it tokens expire and objects grow old."""

from __future__ import annotations

import time
from datetime import UTC, datetime


class Clock:
    """Real time plus an offset, in seconds."""

    def __init__(self) -> None:
        self._offset = 0.0

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time() + self._offset

    def advance(self, seconds: float) -> None:
        """Move time forward; raises ``ValueError`` for a step back, which would make expired things live again."""
        if seconds < 0:
            raise ValueError("the clock only moves forward")
        self._offset += seconds


def rfc3339(seconds: float) -> str:
    """``seconds`` since the epoch as Google writes times: UTC, milliseconds, ``Z``."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
