"""Directives that show what ran, and the check for pages whose outputs are new.

``{report-line}`` is one sentence about what ran and when; ``{report-summary}`` adds the counts and the versions.
``{report-download}`` links to a table of all blocks, which the build writes beside the pages. ``trials.py`` has what
else was tested.
"""

from __future__ import annotations

import csv
import functools
import hashlib
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective

from guide.report.report import NO_REPORT, Report, seconds_text, sentence, summary
from guide.site.options import options_of
from guide.site.state import built_from

# The table of all blocks, in the root of the site.
TABLE = "tested-blocks.csv"
# In the metadata of a page that shows the report.
_SHOWS = "shows the report"
_RESULTS = {
    (kind, status): {"passed": "written" if kind == "file" else "ran", "skipped": "not run"}.get(status, status)
    for kind in ("cell", "run", "file", "skip", "parsed")
    for status in ("passed", "skipped", "parsed", "failed", "not run")
}


def read_report(config: Config) -> Report:
    """Return the report of this build; an empty one for a build without runs, as tests of the HTML make it."""
    path = Path(options_of(config).report)
    return _report(path, path.stat().st_mtime_ns) if path.is_file() else NO_REPORT


@functools.lru_cache(maxsize=1)
def _report(path: Path, modified_ns: int) -> Report:
    return Report.read(path)


def shown_report(env: BuildEnvironment) -> Report:
    """Return the report, and note that the page being read shows it, so that a new report makes the page outdated."""
    env.metadata[env.docname][_SHOWS] = True
    return read_report(env.config)


class ReportSummary(SphinxDirective):
    """The counts of what ran, and the versions of what it ran on."""

    def run(self) -> list[nodes.Node]:
        """Return two paragraphs."""
        report = shown_report(self.env)
        lead = nodes.paragraph(text=f"{summary(report)}; last run {report.date}.")
        versions = ", ".join(f"{name} {version}" for name, version in report.versions.items())
        return [lead, nodes.paragraph(text=f"Versions: {versions}.")]


class ReportLine(SphinxDirective):
    """One sentence about how much ran, and when."""

    def run(self) -> list[nodes.Node]:
        """Return a paragraph."""
        return [nodes.paragraph(text=sentence(shown_report(self.env)), classes=["guide-tested"])]


class ReportDownload(SphinxDirective):
    """A link to the table of all blocks."""

    def run(self) -> list[nodes.Node]:
        """Return a paragraph with the link, which is relative to the page."""
        shown_report(self.env)
        path = "../" * self.env.docname.count("/") + TABLE
        link = nodes.reference("", "", nodes.literal(text=TABLE), refuri=path, internal=True)
        text = nodes.Text(" lists every block with its page, line, result and duration, and why it did not run.")
        return [nodes.paragraph("", "", link, text)]


def write_table(app: Sphinx) -> None:
    """Write the table of all blocks, as CSV, to the root of the site."""
    report = read_report(app.config)
    if not any(app.env.metadata[name].get(_SHOWS) for name in app.env.found_docs):
        return
    dates = {page.page: page.date for page in report.pages}
    with (Path(app.outdir) / TABLE).open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["page", "line", "language", "result", "reason", "hidden checks", "seconds", "date", "stack"])
        for block in report.blocks:
            result = _RESULTS[block.kind, block.status]
            shared = [dates[block.page], report.stack]
            seconds = seconds_text(block.seconds)
            rows.writerow(
                [block.page, block.line, block.language, result, block.reason or "", block.checks, seconds, *shared]
            )


def pages_with_new_runs(app: Sphinx, env: BuildEnvironment, removed: set[str]) -> list[str]:
    """Return the pages whose run is newer than their HTML, and those that show the report if it has changed.

    A preview leaves the latter as they are: they are long, and the report changes with every run.
    """
    built, options = built_from(env), options_of(app.config)
    runs = {str(Path(page.page).with_suffix("")): (page.key, page.date) for page in read_report(app.config).pages}
    outdated = [name for name in env.found_docs if runs.get(name) != built.runs.get(name)]
    built.runs = runs
    path = Path(options.report)
    report = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
    if not options.preview and report != built.report:
        built.report = report
        outdated += [name for name in env.found_docs if env.metadata[name].get(_SHOWS)]
    return outdated
