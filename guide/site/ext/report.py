"""Directives that show what ran, and the check for pages whose outputs are new.

``{report-summary}`` shows how much ran, when, and on which stack; ``{report-table}`` lists all blocks by page and every
opted-out block with its reason. ``trials.py`` has what else was tested.
"""

from __future__ import annotations

import functools
import hashlib
import html
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective

from guide.report.report import NO_REPORT, BlockReport, PageReport, Report, checks_text, seconds_text, summary
from guide.site.facts.tables import table
from guide.site.options import options_of
from guide.site.state import built_from

# In the metadata of a page that shows the report.
_SHOWS = "shows the report"
_RESULTS = {
    (kind, status): {"passed": "written" if kind == "file" else "ran", "skipped": "opted out"}.get(status, status)
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


class ReportTable(SphinxDirective):
    """Tables of all blocks by page, and of those that did not run, with their reasons."""

    def run(self) -> list[nodes.Node]:
        """Return a folded table for each page, and tables of the blocks that did not run if there are any."""
        report = shown_report(self.env)
        tables: list[nodes.Node] = []
        for page in report.pages:
            tables += _page_table(page, report.blocks_of(page))
        by_status = {
            "Blocks that do not run here": [block for block in report.blocks if block.status == "skipped"],
            "Blocks that were parsed": [block for block in report.blocks if block.status == "parsed"],
            "Blocks that this run left out": [block for block in report.blocks if block.lacks_program],
        }
        for title, blocks in by_status.items():
            if blocks:
                rows = [[f"{block.page}:{block.line}", block.language, block.reason or ""] for block in blocks]
                tables.append(table(title, ["Block", "Language", "Why"], rows))
        return tables


def run_id(page: str, block: int) -> str:
    """Return the anchor of the run of a page's block, counted from 0."""
    return f"run-{page.rpartition('.')[0].replace('/', '-')}-{block}"


def _page_table(page: PageReport, blocks: list[BlockReport]) -> list[nodes.Node]:
    """Return the folded table of a page's blocks. A browser unfolds it when a link leads to one of its rows."""
    if not blocks:
        return []
    ran = sum(block.status == "passed" for block in blocks)
    seconds = "" if page.seconds is None else f" in {seconds_text(page.seconds)} s"
    checks = sum(block.checks for block in blocks)
    counts = f"{ran} of {len(blocks)} blocks{f' and {checks_text(checks)}' if checks else ''}"
    title = f"{page.page}: {counts}{seconds}, {page.date[:16]}"
    where = "Cell" if page.page.endswith(".ipynb") else "Line"
    rows = [[str(block.line), block.language, _result(block), seconds_text(block.seconds)] for block in blocks]
    rows_of_blocks = table("", [where, "Language", "Result", "Seconds"], rows)
    for number, row in enumerate(list(rows_of_blocks.findall(nodes.row))[1:]):
        row["ids"] = [run_id(page.page, number)]
    name = "/" + page.page.rpartition(".")[0]
    link = addnodes.pending_xref("", nodes.inline(), refdomain="std", reftype="doc", reftarget=name, refexplicit=False)
    return [
        nodes.raw("", f'<details class="ran"><summary>{html.escape(title)}</summary>', format="html"),
        nodes.paragraph("", "", link),
        rows_of_blocks,
        nodes.raw("", "</details>", format="html"),
    ]


def _result(block: BlockReport) -> str:
    result = _RESULTS[block.kind, block.status]
    return f"{result}: {block.reason}" if block.reason else result


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
