"""The error that ends a draft."""

from __future__ import annotations


class DraftError(Exception):
    """The reason why no draft can be made, in one line."""
