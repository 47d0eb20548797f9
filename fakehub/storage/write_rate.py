"""The limit on writes to one object: Google accepts about one per second (https://cloud.google.com/storage/quotas)."""

from __future__ import annotations

from fakehub.clock import Clock
from fakehub.errors import GoogleError


class WriteRate:
    """When each object was last written. Without an ``interval_s``, objects may be written at any rate.

    Google allows short bursts, whose length it does not publish; here, every write within ``interval_s`` of the
    previous one is refused.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._interval_s = 0.0
        self._last: dict[tuple[str, str], float] = {}

    @property
    def interval_s(self) -> float:
        """The least time between two writes of one object, in seconds; 0 for no limit."""
        return self._interval_s

    def limit(self, interval_s: float) -> None:
        """Change the interval and forget earlier writes. Raises ``ValueError`` for a negative or endless one."""
        if not 0 <= interval_s <= 86400:
            raise ValueError("the time between two writes must be between 0 and one day")
        self._interval_s = interval_s
        self._last.clear()

    def check(self, bucket: str, name: str) -> None:
        """Count one write (a creation, change or deletion); raise ``GoogleError`` (429) if it comes too soon."""
        if not self._interval_s:
            return
        now, last = self._clock.now(), self._last.get((bucket, name))
        if last is not None and now - last < self._interval_s:
            message = (
                f"The object {bucket}/{name} exceeded the rate limit for object mutation operations (create, update, "
                "and delete). Please reduce your request rate. See https://cloud.google.com/storage/docs/gcs429."
            )
            raise GoogleError(429, "rateLimitExceeded", message)
        self._last[bucket, name] = now
