"""Messages between the preview and its workers, each one line of JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class WorkRequest:
    """A request to a worker to run or build what has changed.

    With ``restart``, a build that has already started must start again, because files that it has read have changed.
    """

    restart: bool = False

    def to_line(self) -> str:
        """Return the request as a line of JSON."""
        return json.dumps(asdict(self)) + "\n"

    @classmethod
    def from_line(cls, line: str) -> WorkRequest:
        """Return the request that ``to_line`` wrote."""
        return cls(**json.loads(line))


@dataclass(frozen=True)
class WorkAnswer:
    """The answer of a worker: failures as printable lines, and after a run, whether the site must be built."""

    failures: list[str]
    needs_build: bool = False

    def to_line(self) -> str:
        """Return the answer as a line of JSON."""
        return json.dumps(asdict(self)) + "\n"

    @classmethod
    def from_line(cls, line: str | bytes) -> WorkAnswer:
        """Return the answer that ``to_line`` wrote."""
        return cls(**json.loads(line))
