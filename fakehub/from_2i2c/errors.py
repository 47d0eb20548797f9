"""The errors that end a draft."""

from __future__ import annotations

# What values of another shape than 2i2c's raise.
UNKNOWN_SHAPE = (AttributeError, KeyError, IndexError, TypeError, ValueError, RecursionError, SyntaxError)


class DraftError(Exception):
    """The reason why no draft can be made, in one line."""
