"""Sphinx extension: what ran, on the site itself; and pages are read again when their outputs are new.

``{report-summary}`` says on which stack, when and how much ran; ``{report-table}`` lists all blocks by page and
every opted-out block with its reason. What else was tried is in ``trials.py``.
"""

from __future__ import annotations

import hashlib
import html
import os
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective

from guide.report.report import NO_REPORT, BlockReport, PageReport, Report, seconds_text, summary
from guide.site.build import PREVIEW
from guide.site.facts.tables import table

# In the metadata of a page that shows the report.
_SHOWS = "shows the report"
_RESULTS = {
    (kind, status): {"passed": "written" if kind == "file" else "ran", "skipped": "opted out"}.get(status, status)
    for kind in ("cell", "run", "file", "skip", "parsed")
    for status in ("passed", "skipped", "parsed", "failed", "not run")
}


def read_report(env: BuildEnvironment) -> Report:
    """The report of this build; an empty one when pages were not run (a build for looks only)."""
    path = _path(env.srcdir)
    return Report.read(path) if path.is_file() else NO_REPORT


def shown_report(env: BuildEnvironment) -> Report:
    """The report, for a page that shows it and so is to be read again when it is another."""
    env.metadata[env.docname][_SHOWS] = True
    return read_report(env)


def _path(srcdir: str | Path) -> Path:
    return Path(os.environ.get("GUIDE_REPORT", Path(srcdir) / "_build" / "report.json"))


class ReportSummary(SphinxDirective):
    """One paragraph with the counts, and the versions beneath."""

    def run(self) -> list[nodes.Node]:
        """Return the paragraph and the list of versions."""
        report = shown_report(self.env)
        lead = nodes.paragraph(text=f"{summary(report)}; last run {report.date}.")
        versions = ", ".join(f"{name} {version}" for name, version in report.versions.items())
        return [lead, nodes.paragraph(text=f"Versions: {versions}.")]


class ReportTable(SphinxDirective):
    """All blocks by page, and those that did not run, with their reasons."""

    def run(self) -> list[nodes.Node]:
        """Return a folded table for each page and, where there are any, tables of the blocks that did not run."""
        report = shown_report(self.env)
        found: list[nodes.Node] = []
        for page in report.pages:
            found += _page_table(page, report.blocks_of(page))
        by_status = {
            "Blocks that do not run here": [block for block in report.blocks if block.status == "skipped"],
            "Blocks that were parsed": [block for block in report.blocks if block.status == "parsed"],
            "Blocks that this run left out": [block for block in report.blocks if block.lacks_program],
        }
        for title, blocks in by_status.items():
            if blocks:
                rows = [[f"{block.page}:{block.line}", block.language, block.reason or ""] for block in blocks]
                found.append(table(title, ["Block", "Language", "Why"], rows))
        return found


def run_id(page: str, block: int) -> str:
    """The anchor of the run of a page's block, counted from 0."""
    return f"run-{page.rpartition('.')[0].replace('/', '-')}-{block}"


def _page_table(page: PageReport, blocks: list[BlockReport]) -> list[nodes.Node]:
    """A page's blocks, folded: a browser that is led to a row of it unfolds it."""
    if not blocks:
        return []
    ran = sum(block.status == "passed" for block in blocks)
    seconds = "" if page.seconds is None else f" in {seconds_text(page.seconds)} s"
    said = f"{page.page}: {ran} of {len(blocks)} blocks{seconds}, {page.date[:16]}"
    where = "Cell" if page.page.endswith(".ipynb") else "Line"
    rows = [[str(block.line), block.language, _result(block), seconds_text(block.seconds)] for block in blocks]
    found = table("", [where, "Language", "Result", "Seconds"], rows)
    for number, row in enumerate(list(found.findall(nodes.row))[1:]):
        row["ids"] = [run_id(page.page, number)]
    name = "/" + page.page.rpartition(".")[0]
    link = addnodes.pending_xref("", nodes.inline(), refdomain="std", reftype="doc", reftarget=name, refexplicit=False)
    return [
        nodes.raw("", f'<details class="ran"><summary>{html.escape(said)}</summary>', format="html"),
        nodes.paragraph("", "", link),
        found,
        nodes.raw("", "</details>", format="html"),
    ]


def _result(block: BlockReport) -> str:
    result = _RESULTS[block.kind, block.status]
    return f"{result}: {block.reason}" if block.reason else result


def _outdated(app: Sphinx, env: BuildEnvironment, added: set, changed: set, removed: set) -> list[str]:
    """Pages whose run is another than the one their HTML was made from, and those that show the report of all.

    The latter are long, and new with every run: a preview leaves them as they are.
    """
    now = {str(Path(page.page).with_suffix("")): (page.key, page.date) for page in read_report(env).pages}
    before = getattr(env, "guide_runs", {})
    env.guide_runs = now
    outdated = [name for name in env.found_docs if now.get(name) != before.get(name)]
    path = _path(env.srcdir)
    report = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
    if not os.environ.get(PREVIEW) and report != getattr(env, "guide_report", None):
        env.guide_report = report
        outdated += [name for name in env.found_docs if env.metadata[name].get(_SHOWS)]
    return outdated


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directives and the check for new outputs."""
    app.add_directive("report-summary", ReportSummary)
    app.add_directive("report-table", ReportTable)
    app.connect("env-get-outdated", _outdated)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
