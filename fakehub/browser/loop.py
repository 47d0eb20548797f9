"""An event loop that needs no thread: it runs as soon as somebody gives it work, until that work is done.

zarr and fsspec start a loop in a background thread and wait for the result of each coroutine. Without threads, the loop
runs inside the call that submits a coroutine, so the result is ready when the caller begins to wait.
"""

from __future__ import annotations

import asyncio
import contextvars
import time
from asyncio import events, tasks
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any


class InlineLoop(asyncio.BaseEventLoop):
    """A loop without sockets and signals. Timers wait in real time."""

    def __init__(self) -> None:
        super().__init__()
        self._unfinished: set[asyncio.Future[Any]] = set()

    def create_task(self, coro: Coroutine[Any, Any, Any], **options: Any) -> asyncio.Task[Any]:  # type: ignore[override]
        """Create a task, which ``call_soon_threadsafe`` runs to its end."""
        task = super().create_task(coro, **options)
        self._unfinished.add(task)
        task.add_done_callback(self._unfinished.discard)
        return task

    def call_soon_threadsafe(  # type: ignore[override]
        self, callback: Callable[..., Any], *args: Any, context: contextvars.Context | None = None
    ) -> asyncio.Handle:
        """Call ``callback`` and run all tasks to their end, unless the loop is running already."""
        handle = self.call_soon(callback, *args, context=context)
        if not self.is_running():
            self._run_all()
        return handle

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:  # type: ignore[override]
        """Call ``func`` now and return its result as a future."""
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:
            future.set_exception(error)
        return future

    def _run_all(self) -> None:
        with _current(self):
            while self._ready or (self._unfinished and self._scheduled):  # type: ignore[attr-defined]
                self._run_once()  # type: ignore[attr-defined]

    def _process_events(self, event_list: list[Any]) -> None:
        """Do nothing: a browser has no sockets."""

    @property
    def _selector(self) -> InlineLoop:
        return self

    def select(self, timeout: float | None) -> list[Any]:
        """Wait until the next timer is due, as the selector of other loops does."""
        if timeout:
            time.sleep(timeout)
        return []


@contextmanager
def _current(loop: InlineLoop) -> Iterator[None]:
    """Make ``loop`` the running one, and set the loop and the task aside that run outside it."""
    outer = events._get_running_loop()
    # Python 3.14 keeps one current task for each thread, earlier versions one for each loop.
    swap = getattr(tasks, "_swap_current_task", None)
    task = swap(outer, None) if swap and outer is not None else None
    loop._thread_id = 1  # type: ignore[attr-defined]  # what is_running() looks at
    events._set_running_loop(loop)
    try:
        yield
    finally:
        loop._thread_id = None  # type: ignore[attr-defined]
        events._set_running_loop(outer)
        if swap and outer is not None:
            swap(outer, task)


def install() -> None:
    """Make ``asyncio.new_event_loop`` return an ``InlineLoop``."""
    asyncio.new_event_loop = events.new_event_loop = InlineLoop
