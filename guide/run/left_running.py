"""Find the processes that a page did not end: on the hub, they would use the reader's memory until the server stops."""

from __future__ import annotations

import contextlib

import psutil

from fakehub.isolation.processes import end

# How long the children of a kernel have to end after it, in seconds.
_GRACE_S = 5


def children() -> list[psutil.Process]:
    """Return the processes that this one has started, directly or not, without those that have ended."""
    return [process for process in psutil.Process().children(recursive=True) if _runs(process)]


def end_left(before: list[psutil.Process]) -> list[str]:
    """End processes that run now, and did not ``before``; return the commands of those that do not end unasked."""
    started = [process for process in children() if process not in before]
    left = psutil.wait_procs(started, timeout=_GRACE_S)[1]
    commands = [" ".join(words) for process in left if (words := _words(process))]
    end(left)
    return commands


def _runs(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    return False


def _words(process: psutil.Process) -> list[str]:
    with contextlib.suppress(psutil.Error):
        return process.cmdline()
    return []
