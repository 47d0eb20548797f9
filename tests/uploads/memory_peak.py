"""Runs the script and writes how much memory an upload takes at most: ``OUT SCRIPT ARGUMENT...``.

A dry run comes first: what it leaves behind is what Python and the libraries take.
"""

from __future__ import annotations

import contextlib
import gc
import re
import runpy
import sys
from pathlib import Path


def status(name: str) -> int:
    """A figure of this process, in bytes."""
    return 1024 * int(re.search(rf"{name}:\s+(\d+) kB", Path("/proc/self/status").read_text())[1])


out, *sys.argv = sys.argv[1:]
sys.argv.append("--dry-run")
with contextlib.suppress(SystemExit):
    runpy.run_path(sys.argv[0], run_name="__main__")
sys.argv.pop()
gc.collect()
Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
before = status("VmRSS")
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
finally:
    Path(out).write_text(str(status("VmHWM") - before))
