"""Waits for what a server does after its client has the answer."""

from __future__ import annotations

import time
from typing import Any

from fakehub.control.client import Control

LONGEST_S = 30


def logged(control: Control, count: int, mark: str) -> list[dict[str, Any]]:
    """The log's rows of ``count`` requests with ``mark`` in their path: a row is written behind its answer."""
    deadline = time.monotonic() + LONGEST_S
    while len(rows := [row for row in control.log() if mark in row["path"]]) < count:
        assert time.monotonic() < deadline, rows
        time.sleep(0.01)
    return rows


def fault_logged(control: Control, effect: str) -> dict[str, Any]:
    """The row of the latest request, once it is one that a fault of this effect struck."""
    deadline = time.monotonic() + LONGEST_S
    while (row := control.log()[-1]).get("fault") != effect:
        assert time.monotonic() < deadline, row
        time.sleep(0.01)
    return row
