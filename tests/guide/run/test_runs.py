"""Runs of pages that end before their last block."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

PAGE = "tests/broken/takes-too-long.md"
OTHERS = ["tests/broken/failing-shell.md", "tests/broken/failing-early-in-shell.md"]
# In names mode runs are forks of one process; with a proxy they are new processes.
MODES = ["auto", "proxy"]
# For a process without the threads of the tests.
RUN = """
import sys
from guide.run.runner import ROOT, RunProfile, Run, run_side_by_side
page, stack, mode = sys.argv[1:]
((_, record),) = run_side_by_side([Run(ROOT / page, ("--limit", "5"))], RunProfile(stack, mode=mode), 1)
print(record.status, record.error, sep="\\n")
"""


@pytest.mark.parametrize("mode", MODES)
def test_a_run_that_takes_too_long_times_out_and_leaves_no_process(root, stack, mode, tmp_path):
    mark = f"too-long-{mode}-{os.getpid()}"
    env = os.environ | {"MARK": mark, "TMPDIR": str(tmp_path)}
    command = [sys.executable, "-c", RUN, PAGE, stack, mode]
    done = subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, timeout=300)

    assert done.stdout.splitlines()[-2:] == ["failed", f"{PAGE}: the run timed out"]
    assert [process for process in psutil.process_iter() if marked(process, mark)] == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("pages", "mode"), [([PAGE], "auto"), ([PAGE], "proxy"), ([PAGE, *OTHERS], "auto")])
def test_a_terminated_command_leaves_no_process(root, stack, pages, mode):
    command = [sys.executable, "-m", "guide", "page", *pages, "--stack", stack, "--mode", mode]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as guide:
        wait_until(
            lambda: guide.poll() is not None or "sleep" in [process.name() for process in descendants(guide.pid)]
        )
        running = descendants(guide.pid)
        guide.terminate()
        assert guide.wait() == 128 + signal.SIGTERM
    wait_until(lambda: not any(process.is_running() for process in running))


def test_a_page_may_run_on_several_machines(guide, stack):
    ran = guide("page", "tests/guide/run/pages/several-machines.md", "--stack", stack)

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "several-machines.md: passed, 9 of 10 blocks in" in ran.stdout  # conda's commands are only parsed


def test_a_page_runs_with_the_name_of_its_reader(guide, stack):
    page = "tests/guide/run/pages/named-by-the-reader.md"
    own, examples = (guide("page", page, "--stack", stack, "--user", user) for user in ("someone-else", "funky-user"))

    assert own.returncode == 0, own.stdout + own.stderr
    assert ":8: bash block fails its hidden check test $GITHUB_USER = someone-else" in examples.stdout


def marked(process, mark):
    """Return whether ``process`` runs and was started, directly or not, with that mark."""
    try:
        return process.environ().get("MARK") == mark and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def sleeps(processes):
    """Return whether one of ``processes`` is the page's ``sleep``."""
    return "sleep" in [process.name() for process in processes]


def descendants(pid):
    """Return the running processes that the process ``pid`` has started, directly or not."""
    started = psutil.Process(pid).children(recursive=True)
    return [process for process in started if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]


def wait_until(condition):
    """Wait until ``condition`` holds."""
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
