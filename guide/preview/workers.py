"""Warm processes of the preview: one has imported what pages import, the other what makes HTML of them.

``python -m guide.preview.workers RUNS|SITE STACK USER MODE JOBS LINE`` reads a line of JSON from the socket that is
file descriptor ``LINE``, does its work in copies of itself, and answers with another; when the line is closed it ends.
Each gets ready for the next request when it has answered.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import socket
import sys
import tempfile
import traceback
from typing import Any

from fakehub.isolation.fork import PipedFork
from guide.pages.blocks import BlockError
from guide.paths import BUILD
from guide.run import preimport
from guide.run.profile import RunProfile
from guide.site.build import BEGIN, error_lines, remove_stamp, run_book
from guide.site.options import SiteOptions
from hubfacts.load import FactsError


def main(arguments: list[str]) -> int:
    """Answer until the line is closed."""
    kind, stack, user, mode, jobs, descriptor = arguments
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # end what runs as well
    profile = RunProfile(stack, user, mode)
    line = socket.socket(fileno=int(descriptor))
    worker = _Runs(profile, int(jobs)) if kind == "RUNS" else _Site(profile)
    with line.makefile("rw", encoding="utf-8") as both:
        try:
            for request in iter(both.readline, ""):
                both.write(json.dumps(worker.do(json.loads(request))) + "\n")
                both.flush()
                worker.get_ready()
        except (KeyboardInterrupt, BrokenPipeError):
            return 130
        finally:
            worker.end()
    return 0


class _Worker:
    """Does what is asked; between two requests it may get ready, and at last end, what it needs for that."""

    def do(self, request: dict[str, Any]) -> dict[str, Any]:
        """The answer to a request."""
        raise NotImplementedError

    def get_ready(self) -> None:
        """Prepare for the next."""

    def end(self) -> None:
        """Give up what was prepared."""


class _Runs(_Worker):
    """Runs the pages that changed, and writes the report. Answers with failures, and whether the site is to be made."""

    def __init__(self, profile: RunProfile, jobs: int) -> None:
        self._profile, self._jobs = profile, jobs
        if preimport.can_fork_pages(profile.mode):
            preimport.import_libraries()

    def do(self, _request: dict[str, Any]) -> dict[str, Any]:
        """Run them."""
        try:
            ran = run_book(self._profile, self._jobs)
        except (BlockError, FactsError) as error:  # in _toc.yml or hub.yml
            return {"failed": [str(error)]}
        return {"failed": ran.failures, "needed": ran.needs_build}


class _Site(_Worker):
    """Makes HTML of the pages, in a copy of this process that has begun a build and waits (see ``early_start``)."""

    def __init__(self, profile: RunProfile) -> None:
        from guide.site import sphinx_process  # not for pages

        self._options = SiteOptions(profile=profile.name, wait=True, preview=True)
        self._sphinx_process = sphinx_process
        sphinx_process.import_all()
        self.get_ready()

    def end(self) -> None:
        """End the build that waits."""
        self._waiting.kill()
        self._waiting.wait()

    def get_ready(self) -> None:
        """Begin the next build."""
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - closed when the build has ended
        self._waiting = PipedFork(self._make, self._said)

    def do(self, request: dict[str, Any]) -> dict[str, Any]:
        """Make it; ``anew`` where something changed that a waiting build has read. Answers with failures."""
        if request["anew"]:
            self.end()
            self.get_ready()
        remove_stamp()
        with self._said, self._waiting.stdin, self._waiting.stdout, contextlib.suppress(BrokenPipeError):
            self._waiting.stdin.write(BEGIN.encode())
            self._waiting.stdin.close()
            status = self._waiting.wait()
            self._said.seek(0)
            text = self._said.read().decode(errors="replace")
        return {"failed": error_lines(text) if status else []}

    def _make(self) -> int:
        os.dup2(2, 1)
        sys.stdout = sys.stderr = io.TextIOWrapper(os.fdopen(os.dup(1), "wb"), line_buffering=True)
        try:
            return self._sphinx_process.build("html", BUILD, self._options)
        except Exception:
            traceback.print_exc()
            return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
