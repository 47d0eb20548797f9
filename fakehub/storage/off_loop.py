"""Run work in a thread, so that a large object does not make other clients wait.

A browser has no threads, and calls the services without a running event loop; there, the work is done at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Generator
from typing import Generic, ParamSpec, TypeVar

_P = ParamSpec("_P")
_T = TypeVar("_T")


class _Done(Generic[_T]):
    """The result of work that has ended already; waiting for it takes no step of an event loop."""

    def __init__(self, result: _T) -> None:
        self._result = result

    def __await__(self) -> Generator[None, None, _T]:
        return self._result
        yield  # makes this function a generator


def in_thread(work: Callable[_P, _T], *args: _P.args, **options: _P.kwargs) -> Awaitable[_T]:
    """Start ``work`` and return an awaitable of its result; without an event loop, do it first."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return _Done(work(*args, **options))
    return loop.run_in_executor(None, lambda: work(*args, **options))
