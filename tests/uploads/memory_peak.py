"""Run the script and write the peak memory of an upload to a file: ``OUT SCRIPT ARGUMENT...``.

A dry run comes first, so that memory which Python and the libraries take once is not counted.
"""

from __future__ import annotations

import contextlib
import gc
import re
import runpy
import sys
from pathlib import Path


def status(name: str) -> int:
    """Return a figure of this process's status in bytes."""
    return 1024 * int(re.search(rf"{name}:\s+(\d+) kB", Path("/proc/self/status").read_text())[1])


out, *sys.argv = sys.argv[1:]
sys.argv.append("--dry-run")
with contextlib.suppress(SystemExit):
    runpy.run_path(sys.argv[0], run_name="__main__")
sys.argv.pop()
gc.collect()
Path("/proc/self/clear_refs").write_text("5")  # resets the peak
before = status("VmRSS")
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
finally:
    Path(out).write_text(str(status("VmHWM") - before))
