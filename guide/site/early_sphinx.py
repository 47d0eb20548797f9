"""Start ``sphinx_process`` early: its imports take as long as those of the process that runs the pages."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from guide.paths import BUILD, ROOT
from guide.run.profile import QUIET, RunProfile
from guide.site.options import SiteOptions
from guide.terminal_progress import ProgressLine

# The line for which a build waits that was started early (see ``early_start``).
BEGIN = "begin\n"


class SphinxProcess:
    """Jupyter Book in another process, which starts while pages run. A named folder ``out`` is built from nothing.

    As a context manager, it ends the process.
    """

    def __init__(self, out: Path | None, profile: RunProfile, builder: str = "html", pdf: bool = False) -> None:
        self._out, self._builder = out, builder
        self._options = SiteOptions(profile=profile.name, pdf=pdf, wait=True)
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> SphinxProcess:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process:
            self._process.kill()  # it has finished, or is not needed
            self._process.communicate()

    def start(self) -> None:
        """Start the process, unless it runs already. It waits until ``finish``."""
        self._process = self._process or self._started()

    def _started(self) -> subprocess.Popen[str]:
        if self._out is not None:
            shutil.rmtree(self._out, ignore_errors=True)
        command = [sys.executable, "-m", "guide.site.sphinx_process", self._builder, str(self._out or BUILD)]
        return subprocess.Popen(
            [*command, *self._options.arguments()],
            cwd=ROOT,
            # Pydantic would search all installed packages for plugins, and there are none.
            env=os.environ | {"PYTHONWARNINGS": QUIET, "PYDANTIC_DISABLE_PLUGINS": "__all__"},
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def finish(self, meanwhile: Callable[[], object] = lambda: None) -> int:
        """Make the HTML, with warnings as errors, and do something ``meanwhile``; return the exit status."""
        process = self._process = self._process or self._started()
        line = ProgressLine(lambda: f"pages ran; making {self._builder} of them, {line.seconds():.0f} s")
        with line.ticking():
            with contextlib.suppress(BrokenPipeError):  # a build that has failed already does not read it
                print(BEGIN, end="", file=process.stdin, flush=True)
            meanwhile()
            output, _ = process.communicate()
        if process.returncode:
            print("\n".join(error_lines(output)), file=sys.stderr)
        return process.returncode


def error_lines(output: str) -> list[str]:
    """Return the lines of Sphinx's ``output`` that explain why the site was not built."""
    from guide.run.shell import without_colors  # imported here, as a build that succeeds starts sooner without it

    lines = [without_colors(line) for line in output.splitlines()]
    return [line for line in lines if re.search(r"WARNING|ERROR|Error: |exception: |\bbroken\b", line)] or lines[-20:]
