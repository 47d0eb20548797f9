"""The keys of chunks in the order of their names, which is not the order of their numbers: 10 comes before 9."""

from __future__ import annotations

from collections.abc import Iterator


def chunk_keys(ranges: list[tuple[int, int]], start: str = "") -> Iterator[str]:
    """Yield the keys ``I.J.K`` of all chunks, from ``start`` on; ``ranges`` has their numbers in each dimension."""
    (first, end), *rest = ranges
    wanted, _, wanted_rest = start.partition(".")
    for number in numbers_in_order(first, end, wanted):
        if rest:
            yield from (f"{number}.{key}" for key in chunk_keys(rest, wanted_rest if number == wanted else ""))
        elif number >= start:
            yield number


def numbers_in_order(first: int, end: int, start: str = "") -> Iterator[str]:
    """Yield the numbers from ``first`` to ``end``, exclusive, as text in the order of texts, from ``start`` on."""
    if first <= 0 < end and start <= "0":
        yield "0"
    for digit in range(1, 10):
        yield from _beginning_with(digit, first, end, start)


def _beginning_with(number: int, first: int, end: int, start: str) -> Iterator[str]:
    text = str(number)
    if number >= end or (text < start and not start.startswith(text)):
        return
    if number >= first and text >= start:
        yield text
    for longer in range(number * 10, number * 10 + 10):
        yield from _beginning_with(longer, first, end, start)
