"""Sphinx extension: what ran, on the site itself; and pages are read again when their outputs are new.

``{report-summary}`` says on which stack, when and how much ran; ``{report-table}`` lists the pages and
every opted-out block with its reason.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective

from guide.fact_tables import table
from guide.report import summary, without_program


def _report(env: BuildEnvironment) -> dict[str, Any]:
    """The report of this build; an empty one when pages were not run (a build for looks only)."""
    path = _path(env.srcdir)
    if path.is_file():
        return json.loads(path.read_text(encoding="utf-8"))
    return {"date": "", "stack": "none", "versions": {}, "pages": [], "blocks": []}


def _path(srcdir: str | Path) -> Path:
    return Path(os.environ.get("GUIDE_REPORT", Path(srcdir) / "_build" / "report.json"))


class ReportSummary(SphinxDirective):
    """One paragraph with the counts, and the versions beneath."""

    def run(self) -> list[nodes.Node]:
        """Return the paragraph and the list of versions."""
        self.env.note_dependency(str(_path(self.env.srcdir)))
        report = _report(self.env)
        lead = nodes.paragraph(text=f"{summary(report)}; last run {report['date']}.")
        versions = ", ".join(f"{name} {version}" for name, version in report["versions"].items())
        return [lead, nodes.paragraph(text=f"Versions: {versions}.")]


class ReportTable(SphinxDirective):
    """A table of the pages, and tables of the blocks that did not run, with their reasons."""

    def run(self) -> list[nodes.Node]:
        """Return the table and, where there are any, those of the blocks that did not run."""
        self.env.note_dependency(str(_path(self.env.srcdir)))
        report = _report(self.env)
        rows = []
        for page in report["pages"]:
            blocks = [block for block in report["blocks"] if block["page"] == page["page"]]
            ran = sum(block["status"] == "passed" for block in blocks)
            rows.append([page["page"], str(ran), f"{page['seconds']:.1f}", page["date"]])
        found: list[nodes.Node] = [table("Blocks by page", ["Page", "Blocks proven", "Seconds", "Last run"], rows)]
        by_status = {
            "Blocks that do not run here": [block for block in report["blocks"] if block["status"] == "skipped"],
            "Blocks that were parsed": [block for block in report["blocks"] if block["status"] == "parsed"],
            "Blocks that this run left out": without_program(report),
        }
        for title, blocks in by_status.items():
            if blocks:
                rows = [[f"{b['page']}:{b['line']}", b["language"], b["reason"]] for b in blocks]
                found.append(table(title, ["Block", "Language", "Why"], rows))
        return found


def _outdated(app: Sphinx, env: BuildEnvironment, added: set, changed: set, removed: set) -> list[str]:
    """Pages whose run is another than the one their HTML was made from."""
    now = {str(Path(page["page"]).with_suffix("")): page["key"] for page in _report(env)["pages"]}
    before = getattr(env, "guide_runs", {})
    env.guide_runs = now
    return [name for name in env.found_docs if now.get(name) != before.get(name)]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directives and the check for new outputs."""
    app.add_directive("report-summary", ReportSummary)
    app.add_directive("report-table", ReportTable)
    app.connect("env-get-outdated", _outdated)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
