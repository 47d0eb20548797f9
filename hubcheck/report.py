"""The result: a table, JSON, and an issue that contains it."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from hubcheck.common import Hub, Observation
from hubcheck.private import leaks

# The longest address that GitHub accepts, with some room.
LONGEST_ADDRESS = 7500


class CheckError(Exception):
    """Why a result is missing, in one line."""


@dataclass(frozen=True)
class Result:
    """All observations of one hub; ``left`` are objects that could not be deleted."""

    hub: Hub
    observations: list[Observation]
    left: list[str]

    @property
    def counts(self) -> Counter[tuple[str, str]]:
        """The number of observations by subject and verdict."""
        return Counter((one.name.partition(".")[0], one.verdict) for one in self.observations)

    def rows(self) -> list[dict[str, str]]:
        """Return the table, with a row for each observation; raises ``CheckError`` if anything in it is private."""
        rows = [
            {"observation": one.name, "verdict": one.verdict, "guide": one.says, "hub": one.seen or one.why_unseen}
            for one in self.observations
        ]
        for row in rows:
            _checked(self.hub, "\n".join(row.values()))
        return rows

    def summary(self) -> dict[str, Any]:
        """Return the result for JSON: names of what agrees, and both values of what differs."""
        by_verdict = {name: [one for one in self.observations if one.verdict == name] for name in _VERDICTS}
        return {
            "hub": self.hub.guide["url"],
            "guide": version(self.hub.guide),
            "agrees": " ".join(one.name for one in by_verdict["agrees"]),
            "differs": {one.name: {"guide": one.says, "hub": one.seen} for one in by_verdict["differs"]},
            "not observable": _by_reason(by_verdict["not observable"]),
        }

    def json(self) -> str:
        """Return the result as JSON; raises ``CheckError`` if anything in it is private."""
        self.rows()  # JSON may escape a character of a secret
        return _checked(self.hub, json.dumps(self.summary(), indent=1, ensure_ascii=False) + "\n")

    def text(self) -> str:
        """Return the table as text; raises ``CheckError`` if anything in it is private."""
        width = max((len(one.name) for one in self.observations), default=0)
        lines = [f"{row['observation']:{width}}  {row['verdict']:14}  {_values(row)}" for row in self.rows()]
        return "\n".join(lines) + "\n"

    def write(self, path: Path) -> None:
        """Write the result as JSON; raises ``CheckError`` if anything in it is private."""
        path.write_text(self.json(), encoding="utf-8")

    def issue(self) -> str:
        """Return the address of a new issue of the guide with this result, for the reader to look at and to send."""
        content = json.dumps(json.loads(self.json()), ensure_ascii=False)
        differs = sum(one.verdict == "differs" for one in self.observations)
        title = f"Check of the guide: {differs} of {len(self.observations)} observations differ"
        address = _issue_address(self.hub.guide["repository"], title, f"```json\n{content}\n```\n")
        if len(address) <= LONGEST_ADDRESS:
            return address
        return _issue_address(self.hub.guide["repository"], title, "Please paste the file result.json here.\n")


_VERDICTS = ("agrees", "differs", "not observable")


def version(guide: Mapping[str, Any]) -> str:
    """Return a name of what the guide says, which changes with it."""
    return hashlib.sha256(json.dumps(guide, sort_keys=True).encode()).hexdigest()[:12]


def _by_reason(observations: list[Observation]) -> dict[str, str]:
    names: dict[str, list[str]] = {}
    for one in observations:
        names.setdefault(one.why_unseen, []).append(one.name)
    return {reason: " ".join(found) for reason, found in names.items()}


def _values(row: Mapping[str, str]) -> str:
    if row["verdict"] == "agrees":
        return row["guide"]
    return f"the guide: {row['guide']}; here: {row['hub']}"


def _checked(hub: Hub, text: str) -> str:
    if found := leaks(text, hub.env, hub.guide["home"]):
        raise CheckError(f"the result contains {', '.join(found)}, so it is not shown: report this to the guide")
    return text


def _issue_address(repository: str, title: str, body: str) -> str:
    new, *names = ["issues/new", "title", "body"]
    if "gitlab" in urlsplit(repository).netloc:
        new, *names = ["-/issues/new", "issue[title]", "issue[description]"]
    query = dict(zip(names, (title, body), strict=True))
    return f"{repository.rstrip('/')}/{new}?{urlencode(query, quote_via=quote)}"
