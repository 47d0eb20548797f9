"""Times of small requests."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator

from hubcheck.buckets import create, delete, listed, object_url
from hubcheck.common import Answer, Hub, Observation, unseen

# The guide says about 50 ms; a slow minute should not count.
LONGEST_S = 1.0
_SAYS = f"under {LONGEST_S:g} s"


def speed(hub: Hub) -> Iterator[Observation]:
    """Compare the median times of five requests of each kind."""
    bucket, path = hub.guide["scratch"], f"{hub.folder}timed"
    yield hub.observed("speed.list", _SAYS, _median(lambda: listed(hub, bucket, hub.folder)))
    created = create(hub, bucket, path)
    if created.status != 200:
        yield unseen("speed.read", _SAYS, "nothing could be written")
        return
    try:
        url = object_url(bucket, path, alt="media")
        if hub.call("GET", url).status != 200:
            yield unseen("speed.read", _SAYS, "nothing could be read")
            return
        yield hub.observed("speed.read", _SAYS, _median(lambda: hub.call("GET", url)))
    finally:
        delete(hub, bucket, path, created)


def _median(request: Callable[[], Answer]) -> str:
    times = []
    for _ in range(5):
        start = time.perf_counter()
        request()
        times.append(time.perf_counter() - start)
    median = statistics.median(times)
    return _SAYS if median < LONGEST_S else f"about {median:.0f} s"
