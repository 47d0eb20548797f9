"""Warm processes of the preview: one has imported what pages import, the other what makes HTML of them.

``python -m guide.preview.workers RUNS|SITE STACK USER MODE JOBS LINE`` reads a line of JSON from the socket that is
file descriptor ``LINE``, does its work in copies of itself, and answers with another; when the line is closed it ends.
"""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import sys
import tempfile
import traceback
from collections.abc import Callable
from typing import Any

from fakehub.facts import FactsError
from fakehub.fork import Fork
from guide.runner import Lane

Work = Callable[[dict[str, Any]], dict[str, Any]]


def main(arguments: list[str]) -> int:
    """Answer until the line is closed."""
    kind, stack, user, mode, jobs, descriptor = arguments
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # end what runs as well
    lane = Lane(stack, user, mode)
    work = _runs(lane, int(jobs)) if kind == "RUNS" else _site(lane)
    line = socket.socket(fileno=int(descriptor))
    with line.makefile("rw", encoding="utf-8") as both:
        try:
            for request in iter(both.readline, ""):
                both.write(json.dumps(work(json.loads(request))) + "\n")
                both.flush()
        except (KeyboardInterrupt, BrokenPipeError):
            return 130
    return 0


def _runs(lane: Lane, jobs: int) -> Work:
    """What runs the pages that changed, and writes the report. Answers with failures and the digest of all."""
    from guide import warm
    from guide.blocks import BlockError
    from guide.build import run_book

    if warm.can_be_copied(lane.mode):
        warm.import_libraries()

    def work(_request: dict[str, Any]) -> dict[str, Any]:
        try:
            ran = run_book(lane, jobs)
        except (BlockError, FactsError) as error:  # in _toc.yml or hub.yml
            return {"failed": [str(error)]}
        return {"failed": ran.failed, "stamp": ran.stamp, "needed": ran.needed}

    return work


def _site(lane: Lane) -> Work:
    """What makes HTML of the pages into the folder ``out``. Answers with failures."""
    from guide import book_maker, build

    book_maker.import_all()

    def work(request: dict[str, Any]) -> dict[str, Any]:
        with tempfile.TemporaryFile() as said:

            def make() -> int:
                for stream in (1, 2):
                    os.dup2(said.fileno(), stream)
                sys.stdout = sys.stderr = io.TextIOWrapper(os.fdopen(os.dup(1), "wb"), line_buffering=True)
                os.environ.update(build.environment(lane))
                try:
                    return book_maker.main(["html", request["out"]])
                except Exception:
                    traceback.print_exc()
                    return 1

            status = Fork(make).wait()
            said.seek(0)
            text = said.read().decode(errors="replace")
        return {"failed": build.complaints(text) if status else []}

    return work


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
