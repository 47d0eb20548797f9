"""Use all cores for what is done with each page."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import TypeVar

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")
# From this number of items on, copies of this process save time.
_MANY = 8


def on_all_cores(function: Callable[[_Item], _Result], items: Sequence[_Item]) -> list[_Result]:
    """Return the results of ``function`` for ``items``, computed in copies of this process if there are many."""
    if len(items) < _MANY or "fork" not in multiprocessing.get_all_start_methods():
        return [function(item) for item in items]
    with ProcessPoolExecutor(os.cpu_count(), multiprocessing.get_context("fork")) as pool:
        # Few at a time, so that both have work until the end.
        return list(pool.map(function, items, chunksize=max(1, len(items) // 32)))
