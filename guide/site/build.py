"""Build the site: run the pages, then have Jupyter Book make HTML of them in another process."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from pathlib import Path

from guide.checks.reader_environment import environment_problems
from guide.checks.site_files import site_file_problems
from guide.pages.toc import pages_of_book
from guide.paths import BUILD, ROOT, display_path
from guide.report.report import NO_REPORT, Report, failures, new_report, summary
from guide.run.profile import RunProfile
from guide.run.runner import run_pages
from guide.site.build_stamp import STAMP, inputs_digest, is_up_to_date, stamp_of, unchanged_message
from guide.site.early_sphinx import SphinxProcess
from guide.site.export import PDF_NAME
from guide.site.optimize import icons
from guide.site.options import REPORT
from guide.terminal_progress import ProgressLine


@dataclass(frozen=True)
class RunResult:
    """The result of running the pages.

    ``failures`` are lines for the author. If there are none, ``stamp`` is the digest of the site's inputs, and the site
    ``needs_build`` unless it was built from the same.
    """

    failures: list[str]
    report: Report
    stamp: str = ""
    needs_build: bool = False


def run_book(profile: RunProfile, jobs: int, out: Path = BUILD, pdf: bool = False, inputs: str = "") -> RunResult:
    """Run the pages that changed, and compare the site in ``out`` with its inputs, whose digest may be known."""
    inputs = inputs or inputs_digest((profile, pdf))  # before pages run: what changes meanwhile is not in this site
    records = run_pages(pages_of_book(), profile, jobs)
    failed = failures(records, profile.stack)
    stamp = "" if failed else stamp_of(inputs, profile.name)
    if not failed and is_up_to_date(out, stamp):
        return RunResult([], NO_REPORT, stamp)
    report = new_report(records, profile.stack)
    report.write(REPORT)
    return RunResult(failed, report, stamp, needs_build=not failed)


def remove_stamp() -> None:
    """Remove the stamp of the site in ``_build``, before it becomes another than ``build_site`` made."""
    (BUILD / STAMP).unlink(missing_ok=True)


def build_site(
    process: SphinxProcess, profile: RunProfile, jobs: int, out: Path = BUILD, pdf: bool = False, inputs: str = ""
) -> int:
    """Run the pages, and let ``process`` build the site into ``html`` of the folder ``out``; return an exit status.

    With ``pdf``, the site has the whole guide as a PDF too, and pages link to it. ``inputs`` is the digest of what the
    site is made from, if it is known.
    """
    started = time.monotonic()
    page = out / "html" / "index.html"
    if problems := [*site_file_problems(ROOT), *environment_problems(ROOT)]:
        print("\n".join(problems), file=sys.stderr)
        return 1
    ran = run_book(profile, jobs, out, pdf, inputs)
    if ran.failures:
        print(summary(ran.report), flush=True)
        print("\n".join(ran.failures), file=sys.stderr)
        return 1
    if not ran.needs_build:
        print(unchanged_message(page))
        return 0
    status = process.finish(lambda: icons.prepare(out / icons.STORE))
    if status or not page.is_file():
        print("the site was not built, for the reasons above; try again with: make book", file=sys.stderr)
        return status or 1
    if pdf and not _print_pdf(page.parent):
        return 1
    (out / STAMP).write_text(ran.stamp)
    print(summary(ran.report))
    print(f"{display_path(page)}: built in {time.monotonic() - started:.0f} s with 0 warnings")
    return 0


def _print_pdf(html: Path) -> bool:
    """Print the whole guide; return False, after a line on stderr, if there is no browser."""
    from guide.browser.launch import NoBrowser  # imported here, as nothing else needs a browser
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
    """Request every other site that a page links to; return 1 if one is dead, after lines with page, line and link."""
    records = run_pages(pages_of_book(), profile, jobs)
    if failed := failures(records, profile.stack):
        print("\n".join(failed), file=sys.stderr)
        return 1
    new_report(records, profile.stack).write(REPORT)
    with SphinxProcess(BUILD / "links", profile, builder="linkcheck") as process:
        status = process.finish()
    print("a link is dead: see the lines above" if status else "all links to other sites are alive")
    return status
