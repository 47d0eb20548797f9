"""Runs of pages from outside: what ends one before its last block."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest
from guide.runner import Lane, Run, run_side_by_side

PAGE = "tests/broken/takes-too-long.md"
# Three pages run in copies of one process, one alone in a process of its own.
OTHERS = ["tests/broken/failing-shell.md", "tests/broken/failing-early-in-shell.md"]


def test_a_run_that_takes_too_long_is_ended(root, stack):
    ((_, record),) = run_side_by_side([Run(root / PAGE, ("--limit", "5"))], Lane(stack), 1)

    assert record["status"] == "failed"
    assert record["error"] == f"{PAGE}: its run did not end in time"


@pytest.mark.parametrize("pages", [[PAGE], [PAGE, *OTHERS]])
def test_told_to_end_it_leaves_nothing_running(root, stack, pages):
    env = os.environ | {"PYTHONPATH": str(root / "book/_ext")}
    command = [sys.executable, "-m", "guide", "page", *pages, "--stack", stack]
    with subprocess.Popen(command, cwd=root, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as guide:
        until(lambda: guide.poll() is not None or "sleep" in [process.name() for process in below(guide.pid)])
        running = below(guide.pid)
        guide.terminate()
        assert guide.wait() == 128 + signal.SIGTERM
    until(lambda: not any(process.is_running() for process in running))


def below(pid):
    """Processes that the process ``pid`` started, directly or not, and that have not ended since."""
    started = psutil.Process(pid).children(recursive=True)
    return [process for process in started if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]


def until(condition):
    """Wait until ``condition`` holds."""
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
