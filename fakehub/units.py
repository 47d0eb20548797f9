"""Durations, sizes and rates as people write them: ``8d``, ``50ms``, ``64KB``, ``10MB/s``, ``20Mbit/s``."""

from __future__ import annotations

import re

_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
_BYTES = {"B": 1, "KB": 1000, "MB": 1000**2, "GB": 1000**3}
_BITS = {"kbit": 125, "Mbit": 125 * 1000, "Gbit": 125 * 1000**2}


def duration(text: str) -> float:
    """``text`` in seconds; raises ``ValueError`` for what is not a number with ms, s, m, h or d."""
    return _parse(text, _SECONDS, f"{text!r} is not a duration: a number and ms, s, m, h or d, as in 8d or 50ms")


def size(text: str) -> int:
    """``text`` in bytes; raises ``ValueError`` for what is not a number with B, KB, MB or GB (1000 bytes each)."""
    return int(_parse(text, _BYTES, f"{text!r} is not a size: a number and B, KB, MB or GB, as in 64KB"))


def rate(text: str) -> float:
    """``text`` in bytes a second; raises ``ValueError`` for what is not a size or kbit, Mbit or Gbit and ``/s``."""
    problem = f"{text!r} is not a rate: a number above 0 and B/s, KB/s, MB/s or GB/s, as in 10MB/s, or Mbit/s"
    if not text.endswith("/s"):
        raise ValueError(problem)
    value = _parse(text.removesuffix("/s"), _BYTES | _BITS, problem)
    if value <= 0:
        raise ValueError(problem)
    return value


def _parse(text: str, units: dict[str, float], problem: str) -> float:
    found = re.fullmatch(r"(\d{1,12}(?:\.\d+)?) ?([A-Za-z]+)", text.strip(), re.ASCII)
    if not found or found.group(2) not in units:
        raise ValueError(problem)
    return float(found.group(1)) * units[found.group(2)]
