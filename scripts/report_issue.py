"""``python3 scripts/report_issue.py FILE``: open an issue with the text of a Markdown file, or update the open one.

The title is the file's first heading; the open issue with this title is rewritten. Runs in a workflow of GitHub, which
sets GITHUB_API_URL, GITHUB_REPOSITORY and, if the workflow asks for it, GITHUB_TOKEN. Uses the standard library only.
"""

from __future__ import annotations

import json
import os
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

_PAGE = 100
# GitHub refuses a longer text.
_LONGEST = 65_536
_VARIABLES = ("GITHUB_API_URL", "GITHUB_REPOSITORY", "GITHUB_TOKEN")


class ReportError(Exception):
    """Why no issue was written, in one line."""


def report(file: Path) -> str:
    """Write the content of a Markdown ``file`` to the issue with its title; return the issue's address.

    Raises ``ReportError``.
    """
    try:
        title, _, body = file.read_text(encoding="utf-8").lstrip("# ").partition("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ReportError(f"{file}: cannot be read as text") from error
    if not title.strip():
        raise ReportError(f"{file}: has no heading, which would be the title")
    if len(body) > _LONGEST:
        body = body.partition("<details>")[0][:_LONGEST]  # without the parts that are folded
    number = _open_issue(title.strip())
    content = {"title": title.strip(), "body": body.strip()}
    written = _request("PATCH", f"/{number}", content) if number else _request("POST", "", content)
    return str(written["html_url"])


def _open_issue(title: str) -> int | None:
    """Return the number of the oldest open issue with this title."""
    page = 1
    while True:
        found = _request("GET", f"?state=open&sort=created&direction=asc&per_page={_PAGE}&page={page}")
        for issue in found:
            if issue["title"] == title and "pull_request" not in issue:
                return int(issue["number"])
        if len(found) < _PAGE:
            return None
        page += 1


def _request(method: str, path: str, content: dict[str, str] | None = None) -> Any:
    missing = [name for name in _VARIABLES if not os.environ.get(name)]
    if missing:
        raise ReportError(f"{', '.join(missing)}: not set; this script runs in a workflow of GitHub")
    api, repository, token = (os.environ[name] for name in _VARIABLES)
    request = urllib.request.Request(  # noqa: S310 - GitHub sets the address
        f"{api}/repos/{repository}/issues{path}",
        data=json.dumps(content).encode() if content else None,
        method=method,
        headers={"Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            return json.load(answer)
    except (urllib.error.URLError, TimeoutError, ValueError) as error:
        raise ReportError(f"{method} of the repository's issues failed: {error}") from error


def main(arguments: list[str]) -> int:
    """Report the file named; return 0, or 1 or 2 after one line on stderr."""
    if len(arguments) != 1:
        print("report_issue: name one file: python3 scripts/report_issue.py FILE", file=sys.stderr)
        return 2
    try:
        print(report(Path(arguments[0])))
    except ReportError as error:
        print(f"report_issue: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
