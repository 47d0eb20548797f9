"""Parse durations, sizes and rates as people write them: ``8d``, ``50ms``, ``64KB``, ``10MB/s``, ``20Mbit/s``."""

from __future__ import annotations

import re
from collections.abc import Mapping

_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
_BYTES = {"B": 1, "KB": 1000, "MB": 1000**2, "GB": 1000**3}
_BITS = {"kbit": 125, "Mbit": 125 * 1000, "Gbit": 125 * 1000**2}


def duration(text: str) -> float:
    """Return a duration in seconds; raise ``ValueError`` unless it is a number with ms, s, m, h or d."""
    return _parse(text, _SECONDS, f"{text!r} is not a duration: write a number and ms, s, m, h or d, as in 8d or 50ms")


def size(text: str) -> int:
    """Return a size in bytes; raise ``ValueError`` unless it is a number with B, KB, MB or GB (powers of 1000)."""
    return int(_parse(text, _BYTES, f"{text!r} is not a size: write a number and B, KB, MB or GB, as in 64KB"))


def rate(text: str) -> float:
    """Return a rate in bytes per second.

    Raises ``ValueError`` unless it is a positive number with B, KB, MB, GB, kbit, Mbit or Gbit and ``/s``.
    """
    problem = f"{text!r} is not a rate: write a positive number and B/s, KB/s, MB/s, GB/s or Mbit/s, as in 10MB/s"
    if not text.endswith("/s"):
        raise ValueError(problem)
    value = _parse(text.removesuffix("/s"), _BYTES | _BITS, problem)
    if value <= 0:
        raise ValueError(problem)
    return value


def _parse(text: str, units: Mapping[str, float], problem: str) -> float:
    match = re.fullmatch(r"(\d{1,12}(?:\.\d+)?) ?([A-Za-z]+)", text.strip(), re.ASCII)
    if not match or match.group(2) not in units:
        raise ValueError(problem)
    return float(match.group(1)) * units[match.group(2)]
