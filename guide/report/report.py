"""``_build/report.json``: every block that ran, when, on which stack and with what result."""

from __future__ import annotations

import json
import os
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from guide.run.recorded_outputs import MEASURED

_PAGE_KEYS = ("page", "status", "date", "seconds", "key", "error", "refused", "latency_ms")
_BLOCK_KEYS = ("page", "line", "kind", "language", "status", "seconds", "reason", "digest")


def _pictures(record: dict[str, Any]) -> dict[str, int]:
    """How many pictures the cells of a page drew, and how many of them are compared with those recorded."""
    drawn = [
        MEASURED not in cell.get("metadata", {}).get("tags", [])
        for cell in (record["notebook"] or {}).get("cells", [])
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {})
    ]
    return {"pictures": len(drawn), "pictures_compared": sum(drawn)}


def write_report(records: list[dict[str, Any]], stack: str, path: Path) -> dict[str, Any]:
    """Write the report of ``records`` (see ``runner.run_pages``) to ``path`` and return it.

    ``pages`` has page, status, date (UTC), seconds, the key of its run, the hosts it asked for in vain, the latency
    it ran under, how many pictures it drew and how many of them are compared; ``blocks`` has page, line, kind,
    language, status, seconds, reason and the digest of its source, in the book's order. With
    ``SOURCE_DATE_EPOCH`` in the environment, the time of a commit, that is the date of all, and nothing is said of
    seconds: two builds of one commit are the same.
    """
    report = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "stack": stack,
        "versions": next((record["versions"] for record in records if "versions" in record), {}),
        "pages": [{key: record.get(key) for key in _PAGE_KEYS} | _pictures(record) for record in records],
        "blocks": [{key: block[key] for key in _BLOCK_KEYS} for record in records for block in record["blocks"]],
    }
    if "SOURCE_DATE_EPOCH" in os.environ:
        date = datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), UTC).isoformat(timespec="seconds")
        report["date"] = date
        report["pages"] = [page | {"date": date, "seconds": None} for page in report["pages"]]
        report["blocks"] = [block | {"seconds": None} for block in report["blocks"]]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    return report


def without_program(report: dict[str, Any]) -> list[dict[str, Any]]:
    """The blocks that were not run because a program is not on this machine; their ``reason`` names it."""
    return [block for block in report["blocks"] if block["status"] == "not run" and block["reason"]]


def took(seconds: float | None) -> str:
    """How long a run took, as text; a dash where nothing is said of it."""
    return "-" if seconds is None else f"{seconds:.1f}"


def summary(report: dict[str, Any]) -> str:
    """The report in one line."""
    status = Counter(block["status"] for block in report["blocks"])
    kinds = Counter(block["kind"] for block in report["blocks"] if block["status"] == "passed")
    lacking = len(without_program(report))
    parts = [
        f"{len(report['pages'])} pages",
        f"{kinds['cell'] + kinds['run']} blocks ran",
        f"{kinds['file']} files written",
        f"{status['skipped']} opted out",
        *([f"{status['parsed']} parsed"] if status["parsed"] else []),
        *([f"{lacking} not run for want of a program"] if lacking else []),
        f"{sum(page['status'] != 'passed' for page in report['pages'])} failed",
    ]
    return ", ".join(parts) + f" (stack {report['stack']})"


def failures(records: list[dict[str, Any]], stack: str) -> list[str]:
    """For each page that failed: page, line, block and error, and the command that runs just that page."""
    lines = []
    for record in records:
        if record["status"] != "passed":
            option = "" if stack == "hub" else f" STACK={stack}"
            error = record["error"].partition("\n")[0]
            lines += [f"failed: {error}", f"  again with: make page PAGE={record['page']}{option}"]
    return lines
