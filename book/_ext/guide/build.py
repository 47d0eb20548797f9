"""Builds the site: run the pages, hand their outputs to the book, let Jupyter Book make HTML of it."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from guide.progress import Line
from guide.report import failures, summary, write_report
from guide.runner import BUILD, QUIET, ROOT, Lane, pages_of_book, run_pages
from guide.takeaway import PDF_NAME

REPORT = BUILD / "report.json"
_ANSI = re.compile(r"\x1b\[[0-9;]*m")


def build_site(lane: Lane, jobs: int, out: Path | None = None, pdf: bool = False) -> int:
    """Build the site into ``out`` (default ``_build``, so that the site is in ``_build/html``); exit status.

    With ``pdf`` the whole guide lies in it as a PDF too, and pages link to that. A site whose sources and runs are
    those of the last build is left as it is.
    """
    started = time.monotonic()
    records = run_pages(pages_of_book(), lane, jobs)
    stamp_file = (out or BUILD) / ".built"
    html = (out or BUILD) / "html"
    failed = failures(records, lane.stack)
    if failed:
        print(summary(write_report(records, lane.stack, REPORT, ROOT)), flush=True)
        print("\n".join(failed), file=sys.stderr)
        return 1
    stamp = _stamp(records, lane, pdf)
    if stamp_file.is_file() and stamp_file.read_text() == stamp and (html / "index.html").is_file():
        print(f"{_shown(html / 'index.html')}: nothing changed since it was built")
        return 0
    # Sphinx does not say again what it said of a page in a build that failed: after one, all is read anew.
    fresh = not stamp_file.is_file()
    stamp_file.unlink(missing_ok=True)
    report = write_report(records, lane.stack, REPORT, ROOT)
    status = _sphinx(out, lane, fresh, pdf=pdf)
    if status or not (html / "index.html").is_file():
        print("the site was not built; the lines above say why; again with: make book", file=sys.stderr)
        return status or 1
    if pdf and not _print(html):
        return 1
    stamp_file.write_text(stamp)
    print(summary(report))
    print(f"{_shown(html / 'index.html')}: built in {time.monotonic() - started:.0f} s with 0 warnings")
    return 0


def _print(html: Path) -> bool:
    """Print the whole guide; False, with a line on stderr, where there is no browser."""
    from guide.picture import NoBrowser  # a browser is needed for nothing else here
    from guide.takeaway.pdf import write_pdf

    out = html / PDF_NAME
    try:
        with Line(lambda: "printing the guide").ticking():
            write_pdf(html, ROOT, out)
    except NoBrowser as error:
        print(error, file=sys.stderr)
        return False
    print(f"{_shown(out)}: {out.stat().st_size / 1e6:.1f} MB")
    return True


def _shown(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def _stamp(records: list[dict[str, Any]], lane: Lane, pdf: bool) -> str:
    """Digest of all that the site is made of."""
    made = f"{lane.stack}{' with a PDF' if pdf else ''} {os.environ.get('SOURCE_DATE_EPOCH')}"
    digest = hashlib.sha256(made.encode())
    for record in records:
        digest.update(record["key"].encode())
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True
    )
    names = listed.stdout.decode().split("\0") if listed.returncode == 0 else []
    # Pages say when they were committed.
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True)
    digest.update(head.stdout)
    wanted = ("book/", "notebooks/", "_config.yml", "_toc.yml", "hub.yml", "CHANGELOG.md", "lock/")
    # Outside a git checkout there is no list of sources, and so no telling that nothing changed.
    digest.update(b"" if names else os.urandom(16))
    for name in sorted(name for name in names if name.startswith(wanted) and (ROOT / name).is_file()):
        digest.update(name.encode() + b"\0" + hashlib.sha256((ROOT / name).read_bytes()).digest())
    return digest.hexdigest()


def check_links(lane: Lane, jobs: int) -> int:
    """Ask every other site that a page links to; 1, naming page, line and link, when one is dead."""
    records = run_pages(pages_of_book(), lane, jobs)
    if failed := failures(records, lane.stack):
        print("\n".join(failed), file=sys.stderr)
        return 1
    write_report(records, lane.stack, REPORT, ROOT)
    status = _sphinx(BUILD / "links", lane, fresh=True, builder="linkcheck")
    print("a link is dead; the lines above say which" if status else "all links to other sites are alive")
    return status


def _sphinx(out: Path | None, lane: Lane, fresh: bool, builder: str = "html", pdf: bool = False) -> int:
    """Let Jupyter Book make the HTML, with warnings as errors; a named ``out`` is built from nothing."""
    if out is not None:
        shutil.rmtree(out, ignore_errors=True)
    command = [sys.executable, "-m", "guide.book_maker", builder, str(out or BUILD), *(["--fresh"] if fresh else [])]
    env = os.environ | {
        "PYTHONWARNINGS": QUIET,
        "PYTHONPATH": str(Path(__file__).parents[1]),
        "GUIDE_REPORT": str(REPORT),
        "GUIDE_LANE": lane.name,
        "GUIDE_PDF": "1" if pdf else "",
    }
    line = Line(lambda: f"pages ran; making {builder} of them, {line.seconds():.0f} s")
    with line.ticking():
        done = subprocess.run(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        lines = [_ANSI.sub("", line) for line in done.stdout.splitlines()]
        said = [line for line in lines if re.search(r"WARNING|ERROR|Error: |\bbroken\b", line)]
        print("\n".join(said or lines[-20:]), file=sys.stderr)
    return done.returncode
