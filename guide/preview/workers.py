"""Warm processes of the preview: one has imported what pages import, the other what builds HTML from them.

``python -m guide.preview.workers RUNS|SITE STACK USER MODE JOBS FD`` reads requests (see ``messages``) from the socket
with the file descriptor ``FD``, does the work in forks of itself, and answers each. It prepares for the next request
after each answer, and ends when the socket is closed.
"""

from __future__ import annotations

import contextlib
import io
import os
import signal
import socket
import sys
import tempfile
import traceback

from fakehub.isolation.fork import PipedFork
from guide.pages.blocks import BlockError
from guide.paths import BUILD
from guide.preview.messages import WorkAnswer, WorkRequest
from guide.run import preimport
from guide.run.profile import RunProfile
from guide.site.build import remove_stamp, run_book
from guide.site.early_sphinx import BEGIN, error_lines
from guide.site.options import SiteOptions
from hubfacts.load import FactsError


def main(arguments: list[str]) -> int:
    """Answer requests until the socket is closed."""
    kind, stack, user, mode, jobs, descriptor = arguments
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that cleanup also ends what is running
    profile = RunProfile(stack, user, mode)
    line = socket.socket(fileno=int(descriptor))
    worker = _Runs(profile, int(jobs)) if kind == "RUNS" else _Site(profile)
    with line.makefile("rw", encoding="utf-8") as both:
        try:
            for request in iter(both.readline, ""):
                both.write(worker.do(WorkRequest.from_line(request)).to_line())
                both.flush()
                worker.prepare()
        except (KeyboardInterrupt, BrokenPipeError):
            return 130
        finally:
            worker.end()
    return 0


class _Worker:
    """A worker that answers requests, and may prepare for the next one in advance."""

    def do(self, request: WorkRequest) -> WorkAnswer:
        """Do what is requested and return the answer."""
        raise NotImplementedError

    def prepare(self) -> None:
        """Prepare for the next request."""

    def end(self) -> None:
        """Discard what was prepared."""


class _Runs(_Worker):
    """The worker that runs the pages that have changed, and writes the report."""

    def __init__(self, profile: RunProfile, jobs: int) -> None:
        self._profile, self._jobs = profile, jobs
        if preimport.can_fork_pages(profile.mode):
            preimport.import_libraries()

    def do(self, request: WorkRequest) -> WorkAnswer:
        """Run the pages."""
        try:
            ran = run_book(self._profile, self._jobs)
        except (BlockError, FactsError) as error:  # in _toc.yml or hub.yml
            return WorkAnswer([str(error)])
        return WorkAnswer(ran.failures, ran.needs_build)


class _StartedBuild:
    """A build in a fork of this process that has started and waits for the pages (see ``early_start``)."""

    def __init__(self, options: SiteOptions) -> None:
        self._options = options
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 - closed when the build has ended
        self._fork = PipedFork(self._build, self._output)

    def _build(self) -> int:
        os.dup2(2, 1)
        sys.stdout = sys.stderr = io.TextIOWrapper(os.fdopen(os.dup(1), "wb"), line_buffering=True)
        from guide.site import sphinx_process  # not in the worker that runs pages

        try:
            return sphinx_process.build("html", BUILD, self._options)
        except Exception:
            traceback.print_exc()
            return 1

    def finish(self) -> list[str]:
        """Wait for the build to end; return its errors as printable lines."""
        with self._output, self._fork.stdin, self._fork.stdout:
            with contextlib.suppress(BrokenPipeError):  # a build that has failed already does not read it
                self._fork.stdin.write(BEGIN.encode())
                self._fork.stdin.close()
            status = self._fork.wait()
            self._output.seek(0)
            text = self._output.read().decode(errors="replace")
        return error_lines(text) if status else []

    def cancel(self) -> None:
        """End the build."""
        self._fork.kill()
        self._fork.wait()


class _Site(_Worker):
    """The worker that builds the site; a build has always started already when a request comes."""

    def __init__(self, profile: RunProfile) -> None:
        from guide.site import sphinx_process  # not in the worker that runs pages

        sphinx_process.import_all()
        self._options = SiteOptions(profile=profile.name, wait=True, preview=True)
        self._build = _StartedBuild(self._options)

    def end(self) -> None:
        """Cancel the build that waits."""
        self._build.cancel()

    def prepare(self) -> None:
        """Start the next build."""
        self._build = _StartedBuild(self._options)

    def do(self, request: WorkRequest) -> WorkAnswer:
        """Build the site."""
        if request.restart:
            self._build.cancel()
            self._build = _StartedBuild(self._options)
        remove_stamp()
        return WorkAnswer(self._build.finish())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
