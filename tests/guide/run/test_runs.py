"""Runs of pages from outside: what ends one before its last block."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

PAGE = "tests/broken/takes-too-long.md"
OTHERS = ["tests/broken/failing-shell.md", "tests/broken/failing-early-in-shell.md"]
# Runs are copies of this process, where the stand-in's names need no proxy, and new processes elsewhere.
MODES = ["auto", "proxy"]
# In a process without the threads of the tests' own.
RUN = """
import sys
from guide.run.runner import ROOT, RunProfile, Run, run_side_by_side
page, stack, mode = sys.argv[1:]
((_, record),) = run_side_by_side([Run(ROOT / page, ("--limit", "5"))], RunProfile(stack, mode=mode), 1)
print(record.status, record.error, sep="\\n")
"""


@pytest.mark.parametrize("mode", MODES)
def test_a_run_that_takes_too_long_is_ended_and_leaves_nothing(root, stack, mode, tmp_path):
    mark = f"too-long-{mode}-{os.getpid()}"
    env = os.environ | {"MARK": mark, "TMPDIR": str(tmp_path)}
    command = [sys.executable, "-c", RUN, PAGE, stack, mode]
    done = subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, timeout=300)

    assert done.stdout.splitlines()[-2:] == ["failed", f"{PAGE}: the run timed out"]
    assert [process for process in psutil.process_iter() if marked(process, mark)] == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("pages", "mode"), [([PAGE], "auto"), ([PAGE], "proxy"), ([PAGE, *OTHERS], "auto")])
def test_told_to_end_it_leaves_nothing_running(root, stack, pages, mode):
    command = [sys.executable, "-m", "guide", "page", *pages, "--stack", stack, "--mode", mode]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as guide:
        until(lambda: guide.poll() is not None or "sleep" in [process.name() for process in below(guide.pid)])
        running = below(guide.pid)
        guide.terminate()
        assert guide.wait() == 128 + signal.SIGTERM
    until(lambda: not any(process.is_running() for process in running))


def marked(process, mark):
    """Whether a process runs that was started with that mark, by whomever."""
    try:
        return process.environ().get("MARK") == mark and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


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
