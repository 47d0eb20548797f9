"""``make live``: fetch the parts, pack them, and find out which pages run in the browser."""

from __future__ import annotations

import json
from dataclasses import asdict

from guide.live import gate, pack, parts
from guide.live.pages import LivePage, live_page
from guide.live.verdicts import FILES, VERDICTS, Verdict
from guide.pages.reader import read_page
from guide.pages.toc import pages_of_book
from guide.paths import ROOT


def make(jobs: int) -> list[Verdict]:
    """Make everything that the site needs for pages that run in the browser, in ``_build/live``."""
    made = pack.make(parts.fetch(), FILES)
    (made.folder / "hub.json").write_text(gate.hub_settings(), encoding="utf-8")
    found = gate.verdicts(live_pages(), made, FILES.with_name("cache"), jobs, _show)
    verdicts = json.dumps([asdict(verdict) for verdict in found], indent=1)
    VERDICTS.write_text(verdicts, encoding="utf-8")
    return found


def live_pages() -> list[LivePage]:
    """Return the pages of the book that have something to run in a browser."""
    pages = (live_page(read_page(path, ROOT)) for path in pages_of_book())
    return [page for page in pages if page is not None]


def _show(verdict: Verdict) -> None:
    print(f"{verdict.page}: {verdict.problem.splitlines()[0] if verdict.problem else 'runs'}", flush=True)
