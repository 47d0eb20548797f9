"""The stand-in's time, for programs that know only this machine's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo

from fakehub.control.client import Control
from fakehub.hub.settings import session_folder


class Ahead(datetime):
    """A ``datetime`` whose present is the stand-in's."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:
        """The stand-in's time."""
        return datetime.now(tz) + timedelta(seconds=Control(session_folder()).clock()["offset_s"])


def utcnow() -> datetime:
    """The stand-in's time, in UTC."""
    return Ahead.now(UTC)
