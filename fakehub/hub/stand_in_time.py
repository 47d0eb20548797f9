"""The stand-in's time, for programs that read the clock of this machine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Self

from fakehub.control.client import Control
from fakehub.hub.settings import session_folder

# A moved clock counts for the idle culler after this time. It is longer than the intervals at which an open browser
# tab and a working kernel show that they are active, so a jump of an hour does not make them look idle.
_SETTLING_S = 35


def offset(real: datetime) -> timedelta:
    """Return how far the stand-in's clock was ahead of the ``real`` time."""
    moves = Control(session_folder()).clock()["moves"]
    return timedelta(seconds=max(ahead for moved, ahead in moves if moved <= real.timestamp()))


def stand_in_time(real: datetime) -> datetime:
    """Return what the stand-in's clock showed at the ``real`` time."""
    return real + offset(real)


class SettledDatetime(datetime):
    """A ``datetime`` whose ``now`` follows the stand-in's clock; a jump of the clock counts once it has settled."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        """Return the stand-in's time without the jumps of the last seconds."""
        real = datetime.now(UTC)
        return super().now(tz) + offset(real - timedelta(seconds=_SETTLING_S))
