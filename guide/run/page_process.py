"""The process that runs one page: ``python -m guide.run.page_process PAGE --out RECORD.json …``.

It must be started inside a session of the stand-in, whose folder and ports are in its environment. ``runner`` starts
it, either as a new process or as a fork of a process that has already imported the libraries.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
import time
from pathlib import Path


def main(arguments: list[str]) -> int:
    """Run one page and write its record; return 1 if a block failed."""
    parser = argparse.ArgumentParser(prog="python -m guide.run.page_process", description=__doc__)
    parser.add_argument("page", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="where to write the record (JSON)")
    parser.add_argument("--stack", required=True)
    parser.add_argument("--home", type=Path, default=Path(os.environ.get("HOME", ".")))
    parser.add_argument("--accept", action="store_true", help="do not compare outputs with the recorded ones")
    parser.add_argument("--fork-kernels", action="store_true", help="start kernels as forks of this process")
    parser.add_argument("--among-files", action="store_true", help="fill the home directory and buckets first")
    parser.add_argument("--start-in", default=".", help="the folder in the home directory where the kernel starts")
    parser.add_argument("--change", type=Path, help="JSON: the number of a block and another source for it")
    parser.add_argument("--limit", type=int, default=0, help="end the run after this many seconds; 0 for no limit")
    return _run(parser.parse_args(arguments))


def _run(options: argparse.Namespace) -> int:
    # Imported late: a forked process has these modules already.
    from guide.pages.blocks import with_source
    from guide.pages.reader import read_page
    from guide.paths import OWN_HUB, ROOT
    from guide.run.confined import confine
    from guide.run.page_session import RunOptions, limit_writes, refused_hosts, run_page, set_latency
    from guide.run.recorded_outputs import recorded_outputs
    from guide.run.records import RunRecord, versions

    started = time.monotonic()
    signal.alarm(options.limit)
    page = read_page(options.page, ROOT)
    if options.change:
        page = with_source(page, **json.loads(options.change.read_text(encoding="utf-8")))
    refused_before = len(refused_hosts())
    set_latency(page.latency_ms)
    limit_writes(page.between_writes_s)
    os.environ["HOME"] = str(options.home)
    tempfile.tempdir = os.environ["FAKEHUB_SESSION"]
    confine((Path(os.environ["FAKEHUB_SESSION"]), options.home, options.out.parent))
    # Outputs are recorded for this hub's facts and its locked versions only.
    compare = OWN_HUB and options.stack == "hub" and not options.accept
    recorded = recorded_outputs(page, ROOT) if compare else None
    messages: list[str] = []

    def show(message: str) -> None:
        messages.append(message)
        print(message, flush=True)

    run_options = RunOptions(
        options.accept,
        options.fork_kernels,
        recorded,
        options.among_files,
        options.start_in.strip("/"),
        shown=not (options.change or options.among_files),
    )
    blocks, notebook = run_page(page, options.home, show, run_options)
    failed = any(block.status == "failed" for block in blocks)
    set_latency(0)
    refused = refused_hosts()[refused_before:]
    if refused and not failed:
        failed = True
        show(f"{page.path}: contacts hosts outside the hub: {', '.join(dict.fromkeys(refused))}")
    record = RunRecord(
        page=str(page.path),
        stack=options.stack,
        status="failed" if failed else "passed",
        seconds=round(time.monotonic() - started, 3),
        error=messages[0] if failed else "",
        versions=versions(),
        refused=tuple(sorted(set(refused))),
        latency_ms=page.latency_ms,
        blocks=tuple(blocks),
        notebook=notebook,
    )
    options.out.write_text(record.to_json(), encoding="utf-8")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
