"""Wait for the effects that a server has after it has sent an answer."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from fakehub.control.client import Control

LONGEST_S = 60


def until(condition: Callable[[], object]) -> None:
    """Wait until ``condition`` is true."""
    deadline = time.monotonic() + LONGEST_S
    while not condition():
        assert time.monotonic() < deadline, f"it did not happen within {LONGEST_S} s"
        time.sleep(0.05)


def logged(control: Control, count: int, mark: str) -> list[dict[str, Any]]:
    """Wait for and return the log rows of ``count`` requests with ``mark`` in their path.

    The server writes a row after it has sent the answer.
    """
    deadline = time.monotonic() + LONGEST_S
    while len(rows := [row for row in control.log() if mark in row["path"]]) < count:
        assert time.monotonic() < deadline, rows
        time.sleep(0.01)
    return rows


def fault_logged(control: Control, effect: str) -> dict[str, Any]:
    """Wait until the latest request is one that a fault with this effect hit; return its row."""
    deadline = time.monotonic() + LONGEST_S
    while (row := control.log()[-1]).get("fault") != effect:
        assert time.monotonic() < deadline, row
        time.sleep(0.01)
    return row
