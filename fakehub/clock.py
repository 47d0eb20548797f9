"""The stand-in's clock, which decides when tokens expire and how old objects are."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path

# How far the clock can be moved in total, in seconds: one hundred years.
LARGEST_OFFSET_S = 36525 * 86400


class Clock:
    """Real time plus an offset, in seconds. The optional ``state_file`` keeps the offset across sessions.

    Raises ``OSError`` for a file that cannot be read and ``ValueError`` for one that contains no offset.
    """

    def __init__(self, state_file: Path | None = None) -> None:
        self._state_file = state_file
        self._offset = _read_offset(state_file) if state_file and state_file.is_file() else 0.0
        self._moves: list[tuple[float, float]] = [(0.0, self._offset)]

    @property
    def offset(self) -> float:
        """Seconds by which the clock is ahead of real time."""
        return self._offset

    @property
    def moves(self) -> list[tuple[float, float]]:
        """When the clock was moved, in real seconds since the epoch, each with the offset from then on."""
        return list(self._moves)

    def now(self) -> float:
        """Return the time in seconds since the epoch."""
        return time.time() + self._offset

    def advance(self, seconds: float) -> None:
        """Move the clock forward.

        Raises ``ValueError`` for a step back, which would make expired things valid again, and for a step so large
        that the time could no longer be written as a date.
        """
        if not seconds >= 0:
            raise ValueError("the clock can only be moved forward")
        if self._offset + seconds > LARGEST_OFFSET_S:
            raise ValueError("the clock can be at most 100 years ahead of real time")
        self._offset += seconds
        self._moves.append((time.time(), self._offset))
        if self._state_file:
            # Replace the file in one step: if the process is killed here, what had expired must stay expired.
            new_file = self._state_file.with_suffix(".new")
            new_file.write_text(json.dumps({"offset_s": self._offset}), encoding="utf-8")
            new_file.replace(self._state_file)


def _read_offset(state_file: Path) -> float:
    try:
        return float(json.loads(state_file.read_text(encoding="utf-8"))["offset_s"])
    except (ValueError, TypeError, KeyError):
        message = f"{state_file} does not contain the clock's offset; remove the file to start from real time"
        raise ValueError(message) from None


def rfc3339(seconds: float) -> str:
    """Format ``seconds`` since the epoch as Google writes times: UTC with milliseconds and ``Z``."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
