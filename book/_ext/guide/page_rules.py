"""Rules for the text of pages and notebooks that need no run."""

from __future__ import annotations

import re

# What would tell a reader, or a snippet, that it does not run on the hub.
_STAND_IN = re.compile(
    r"fakehub|emulator|localhost|127\.0\.0\.1|\[::1\]|stand-?in\b|pytest|GCE_METADATA|STORAGE_EMULATOR|trustme|tests/",
    re.IGNORECASE,
)
# The one page that speaks of how the guide is proven, in prose.
SPEAKS_OF_IT = "book/reference/what-was-tested.md"


def stand_in_words(text: str) -> list[tuple[int, str]]:
    """Lines of ``text`` (from 1) that name the stand-in, one of its endpoints or a test, with the word."""
    lines = enumerate(text.splitlines(), start=1)
    return [(number, found.group()) for number, line in lines for found in _STAND_IN.finditer(line)]
