"""The verdicts of the gate, which ``make live`` writes and the site reads, and the files beside them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from guide.paths import BUILD

# The packs, and what browsers and Node.js start them with.
FILES = BUILD / "live" / "files"
BOOT = Path(__file__).parent / "browser" / "boot.mjs"
WORKER = BOOT.with_name("worker.mjs")
VERDICTS = BUILD / "live" / "verdicts.json"


@dataclass(frozen=True)
class Verdict:
    """Whether a page runs in the browser: its ``problem``, empty if it does, and the allowed ``differences``.

    ``code`` is the digest of the page's code. ``seconds`` is the time of all blocks without the start.
    """

    page: str
    problem: str
    code: str = ""
    differences: tuple[str, ...] = ()
    seconds: float = 0.0


def verdict_from(fields: dict[str, Any]) -> Verdict:
    """Return the verdict with these ``fields``, which were read as JSON."""
    return Verdict(**fields | {"differences": tuple(fields.get("differences", ()))})


def last_verdicts(file: Path = VERDICTS) -> dict[str, Verdict]:
    """Return the verdict of each page from the last ``make live``, by its path; nothing if there was none.

    Raises ``TypeError`` if another version wrote them.
    """
    if not file.is_file():
        return {}
    found = map(verdict_from, json.loads(file.read_text(encoding="utf-8")))
    return {verdict.page: verdict for verdict in found}
