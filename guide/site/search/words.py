"""Split text into searchable terms.

``book/_static/find-engine.js`` does the same with what a reader types, with the words and endings below: the index has
them. A test compares the terms.
"""

from __future__ import annotations

import re
import unicodedata

# Words too common to distinguish pages, and the parts of "don't".
STOP_WORDS = (
    "a already an and anyone are aren as at be but by can could did didn do does doesn don for from got has have how "
    "i if im in is isn it its just me my need no not of on or please really s should so some somebody something "
    "somewhere stuff t than that the their then there they this to want was wasn we what when which who why will with "
    "won would you your"
)
STOP = frozenset(STOP_WORDS.split())
# The endings of plain English words, each with what replaces it; the first that fits counts.
ENDINGS = (("ies", "y"), ("sses", "ss"), ("ing", ""), ("ed", ""), ("es", ""), ("s", ""), ("e", ""))
# With the accents that NFKD separates from their letters: those of the Unicode blocks of combining diacritical marks.
_WORD = re.compile(r"[\w\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+")
_PIECE = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_VOWEL = re.compile(r"[aeiouy]")


def words(text: str) -> list[str]:
    """Return the words of ``text`` as they are written; an identifier is one word."""
    return _WORD.findall(unicodedata.normalize("NFKD", text))


def term(word: str) -> str:
    """Return the term of a word: in lower case, and without its ending if it is a plain English word."""
    low = word.lower()
    if not low.isascii() or not low.isalpha() or len(low) < 4:
        return low
    for ending, instead in ENDINGS:
        stem = low.removesuffix(ending)
        if stem == low or len(stem) < 3 or not _VOWEL.search(stem) or low.endswith("ss"):
            continue
        if not instead and stem[-1] == stem[-2] and ending in {"ing", "ed"} and stem[-1] not in "ls":
            stem = stem[:-1]
        return stem + instead
    return low


def pieces(word: str) -> list[str]:
    """Return the words inside an identifier such as ``open_zarr`` or ``GroupNotFoundError``; none for a plain word."""
    parts = _PIECE.findall(word)
    return parts if len(parts) > 1 else []
