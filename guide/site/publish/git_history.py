"""Dates of changes, from git. Outside a checkout, and before the first commit of a shallow clone, there are none."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from guide.facts import Facts


def last_changes(root: Path) -> dict[str, datetime]:
    """Return the date (UTC) of the last commit that changed each file, by its path relative to ``root``.

    Files with uncommitted changes are left out, as are files whose last change is in the first commit of a shallow
    clone, which appears to change every file.
    """
    changes: dict[str, datetime | None] = {}
    for when, names in _commits(root):
        for name in names:
            changes.setdefault(name, when)
    edited = _git(root, "diff", "--relative", "--name-only", "HEAD") or ""
    for name in edited.splitlines():
        changes.pop(name, None)
    return {name: when for name, when in changes.items() if when is not None}


def first_changes(root: Path) -> dict[str, datetime]:
    """Return the date (UTC) of the commit that added each file, by its path relative to ``root``.

    A file that was renamed counts as new. Those that the first commit of a shallow clone has are left out.
    """
    added: dict[str, datetime | None] = {}
    for when, names in _commits(root, "--diff-filter=A"):
        for name in names:
            added.setdefault(name, when)
    return {name: when for name, when in added.items() if when is not None}


def _commits(root: Path, *options: str) -> Iterator[tuple[datetime | None, list[str]]]:
    """Yield each commit, newest first: its date (None at the start of a shallow clone) and its files."""
    log = _git(root, "log", "--no-merges", "--relative", "--name-only", "--format=%x00%H %ct", *options) or ""
    boundary = _boundary_commits(root)
    for entry in log.split("\0")[1:]:
        head, *names = entry.strip("\n").split("\n")
        commit, seconds = head.split()
        yield None if commit in boundary else datetime.fromtimestamp(int(seconds), UTC), list(filter(None, names))


def facts_date(facts: Facts) -> str:
    """Return the date of the newest source of the facts, among those with a full date."""
    return max(source.date for source in facts.sources.values() if len(source.date) == len("2026-01-01"))


def last_commit(root: Path) -> tuple[str, datetime] | None:
    """Return the short hash and the date (UTC) of the last commit; None outside git."""
    words = (_git(root, "log", "-1", "--format=%h %ct") or "").split()
    return (words[0], datetime.fromtimestamp(int(words[1]), UTC)) if words else None


def _boundary_commits(root: Path) -> set[str]:
    """Return the commits whose parents a shallow clone does not have."""
    path = (_git(root, "rev-parse", "--path-format=absolute", "--git-path", "shallow") or "").strip()
    return set(Path(path).read_text().split()) if path and Path(path).is_file() else set()


def _git(root: Path, *arguments: str) -> str | None:
    """Return what git prints, with names of files unquoted; None if it fails."""
    try:
        done = subprocess.run(["git", "-c", "core.quotePath=false", *arguments], cwd=root, capture_output=True)
    except OSError:
        return None
    return done.stdout.decode() if done.returncode == 0 else None
