"""When files changed, from git, and nothing where git does not know: outside a checkout, or beyond a shallow one."""

from __future__ import annotations

import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from guide.facts import Facts


def last_changes(root: Path) -> dict[str, datetime]:
    """When each file below ``root`` was last changed by a commit (UTC), by its path relative to ``root``.

    A file that is other than the last commit has it, or whose last change lies in the first commit of a shallow
    clone (which seems to change every file), is left out: nobody knows.
    """
    log = _git(root, "log", "--no-merges", "--relative", "--name-only", "--format=%x00%H %ct")
    if log is None:
        return {}
    cut = _cut_off(root)
    changes: dict[str, datetime | None] = {}
    for entry in log.split("\0")[1:]:
        head, *names = entry.strip("\n").split("\n")
        commit, seconds = head.split()
        when = None if commit in cut else datetime.fromtimestamp(int(seconds), UTC)
        for name in filter(None, names):
            changes.setdefault(name, when)
    edited = _git(root, "diff", "--relative", "--name-only", "HEAD") or ""
    for name in edited.splitlines():
        changes.pop(name, None)
    return {name: when for name, when in changes.items() if when is not None}


def facts_date(facts: Facts) -> str:
    """The day of the newest source of the facts, of those that name a day."""
    return max(source.date for source in facts.sources.values() if len(source.date) == len("2026-01-01"))


def last_commit(root: Path) -> tuple[str, datetime] | None:
    """The short name of the last commit, and when it was made (UTC); None outside git."""
    told = (_git(root, "log", "-1", "--format=%h %ct") or "").split()
    return (told[0], datetime.fromtimestamp(int(told[1]), UTC)) if told else None


def line_dates(root: Path, name: str) -> list[datetime | None]:
    """When each line of the file ``name`` was last changed by a commit (UTC), where git knows; else None."""
    blamed = _git(root, "blame", "--root", "--line-porcelain", "--", name) or ""
    cut = _cut_off(root)
    dates: list[datetime | None] = []
    commit, seconds = "", 0
    for line in blamed.splitlines():
        if line.startswith("\t"):
            known = commit not in cut and commit.strip("0")
            dates.append(datetime.fromtimestamp(seconds, UTC) if known else None)
        elif line.startswith("committer-time "):
            seconds = int(line.split()[1])
        elif re.match(r"[0-9a-f]{40} ", line):
            commit = line.split()[0]
    return dates


def _cut_off(root: Path) -> set[str]:
    """Commits whose parents a shallow clone does not have."""
    path = (_git(root, "rev-parse", "--path-format=absolute", "--git-path", "shallow") or "").strip()
    return set(Path(path).read_text().split()) if path and Path(path).is_file() else set()


def _git(root: Path, *arguments: str) -> str | None:
    """What git prints, in English and with names as they are; None where it fails."""
    try:
        done = subprocess.run(["git", "-c", "core.quotePath=false", *arguments], cwd=root, capture_output=True)
    except OSError:
        return None
    return done.stdout.decode() if done.returncode == 0 else None
