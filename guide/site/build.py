"""Builds the site: run the pages, hand their outputs to the book, let Jupyter Book make HTML of it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from guide.pages.toc import pages_of_book
from guide.paths import BUILD, ROOT, display_path
from guide.report.report import NO_REPORT, Report, failures, new_report, summary
from guide.run.profile import QUIET, RunProfile
from guide.run.runner import run_pages
from guide.run.shell import without_colors
from guide.site.build_stamp import STAMP, holds, nothing_changed, sources, stamp
from guide.site.export import PDF_NAME
from guide.terminal_progress import ProgressLine

REPORT = BUILD / "report.json"
# In the environment of a build that waits for the line ``BEGIN`` (see ``early_start``), and of one for a preview.
WAITS, PREVIEW = "GUIDE_BUILD_WAITS", "GUIDE_PREVIEW"
BEGIN = "begin\n"


@dataclass(frozen=True)
class Ran:
    """The pages have run: what failed, in lines for the author; else the digest of all that the site is made of, and
    whether the site has to be built for it.
    """

    failed: list[str]
    report: Report
    stamp: str = ""
    needed: bool = False


def run_book(
    profile: RunProfile, jobs: int, out: Path = BUILD, pdf: bool = False, begun: Callable[[], object] = lambda: None
) -> Ran:
    """Run the pages that changed. A site in ``out`` whose sources and runs are those of now is left as it is.

    ``begun`` is called when there is a page to run.
    """
    made_from = sources((profile, pdf))  # what changes while pages run is not in this site
    records = run_pages(pages_of_book(), profile, jobs, on_start=begun)
    failed = failures(records, profile.stack)
    known_by = "" if failed else stamp(made_from, profile.name)
    if not failed and holds(out, known_by):
        return Ran([], NO_REPORT, known_by)
    report = new_report(records, profile.stack)
    report.write(REPORT)
    return Ran(failed, report, known_by, not failed)


def forget_built() -> None:
    """The site is about to be another than ``build_site`` left."""
    (BUILD / STAMP).unlink(missing_ok=True)


def build_site(profile: RunProfile, jobs: int, out: Path | None = None, pdf: bool = False) -> int:
    """Build the site into ``out`` (default ``_build``, so that the site is in ``_build/html``); exit status.

    With ``pdf`` the whole guide lies in it as a PDF too, and pages link to that.
    """
    started = time.monotonic()
    page = (out or BUILD) / "html" / "index.html"
    with _Maker(out, profile, pdf=pdf) as maker:
        # A named folder is emptied first, so not before there is something to fill it with.
        ran = run_book(profile, jobs, out or BUILD, pdf, maker.start if out is None else lambda: None)
        if ran.failed:
            print(summary(ran.report), flush=True)
            print("\n".join(ran.failed), file=sys.stderr)
            return 1
        if not ran.needed:
            print(nothing_changed(page))
            return 0
        status = maker.make()
    if status or not page.is_file():
        print("the site was not built; the lines above say why; again with: make book", file=sys.stderr)
        return status or 1
    if pdf and not _print(page.parent):
        return 1
    ((out or BUILD) / STAMP).write_text(ran.stamp)
    print(summary(ran.report))
    print(f"{display_path(page)}: built in {time.monotonic() - started:.0f} s with 0 warnings")
    return 0


def _print(html: Path) -> bool:
    """Print the whole guide; False, with a line on stderr, where there is no browser."""
    from guide.browser.launch import NoBrowser  # a browser is needed for nothing else here
    from guide.site.export.pdf import write_pdf

    out = html / PDF_NAME
    try:
        with ProgressLine(lambda: "printing the guide").ticking():
            write_pdf(html, ROOT, out)
    except NoBrowser as error:
        print(error, file=sys.stderr)
        return False
    print(f"{display_path(out)}: {out.stat().st_size / 1e6:.1f} MB")
    return True


def check_links(profile: RunProfile, jobs: int) -> int:
    """Ask every other site that a page links to; 1, naming page, line and link, when one is dead."""
    records = run_pages(pages_of_book(), profile, jobs)
    if failed := failures(records, profile.stack):
        print("\n".join(failed), file=sys.stderr)
        return 1
    new_report(records, profile.stack).write(REPORT)
    with _Maker(BUILD / "links", profile, builder="linkcheck") as maker:
        status = maker.make()
    print("a link is dead; the lines above say which" if status else "all links to other sites are alive")
    return status


class _Maker:
    """Jupyter Book in a process of its own, which gets ready while pages run; a named ``out`` is built from nothing."""

    def __init__(self, out: Path | None, profile: RunProfile, builder: str = "html", pdf: bool = False) -> None:
        self._out, self._builder = out, builder
        self._env = os.environ | environment(profile, pdf)
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> _Maker:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process:
            self._process.kill()  # it has done its work, or is not needed
            self._process.communicate()

    def start(self) -> None:
        """Have it get ready."""
        if self._process:
            return
        if self._out is not None:
            shutil.rmtree(self._out, ignore_errors=True)
        command = [sys.executable, "-m", "guide.site.sphinx_process", self._builder, str(self._out or BUILD)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        self._process = subprocess.Popen(command, cwd=ROOT, env=self._env, text=True, **pipes)

    def make(self) -> int:
        """Make the HTML, with warnings as errors; the exit status."""
        self.start()
        line = ProgressLine(lambda: f"pages ran; making {self._builder} of them, {line.seconds():.0f} s")
        with line.ticking():
            said, _ = self._process.communicate(BEGIN)
        if self._process.returncode:
            print("\n".join(complaints(said)), file=sys.stderr)
        return self._process.returncode


def environment(profile: RunProfile, pdf: bool = False) -> dict[str, str]:
    """Variables that the extensions of the book read."""
    return {
        "PYTHONWARNINGS": QUIET,
        "GUIDE_REPORT": str(REPORT),
        "GUIDE_PROFILE": profile.name,
        "GUIDE_PDF": "1" if pdf else "",
        WAITS: "1",
    }


def complaints(said: str) -> list[str]:
    """Those lines of what Sphinx ``said`` that tell why there is no site."""
    lines = [without_colors(line) for line in said.splitlines()]
    return [line for line in lines if re.search(r"WARNING|ERROR|Error: |exception: |\bbroken\b", line)] or lines[-20:]
