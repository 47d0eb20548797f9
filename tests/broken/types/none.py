"""A value that can be missing, used as if it were there."""

import re


def first_word(text: str) -> str:
    """Return the first word of a text."""
    return re.match(r"\w+", text).group()
