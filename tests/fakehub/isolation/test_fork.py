"""Forks seen from outside: signals during a fork, and the exit status of the child."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from fakehub.isolation.fork import UNKNOWN_STATUS

ROOT = Path(__file__).resolve().parents[3]
# The signal arrives during the fork, in one of the hooks that libraries register.
SIGNALLED = """
import os, signal, sys, time
from fakehub.isolation.fork import Fork

os.register_at_fork(after_in_parent=lambda: os.kill(os.getpid(), {number}))
signal.signal({number}, lambda number, _: sys.exit(128 + number))
Fork(lambda: time.sleep(1234.5) or 0)
time.sleep(1234.5)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_during_a_fork_is_not_lost_and_no_child_is_left(number):
    marked = {"MARK": f"test-of-forks-{os.getpid()}-{number}"}
    command = [sys.executable, "-c", SIGNALLED.format(number=int(number))]

    ran = subprocess.run(command, cwd=ROOT, env=os.environ | marked, capture_output=True, text=True, timeout=60)

    assert (ran.returncode, ran.stderr) == (128 + number, "")
    assert with_variables(marked) == []


REAPED_BY = {
    "another waitpid": "os.waitpid(fork.pid, 0)",
    "psutil": "psutil.wait_procs([psutil.Process(fork.pid)])",
}


@pytest.mark.parametrize("reap", REAPED_BY.values(), ids=REAPED_BY)
def test_a_child_that_something_else_reaped_does_not_count_as_a_success(reap):
    script = f"import os, psutil; from fakehub.isolation.fork import Fork; fork = Fork(lambda: 0); {reap}"
    command = [sys.executable, "-c", f"{script}; print(fork.poll(), fork.wait())"]

    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)

    assert ran.stdout == f"{UNKNOWN_STATUS} {UNKNOWN_STATUS}\n", ran.stderr
    assert UNKNOWN_STATUS > 0


def test_the_status_is_kept_when_a_signal_handler_asks_first():
    # The handler polls the child while wait is in progress, which collects the status before wait can.
    script = """
import os, signal, time
from fakehub.isolation.fork import Fork

fork = Fork(lambda: time.sleep(0.5) or 7)
signal.signal(signal.SIGUSR1, lambda *_: (time.sleep(1), fork.poll()))
os.system(f"(sleep 0.1; kill -USR1 {os.getpid()}) &")
print(fork.wait())
"""
    ran = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60)

    assert ran.stdout == "7\n", ran.stderr


def with_variables(variables: dict[str, str]) -> list[psutil.Process]:
    """Return the running processes with these environment ``variables``."""
    matches = []
    for process in psutil.process_iter():
        try:
            if variables.items() <= process.environ().items() and process.status() != psutil.STATUS_ZOMBIE:
                matches.append(process)
        except psutil.Error:
            continue
    return matches
