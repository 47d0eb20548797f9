"""``make live``: fetch the parts, pack them, and find out which pages run in the browser."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from guide.live import gate, pack, parts
from guide.live.pages import LivePage, hub_settings, live_page
from guide.pages.reader import read_page
from guide.pages.toc import pages_of_book
from guide.paths import BUILD, ROOT

FOLDER = BUILD / "live"
VERDICTS = "verdicts.json"


def make(jobs: int) -> list[gate.Verdict]:
    """Make everything that the site needs for pages that run in the browser, in ``_build/live``."""
    made = pack.make(parts.fetch(), FOLDER / "files")
    (made.folder / "hub.json").write_text(hub_settings(), encoding="utf-8")
    found = gate.verdicts(live_pages(), made, FOLDER / "cache", jobs, _show)
    verdicts = json.dumps([asdict(verdict) for verdict in found], indent=1)
    (FOLDER / VERDICTS).write_text(verdicts, encoding="utf-8")
    return found


def live_pages() -> list[LivePage]:
    """Return the pages of the book that have something to run in a browser."""
    pages = (live_page(read_page(path, ROOT)) for path in pages_of_book())
    return [page for page in pages if page is not None]


def verdicts(folder: Path = FOLDER) -> dict[str, gate.Verdict]:
    """Return the verdict of each page from the last ``make live``, by its path; nothing if there was none."""
    file = folder / VERDICTS
    if not file.is_file():
        return {}
    found = map(gate.verdict_from, json.loads(file.read_text(encoding="utf-8")))
    return {verdict.page: verdict for verdict in found}


def _show(verdict: gate.Verdict) -> None:
    print(f"{verdict.page}: {verdict.problem.splitlines()[0] if verdict.problem else 'runs'}", flush=True)
