"""Recognize access tokens in what a page prints, also if it prints them in pieces."""

from __future__ import annotations

import os
import re
from pathlib import Path

from fakehub.control.client import Control

# A Google access token, which the stand-in's resemble.
_TOKEN = re.compile(r"ya29\.[\w.-]{20}")
# Text that has so many characters of a token in a row has it from the token.
_PIECE = 12
_BETWEEN = re.compile(r"\s|\\n")


def has_token(text: str) -> bool:
    """Return whether ``text``, an output or an error, has a token, or a piece of one that is valid in this session."""
    if _TOKEN.search(text):
        return True
    joined = _BETWEEN.sub("", text)
    if len(joined) < _PIECE:
        return False
    tokens = Control(Path(os.environ["FAKEHUB_SESSION"])).tokens()
    bodies = (token.rpartition(".")[2] for token in tokens)
    return any(body[start : start + _PIECE] in joined for body in bodies for start in range(len(body) - _PIECE + 1))
