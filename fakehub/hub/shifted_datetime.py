"""The stand-in's time, for programs that read the clock of this machine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Self

from fakehub.control.client import Control
from fakehub.hub.settings import session_folder


class ShiftedDatetime(datetime):
    """A ``datetime`` whose ``now`` is the stand-in's time."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        """Return the stand-in's time."""
        return super().now(tz) + timedelta(seconds=Control(session_folder()).clock()["offset_s"])


def utcnow() -> datetime:
    """Return the stand-in's time in UTC."""
    return ShiftedDatetime.now(UTC)
