"""Terminate everything that a session started, including processes that have lost their parent."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import psutil

# How long processes have to exit before they are killed, in seconds.
GRACE_S = 3
# How often to look for processes that were started while others were terminated.
_ROUNDS = 5
_PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans() -> None:
    """Become the parent of descendants that lose theirs. Does nothing on other systems than Linux."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def with_variables(variables: Mapping[str, str]) -> list[psutil.Process]:
    """Return the processes whose environment has all ``variables``, except this one."""
    processes = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.pid != os.getpid() and variables.items() <= process.environ().items():
                processes.append(process)
    return processes


def of_session(workdir: str) -> list[psutil.Process]:
    """Return the processes whose environment names the session of ``workdir``, except this one."""
    return with_variables({"FAKEHUB_SESSION": workdir})


def end(processes: list[psutil.Process]) -> None:
    """Terminate processes, and kill those that still run after ``GRACE_S`` seconds."""
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.terminate()
    for process in psutil.wait_procs(processes, timeout=GRACE_S)[1]:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


def end_session(workdir: str, others: Iterable[psutil.Process] = ()) -> None:
    """Terminate all processes in the session of ``workdir``, and ``others``."""
    ending = list({*others, *of_session(workdir)})
    for _ in range(_ROUNDS):
        if not ending:
            return
        end(ending)
        ending = of_session(workdir)


def last_line(log: Path) -> str:
    """Return the last line that a process wrote to its log, for the error message when it did not start."""
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else "it printed nothing"
