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

from fakehub.facts import FactsError
from fakehub.fork import PipedFork
from guide import warm
from guide.blocks import BlockError
from guide.build import BEGIN, PREVIEW, complaints, environment, forget_built, run_book
from guide.runner import BUILD, Lane


def main(arguments: list[str]) -> int:
    """Answer until the line is closed."""
    kind, stack, user, mode, jobs, descriptor = arguments
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # end what runs as well
    lane = Lane(stack, user, mode)
    line = socket.socket(fileno=int(descriptor))
    with line.makefile("rw", encoding="utf-8") as both, _worker(kind, lane, int(jobs)) as work:
        try:
            for request in iter(both.readline, ""):
                both.write(json.dumps(work.do(json.loads(request))) + "\n")
                both.flush()
                work.get_ready()
        except (KeyboardInterrupt, BrokenPipeError):
            return 130
    return 0


def _worker(kind: str, lane: Lane, jobs: int) -> _Runs | _Site:
    return _Runs(lane, jobs) if kind == "RUNS" else _Site(lane)


class _Runs:
    """Runs the pages that changed, and writes the report. Answers with failures, and whether the site is to be made."""

    def __init__(self, lane: Lane, jobs: int) -> None:
        self._lane, self._jobs = lane, jobs
        if warm.can_be_copied(lane.mode):
            warm.import_libraries()

    def __enter__(self) -> _Runs:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def get_ready(self) -> None:
        """It always is."""

    def do(self, _request: dict[str, Any]) -> dict[str, Any]:
        """Run them."""
        try:
            ran = run_book(self._lane, self._jobs)
        except (BlockError, FactsError) as error:  # in _toc.yml or hub.yml
            return {"failed": [str(error)]}
        return {"failed": ran.failed, "needed": ran.needed}


class _Site:
    """Makes HTML of the pages, in a copy of this process that has begun a build and waits (see ``waiting_ext``)."""

    def __init__(self, lane: Lane) -> None:
        from guide import book_maker  # not for pages

        self._environment, self._book_maker = environment(lane) | {PREVIEW: "1"}, book_maker
        book_maker.import_all()

    def __enter__(self) -> _Site:
        self.get_ready()
        return self

    def __exit__(self, *_: object) -> None:
        self._waiting.kill()
        self._waiting.wait()

    def get_ready(self) -> None:
        """Begin the next build."""
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - closed when the build has ended
        self._waiting = PipedFork(self._make, self._said)

    def do(self, request: dict[str, Any]) -> dict[str, Any]:
        """Make it; ``anew`` where something changed that a waiting build has read. Answers with failures."""
        if request["anew"]:
            self.__exit__()
            self.get_ready()
        forget_built()
        with self._said, self._waiting.stdin, self._waiting.stdout, contextlib.suppress(BrokenPipeError):
            self._waiting.stdin.write(BEGIN.encode())
            self._waiting.stdin.close()
            status = self._waiting.wait()
            self._said.seek(0)
            text = self._said.read().decode(errors="replace")
        return {"failed": complaints(text) if status else []}

    def _make(self) -> int:
        os.dup2(2, 1)
        sys.stdout = sys.stderr = io.TextIOWrapper(os.fdopen(os.dup(1), "wb"), line_buffering=True)
        os.environ.update(self._environment)
        try:
            return self._book_maker.main(["html", str(BUILD)])
        except Exception:
            traceback.print_exc()
            return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
