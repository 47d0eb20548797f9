"""Compare the description of a picture, which readers hear who do not see it, with what the picture shows.

Numbers and directions can be compared. Whether a description names what matters cannot, nor where on a map it is warm.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

# A description shorter than this says nothing that its caption does not.
_LEAST = 20
# How far a number of prose may be from the drawn one, as a share of it: "about 30".
_TOLERANCE = 0.1
_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:,\d{3})*(?:\.\d+)?(?!\w)")
_PERCENT = re.compile(r"\s*(?:%|percent)")
_FALLS, _RISES = (
    re.compile(r"\b(?<!to )(?:falls?|decreases?|shrinks?)\b"),
    re.compile(r"\b(?:rises?|increases?|grows?)\b"),
)


def description_problem(description: str, code: str, figures: Iterable[Mapping[str, Any]]) -> str:
    """Return what is wrong with the ``description`` of the ``figures`` that ``code`` draws, or an empty text.

    A figure has ``values`` and ``ranges`` of its data, the ``ends`` of its curves, and its ``texts`` (see
    ``kernel_pictures``).
    """
    drawn = list(figures)
    if len(description) < _LEAST:
        return "draws a picture without a description: say in mystnb, image, alt what it shows"
    for found in _NUMBER.finditer(description):
        number, shares = found[0], (1, 100) if _PERCENT.match(description, found.end()) else (1,)
        if not (_has(code, number) or any(_shows(figure, number, share) for figure in drawn for share in shares)):
            return f"describes its picture with {number}, which the picture does not show"
    ends = [tuple(pair) for figure in drawn for pair in figure["ends"]]
    falls, rises = _FALLS.search(description), _RISES.search(description)
    if ends and falls and not rises and not any(last < first for first, last in ends):
        return f"describes its picture with {falls[0]!r}, but no curve ends lower than it begins"
    if ends and rises and not falls and not any(last > first for first, last in ends):
        return f"describes its picture with {rises[0]!r}, but no curve ends higher than it begins"
    return ""


def _shows(figure: Mapping[str, Any], text: str, share: int) -> bool:
    """Return whether a number is written in a figure, is one of its values, or is within the range of a map.

    The figure may show the number divided by ``share``, as percentages from 0 to 1.
    """
    number = float(text.replace(",", "")) / share
    if any(_has(written, text) for written in figure["texts"]):
        return True
    near = (abs(number - value) <= max(abs(value) * _TOLERANCE, 0.5 / share) for value in figure["values"])
    return any(near) or any(low <= number <= high for low, high in figure["ranges"])


def _has(text: str, number: str) -> bool:
    """Return whether ``text`` has the number; a date may have a zero before it."""
    return re.search(rf"(?<![\d.])0?{re.escape(number)}(?!\.?\d)", text) is not None
