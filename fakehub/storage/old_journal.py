"""Read state directories of earlier versions: a journal of JSON lines, and one file for each object's data."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

JOURNAL = "journal"


class OldJournal:
    """What the journal in a directory says: the settings of buckets, and the objects whose data are in ``files``."""

    def __init__(self, path: Path, files: set[str]) -> None:
        self.buckets: dict[str, dict[str, Any] | None] = {}
        self._files = files
        self._objects: dict[int, dict[str, Any]] = {}
        self._live: dict[tuple[str, str], int] = {}
        content = path.read_bytes()
        # A killed process may have left the last line incomplete.
        for line in content[: content.rfind(b"\n") + 1].splitlines():
            ((action, values),) = json.loads(line).items()
            self._apply(action, values)

    def _apply(self, action: str, values: Any) -> None:
        if action == "bucket":
            self.buckets[values[0]] = values[1]
        elif action == "archive":
            generation = self._live.pop((values[0], values[1]))
            self._objects[generation]["deleted"] = values[2]
        elif action == "delete":
            self._objects.pop(values[2], None)
            if self._live.get((values[0], values[1])) == values[2]:
                del self._live[values[0], values[1]]
        else:
            if action == "put":
                self._put(values)
            self._objects[values["generation"]] = values

    def _put(self, values: dict[str, Any]) -> None:
        key = (values["bucket"], values["name"])
        if key in self._live:
            self._objects[self._live[key]]["deleted"] = values["created"]
        self._live[key] = values["generation"]

    def objects(self) -> Iterator[dict[str, Any]]:
        """Yield the fields of each object; the data of one that was replaced or deleted are gone."""
        for values in self._objects.values():
            if values["data"] in self._files or str(values["generation"]) in self._files:
                yield values
