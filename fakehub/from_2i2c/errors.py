"""The error that ends a draft."""

from __future__ import annotations


class DraftError(Exception):
    """Why there is no draft: one line."""
