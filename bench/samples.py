"""What is measured, and the values of each round."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from bench.load import LoadError


@dataclass(frozen=True)
class Plan:
    """How much to measure: interleaved rounds, seconds of each single measurement, objects of the large bucket, bytes
    of an upload over a slow line.
    """

    rounds: int
    seconds: float
    objects: int
    upload_bytes: int


class Sampler:
    """Collects the values of the rounds; a server that fails a measurement is left out of it from then on."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.units: dict[str, str] = {}
        self.failures: list[str] = []
        self._values: dict[tuple[str, str], list[float] | None] = defaultdict(list)
        self._say = say

    def take(self, name: str, unit: str, server: str, measure: Callable[[], float]) -> None:
        """Measure ``name`` at ``server`` once, unless an earlier round failed."""
        self.units[name] = unit
        values = self._values[name, server]
        if values is None:
            return
        try:
            values.append(measure())
        except (LoadError, OSError) as error:
            self._values[name, server] = None
            self.failures.append(f"{server}, {name}: {error}")
            self._say(f"not measured: {self.failures[-1]}")

    def median(self, name: str, server: str) -> float | None:
        """The median of the rounds; ``None`` where it could not be measured."""
        values = self._values.get((name, server))
        return statistics.median(values) if values else None
