"""Threads and executors for a process that has one thread: work runs inside the call that submits it."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any


def _submit(_executor: ThreadPoolExecutor, func: Callable[..., Any], /, *args: Any, **options: Any) -> Future[Any]:
    """Call ``func`` now and return its result as a future."""
    future: Future[Any] = Future()
    try:
        future.set_result(func(*args, **options))
    except (Exception, SystemExit) as error:  # not when the reader interrupts the cell
        future.set_exception(error)
    return future


def _start(thread: threading.Thread) -> None:
    """Run a thread's function to its end; skip that of a daemon, such as an event loop or a timer that never ends."""
    started = thread._started  # type: ignore[attr-defined]
    if started.is_set():
        raise RuntimeError("threads can only be started once")
    started.set()
    try:
        if not thread.daemon:
            thread.run()
    except (Exception, SystemExit):  # not when the reader interrupts the cell
        threading.excepthook(threading.ExceptHookArgs((*sys.exc_info(), thread)))
    finally:
        thread.join = lambda timeout=None: None  # type: ignore[method-assign]
        thread.is_alive = lambda: False  # type: ignore[method-assign]


def install() -> None:
    """Run what is given to threads and to ``ThreadPoolExecutor`` at once."""
    threading.Thread.start = _start  # type: ignore[assignment, method-assign]
    ThreadPoolExecutor.submit = _submit  # type: ignore[assignment, method-assign]
    ThreadPoolExecutor.shutdown = lambda *args, **options: None  # type: ignore[method-assign]
