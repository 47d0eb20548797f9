"""``_build/report.json``: every block that ran, when, on which stack and with what result."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

_PAGE_KEYS = ("page", "status", "date", "seconds", "key", "error", "refused", "latency_ms")
_BLOCK_KEYS = ("page", "line", "kind", "language", "status", "seconds", "reason")


def write_report(records: list[dict[str, Any]], stack: str, path: Path) -> dict[str, Any]:
    """Write the report of ``records`` (see ``runner.run_pages``) to ``path`` and return it.

    ``pages`` has page, status, date (UTC), seconds, the key of its run, the hosts it asked for in vain and the
    latency it ran under; ``blocks`` has page, line, kind, language, status, seconds and reason, in the book's order.
    """
    report = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "stack": stack,
        "versions": next((record["versions"] for record in records if "versions" in record), {}),
        "pages": [{key: record.get(key) for key in _PAGE_KEYS} for record in records],
        "blocks": [{key: block[key] for key in _BLOCK_KEYS} for record in records for block in record["blocks"]],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    return report


def summary(report: dict[str, Any]) -> str:
    """The report in one line."""
    status = Counter(block["status"] for block in report["blocks"])
    kinds = Counter(block["kind"] for block in report["blocks"] if block["status"] == "passed")
    parts = [
        f"{len(report['pages'])} pages",
        f"{kinds['cell'] + kinds['run']} blocks ran",
        f"{kinds['file']} files written",
        f"{status['skipped']} opted out",
        f"{status['failed'] + sum(1 for page in report['pages'] if page['error'])} failed",
    ]
    return ", ".join(parts) + f" (stack {report['stack']})"


def failures(records: list[dict[str, Any]], stack: str) -> list[str]:
    """For each page that failed: page, line, block and error, and beneath the command that runs just that page."""
    lines = []
    for record in records:
        if record["status"] != "passed":
            option = "" if stack == "hub" else f" STACK={stack}"
            lines += [f"failed: {_told(record)}", f"  again with: make page PAGE={record['page']}{option}"]
    return lines


def _told(record: dict[str, Any]) -> str:
    block = next((block for block in record["blocks"] if block["status"] == "failed"), None)
    if block is None:
        return record["error"]
    place = f"cell {block['line']}" if record["page"].endswith(".ipynb") else block["line"]
    what = "cell" if block["kind"] == "cell" else f"{block['language']} block"
    return f"{record['page']}:{place}: {what} {block['reason']}"
