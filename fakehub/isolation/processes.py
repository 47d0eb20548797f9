"""Ends what a run started, also what has no parent left to end it."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
from collections.abc import Iterable

import psutil

# What a process is given to end by itself, in seconds, before it is killed.
GRACE_S = 3
# How often a session is looked through for what was started while the rest of it ended.
_ROUNDS = 5
_PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans() -> None:
    """Be the parent of whatever is started below this process and loses its own: on Linux, which has a call for it."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def of_session(workdir: str) -> list[psutil.Process]:
    """Processes whose environment says that they run in the session of ``workdir``, without this one."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.pid != os.getpid() and process.environ().get("FAKEHUB_SESSION") == workdir:
                found.append(process)
    return found


def end(processes: list[psutil.Process]) -> None:
    """Ask the processes to end, and kill those that have not after ``GRACE_S`` seconds."""
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.terminate()
    for process in psutil.wait_procs(processes, timeout=GRACE_S)[1]:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


def end_session(workdir: str, others: Iterable[psutil.Process] = ()) -> None:
    """End everything that runs in the session of ``workdir``, and ``others``."""
    ending = list({*others, *of_session(workdir)})
    for _ in range(_ROUNDS):
        if not ending:
            return
        end(ending)
        ending = of_session(workdir)
