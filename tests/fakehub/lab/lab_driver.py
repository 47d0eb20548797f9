"""Start ``fakehub lab`` as a reader does, read what it prints, and stop it."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
from waiting import until


@dataclass
class Lab:
    """A running lab: its address, its folder, the folder for temporary files, and its process.

    ``said`` is what it printed before its address.
    """

    said: str
    address: str
    folder: Path
    temporary: Path
    process: subprocess.Popen[str]

    def stop(self, number: int = signal.SIGINT) -> tuple[int, str]:
        """Send a signal as a terminal does, to the whole group; return the status and the rest of the output."""
        os.killpg(self.process.pid, number)
        output, _ = self.process.communicate(timeout=60)
        return self.process.returncode, output

    def processes(self) -> list[psutil.Process]:
        """Return all processes of the lab."""
        return [psutil.Process(self.process.pid), *psutil.Process(self.process.pid).children(recursive=True)]

    def has_left(self, processes: list[psutil.Process]) -> bool:
        """Return whether any of ``processes`` still runs, or a temporary file is left."""
        running = any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in processes)
        return running or any(self.temporary.iterdir())


@contextlib.contextmanager
def started(command: Sequence[str | Path], here: Path, env: Mapping[str, str]) -> Iterator[Lab]:
    """Run ``command``, with the folder ``here`` for everything, until the lab prints its address."""
    temporary = here / "tmp"
    temporary.mkdir(exist_ok=True)
    process = subprocess.Popen(
        list(map(str, command)),
        cwd=here,
        env={**env, "TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        said = ""
        while not (found := re.search(r"notebooks in (.*): (http:\S+)$", line := process.stdout.readline())):
            assert line, f"it printed no address, and ended with status {process.wait()}"
            said += line
        yield Lab(said, found[2], Path(found[1]), temporary, process)
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)


def assert_nothing_left(lab: Lab, processes: list[psutil.Process]) -> None:
    """Check that neither processes nor temporary files are left."""
    until(lambda: not lab.has_left(processes))
