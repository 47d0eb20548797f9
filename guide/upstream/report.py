"""Describe in Markdown what a check of the facts found."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from guide.upstream.compare import Finding, Verdict
from guide.upstream.expected import MISSING


@dataclass(frozen=True)
class Commit:
    """The commit of a checkout, in short, and its date; both are empty outside git."""

    name: str = ""
    date: str = ""

    def __str__(self) -> str:
        return f"{self.name} ({self.date})" if self.name else "unknown commit"


def commit_of(checkout: Path) -> Commit:
    """Return the last commit of a checkout; a copy without git has none."""
    if not (checkout / ".git").exists():
        return Commit()
    command = ["git", "-C", str(checkout), "log", "-1", "--abbrev=7", "--format=%h %cs"]
    words = subprocess.run(command, capture_output=True, text=True).stdout.split()
    return Commit(*words) if len(words) == 2 else Commit()


def report(findings: Sequence[Finding], commits: Mapping[str, Commit]) -> str:
    """Return the tables of the facts that changed, that were confirmed, and that could not be checked.

    ``commits`` are those of the sources that were compared.
    """
    by_verdict: dict[Verdict, list[Finding]] = {"changed": [], "confirmed": [], "not verifiable": []}
    for finding in findings:
        by_verdict[finding.verdict].append(finding)
    compared = ", ".join(f"{name} {commit}" for name, commit in commits.items())
    counts = ", ".join(f"{len(found)} {verdict}" for verdict, found in by_verdict.items())
    lines = ["# Facts compared with their sources", "", f"Compared with: {compared}", "", f"Facts: {counts}", ""]
    lines += ["## Changed", ""]
    rows = [[f"`{one.key}`", _shown(one.value), _shown(one.now), _where(one, commits)] for one in by_verdict["changed"]]
    lines += _table(["Fact", "Recorded", "Source", "Line"], rows) if rows else ["Nothing.", ""]
    rows = [[f"`{one.key}`", _shown(one.value), _where(one, commits)] for one in by_verdict["confirmed"]]
    lines += _folded("Confirmed", _table(["Fact", "Value", "Line"], rows))
    rows = [[f"`{one.key}`", _shown(one.value), one.source] for one in by_verdict["not verifiable"]]
    lines += _folded("Not verifiable", _table(["Fact", "Value", "Read in"], rows))
    return "\n".join(lines)


def _shown(value: Any) -> str:
    """Return a value as a cell of a table."""
    if value is MISSING:
        return "not there"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text.replace("\n", " ").replace("|", r"\|")


def _where(finding: Finding, commits: Mapping[str, Commit]) -> str:
    commit = commits.get(finding.source, Commit()).name
    return " ".join(filter(None, (commit, str(finding.place or "no line"))))


def _table(header: list[str], rows: list[list[str]]) -> list[str]:
    lines = [f"| {' | '.join(cells)} |" for cells in (header, ["---"] * len(header), *rows)]
    return [*lines, ""]


def _folded(title: str, lines: list[str]) -> list[str]:
    return ["<details>", f"<summary>{title}</summary>", "", *lines, "</details>", ""]
