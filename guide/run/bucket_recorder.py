"""Record what each block of a page leaves in the buckets, and its requests, for the site to show.

The stand-in lists its objects itself, so recording makes no requests that would be among those of the page. See
``fakehub.storage.inspection`` for what a description contains.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from fakehub.control.client import Control
from fakehub.request_log import log_end, read_since
from fakehub.storage.inspection import Contents, described, newest

# The log rounds times to milliseconds.
_ROUNDED_S = 0.001


class BucketRecorder:
    """Compares the buckets before and after each block. It must be created before the first one."""

    def __init__(self) -> None:
        folder = Path(os.environ["FAKEHUB_SESSION"])
        self._control, self._folder = Control(folder), folder
        self._objects = self._control.objects()
        self._others = dict(self._objects)
        self._start, self._place = 0.0, 0

    def start(self) -> None:
        """Note that a block begins: earlier requests are not its own."""
        self._start, self._place = time.time(), log_end(self._folder)

    def stop(self) -> dict[str, Any] | None:
        """Describe what happened since ``start``; ``None`` if that is nothing."""
        before, self._objects = self._objects, self._listed()
        description = described(before, self._objects, self._others, self._rows())
        changed = any(entry["state"] != "unchanged" for entry in description["objects"])
        return description if changed or description["requests"] else None

    def _listed(self) -> Contents:
        """Return the objects now. The heads of those that did not change are known."""
        objects = self._control.objects(after=newest(self._objects))
        return {
            name: {**before, **entry} if (before := self._objects.get(name)) and "head" not in entry else entry
            for name, entry in objects.items()
        }

    def _rows(self) -> list[dict[str, Any]]:
        """Return the lines of the request log about requests since ``start``.

        On a slow network, the line of an earlier request may be written after its client has continued.
        """
        rows, _ = read_since(self._folder, self._place)
        return [row for row in rows if row["time"] - row["seconds"] > self._start - _ROUNDED_S]
