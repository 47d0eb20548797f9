"""Sphinx extension: what ran, on the site itself; and pages are read again when their outputs are new.

``{report-summary}`` says on which stack, when and how much ran; ``{report-table}`` lists all blocks by page and
every opted-out block with its reason; ``{report-clients}`` the clients that were tried.
"""

from __future__ import annotations

import html
import itertools
import json
import os
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective

import fakehub
from guide.fact_tables import table
from guide.report import summary, took

# What the tests found out about clients that nobody here wrote.
CLIENTS = Path(fakehub.__file__).with_name("CLIENTS.md")
_RESULTS = {
    (kind, status): {"passed": "written" if kind == "file" else "ran", "skipped": "opted out"}.get(status, status)
    for kind in ("cell", "run", "file", "skip")
    for status in ("passed", "skipped", "failed", "not run")
}


def read_report(env: BuildEnvironment) -> dict[str, Any]:
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
        report = read_report(self.env)
        lead = nodes.paragraph(text=f"{summary(report)}; last run {report['date']}.")
        versions = ", ".join(f"{name} {version}" for name, version in report["versions"].items())
        return [lead, nodes.paragraph(text=f"Versions: {versions}.")]


class ReportTable(SphinxDirective):
    """All blocks by page, and the opted-out ones with their reasons."""

    def run(self) -> list[nodes.Node]:
        """Return a folded table for each page and, where there are any, the opt-outs."""
        self.env.note_dependency(str(_path(self.env.srcdir)))
        report = read_report(self.env)
        found: list[nodes.Node] = []
        for page in report["pages"]:
            found += _page_table(page, [block for block in report["blocks"] if block["page"] == page["page"]])
        skipped = [block for block in report["blocks"] if block["status"] == "skipped"]
        if skipped:
            rows = [[f"{b['page']}:{b['line']}", b["language"], b["reason"]] for b in skipped]
            found.append(table("Blocks that do not run here", ["Block", "Language", "Why"], rows))
        return found


def run_id(page: str) -> str:
    """The anchor of a page's run."""
    return "run-" + page.rpartition(".")[0].replace("/", "-")


def _page_table(page: dict[str, Any], blocks: list[dict[str, Any]]) -> list[nodes.Node]:
    ran = sum(block["status"] == "passed" for block in blocks)
    seconds = "" if page["seconds"] is None else f" in {took(page['seconds'])} s"
    said = f"{page['page']}: {ran} of {len(blocks)} blocks{seconds}, {page['date'][:16]}"
    if not blocks:
        return []
    opened = f'<details class="ran" id="{run_id(page["page"])}"><summary>{html.escape(said)}</summary>'
    where = "Cell" if page["page"].endswith(".ipynb") else "Line"
    rows = [[str(b["line"]), b["language"], _RESULTS[b["kind"], b["status"]], took(b["seconds"])] for b in blocks]
    return [
        nodes.raw("", opened, format="html"),
        table("", [where, "Language", "Result", "Seconds"], rows),
        nodes.raw("", "</details>", format="html"),
    ]


class ReportClients(SphinxDirective):
    """The clients that were tried in the copy of the hub, with their versions and settings."""

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        self.env.note_dependency(str(CLIENTS))
        lines = CLIENTS.read_text(encoding="utf-8").partition("| client | version | settings |")[2].splitlines()[2:]
        cells = [[cell.strip().replace("`", "") for cell in line.strip("|").split("|")] for line in _until_blank(lines)]
        return [table("Clients", ["Client", "Version", "Settings"], cells)]


def _until_blank(lines: list[str]) -> list[str]:
    return list(itertools.takewhile(str.strip, lines))


def _outdated(app: Sphinx, env: BuildEnvironment, added: set, changed: set, removed: set) -> list[str]:
    """Pages whose run is another than the one their HTML was made from."""
    now = {str(Path(page["page"]).with_suffix("")): (page["key"], page["date"]) for page in read_report(env)["pages"]}
    before = getattr(env, "guide_runs", {})
    env.guide_runs = now
    return [name for name in env.found_docs if now.get(name) != before.get(name)]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directives and the check for new outputs."""
    app.add_directive("report-summary", ReportSummary)
    app.add_directive("report-table", ReportTable)
    app.add_directive("report-clients", ReportClients)
    app.connect("env-get-outdated", _outdated)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
