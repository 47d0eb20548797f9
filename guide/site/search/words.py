"""Text as searchable terms. ``book/_static/find-engine.js`` does the same with what a reader types."""

from __future__ import annotations

import re
import unicodedata

# Too common to tell pages apart.
STOP_WORDS = (
    "a an and are as at be but by can do does for from has have how i if in is it its me my no not of on or so "
    "than that the their then there they this to was we what when which who why will with you your"
)
STOP = frozenset(STOP_WORDS.split())
_WORD = re.compile(r"\w+")
_PIECE = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_VOWEL = re.compile(r"[aeiouy]")


def words(text: str) -> list[str]:
    """The words of ``text``, identifiers whole, in the case they are written in."""
    return _WORD.findall(unicodedata.normalize("NFKD", text))


def term(word: str) -> str:
    """What ``word`` is kept under: in lower case, and a plain English word without its ending."""
    low = word.lower()
    if not low.isascii() or not low.isalpha() or len(low) < 4:
        return low
    for ending, instead in (("ies", "y"), ("sses", "ss"), ("ing", ""), ("ed", ""), ("es", ""), ("s", ""), ("e", "")):
        stem = low.removesuffix(ending)
        if stem == low or len(stem) < 3 or not _VOWEL.search(stem) or low.endswith("ss"):
            continue
        if not instead and stem[-1] == stem[-2] and ending in {"ing", "ed"} and stem[-1] not in "ls":
            stem = stem[:-1]
        return stem + instead
    return low


def pieces(word: str) -> list[str]:
    """The words inside an identifier: of ``open_zarr``, of ``GroupNotFoundError``; none inside a plain word."""
    found = _PIECE.findall(word)
    return found if len(found) > 1 else []
