"""A copy of a process, from outside: what it is told while it makes one."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).resolve().parents[3]
# The signal comes while Python forks, in one of the hooks that libraries have there.
TOLD = """
import os, signal, sys, time
from fakehub.isolation.fork import Fork

os.register_at_fork(after_in_parent=lambda: os.kill(os.getpid(), {number}))
signal.signal({number}, lambda number, _: sys.exit(128 + number))
Fork(lambda: time.sleep(1234.5) or 0)
time.sleep(1234.5)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_while_a_copy_is_made_is_not_lost_and_no_copy_is_left(number):
    marked = {"MARK": f"test-of-forks-{os.getpid()}-{number}"}
    command = [sys.executable, "-c", TOLD.format(number=int(number))]

    ran = subprocess.run(command, cwd=ROOT, env=os.environ | marked, capture_output=True, text=True, timeout=60)

    assert (ran.returncode, ran.stderr) == (128 + number, "")
    assert with_variables(marked) == []


def with_variables(variables: dict[str, str]) -> list[psutil.Process]:
    """Processes that run and have these ``variables``."""
    found = []
    for process in psutil.process_iter():
        try:
            if variables.items() <= process.environ().items() and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue
    return found
