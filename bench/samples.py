"""Collect the samples of a benchmark."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from bench.load import LoadError


@dataclass(frozen=True)
class Plan:
    """How much to measure.

    ``rounds`` is the number of samples of each figure, and ``seconds`` the duration of one sample. ``objects`` is the
    number of objects in the large bucket, ``upload_bytes`` the size of an upload over a slow network. ``large_gib`` is
    the size of one very large object, ``many`` the number of a great many small ones.
    """

    rounds: int
    seconds: float
    objects: int
    upload_bytes: int
    large_gib: float = 5
    many: int = 1_000_000


class Sampler:
    """The samples by figure and server; once a server fails a figure, it is not measured for it again."""

    def __init__(self, log: Callable[[str], None]) -> None:
        self.units: dict[str, str] = {}
        self.failures: list[str] = []
        self._samples: dict[tuple[str, str], list[float] | None] = defaultdict(list)
        self._log = log

    def take(self, name: str, unit: str, server: str, measure: Callable[[], float]) -> None:
        """Take a sample of the figure ``name`` at ``server``, unless an earlier one failed."""
        self.units[name] = unit
        samples = self._samples[name, server]
        if samples is None:
            return
        try:
            samples.append(measure())
        except (LoadError, OSError) as error:
            self._samples[name, server] = None
            self.failures.append(f"{server}, {name}: {error}")
            self._log(f"not measured: {self.failures[-1]}")

    def median(self, name: str, server: str) -> float | None:
        """Return the median of the samples; ``None`` if there are none."""
        samples = self._samples.get((name, server))
        return statistics.median(samples) if samples else None
