"""Publish what pages need to run in the reader's browser: the packs of ``make live``, and a file for each page.

Only a page that agreed in the gate has the button "Run here", and only while its code is the code that ran. The
file beside the page says which blocks run; ``book/_static/run-here.js`` loads it after a click.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable
from functools import cache
from html import escape
from pathlib import Path, PurePosixPath
from typing import Any

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

from guide.facts import load
from guide.live import differences
from guide.live.pack import LIST, Packs
from guide.live.pages import NOT_HERE, LivePage, live_page
from guide.live.verdicts import BOOT, FILES, VERDICTS, WORKER, Verdict, last_verdicts
from guide.pages.blocks import Page
from guide.paths import ROOT
from guide.report.proof import Proof

# The file of ``read-and-write.html`` is ``read-and-write.live.json``.
SUFFIX = ".live.json"
_MB = 1e6
_DAY_S = 86400.0
# A page that names this fact says when objects expire.
_EXPIRY = "delete_after_days"


def known_verdicts() -> dict[str, Verdict]:
    """Return the verdicts of the last ``make live``; nothing if there was none, or one of another version."""
    return _verdicts(VERDICTS.stat().st_mtime_ns) if VERDICTS.is_file() else {}


@cache
def _verdicts(changed_ns: int) -> dict[str, Verdict]:
    try:
        Packs.read(FILES)
        return last_verdicts(VERDICTS)
    except (OSError, TypeError):
        return {}


def verdict_of(page: Page) -> tuple[LivePage, Verdict] | None:
    """Return a page as it runs in the browser with its verdict; ``None`` if it has no button."""
    verdict = known_verdicts().get(str(page.path))
    live = live_page(page) if verdict and not verdict.problem else None
    return (live, verdict) if live and verdict and verdict.code == live.code else None


def base() -> str:
    """Return the folder of the packs in the site, whose name changes with them."""
    digest = hashlib.sha256()
    for file in (FILES / LIST, FILES / "hub.json", BOOT, WORKER):
        digest.update(file.read_bytes())
    return f"_static/live-{digest.hexdigest()[:10]}/"


def write_data(folder: Path, name: str, page: Page, proofs: Iterable[Proof]) -> str:
    """Write the file of the page ``name`` into the site in ``folder``; return the HTML of its button, or nothing."""
    file = folder / f"{name}{SUFFIX}"
    found = verdict_of(page)
    if found is None:
        file.unlink(missing_ok=True)
        return ""
    live, verdict = found
    file.parent.mkdir(parents=True, exist_ok=True)
    data = _data(live, verdict, {id(proof.block): proof.anchor for proof in proofs})
    file.write_text(json.dumps(data, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
    return _button(PurePosixPath(name).name + SUFFIX, data["bytes"])


def _data(live: LivePage, verdict: Verdict, anchors: dict[int, str]) -> dict[str, Any]:
    packs = Packs.read(FILES)
    blocks = []
    for block in live.blocks:
        declared = live.declared(block)
        entry: dict[str, Any] = {"block": anchors.get(id(block), "")}
        entry |= {"after_s": block.after_s} if block.after_s else {}
        entry |= {"target": block.target} if block.target else {}
        entry |= {"quiet": True} if live.is_quiet(block) else {}
        entry |= {"why": declared.why, "skip": not declared.runs} if declared else {}
        blocks.append(entry)
    return {
        "base": base(),
        "packs": packs.with_extra(live.packs),
        "figures": "figures" in live.packs,
        "bytes": packs.download_size(live.packs),
        "betweenWrites": live.page.between_writes_s,
        "files": live.files,
        "advance_s": _advance_s(live),
        "differences": differences.reasons(verdict.differences),
        "html": live.page.path.suffix == ".ipynb",
        "blocks": blocks,
        "exercises": [
            {"question": one.number, "start": one.start, "checks": one.checks, "hint": one.hint}
            for one in live.exercises
        ],
    }


def _advance_s(live: LivePage) -> float:
    """Return by how much a button moves the clock: past what the page is about; 0 for no button."""
    of_blocks = max((block.after_s for block in live.blocks), default=0.0)
    if not of_blocks and _EXPIRY in (ROOT / live.page.path).read_text(encoding="utf-8"):
        lives = [bucket.delete_after_days or 0 for bucket in load().buckets.options.values()]
        return (max(lives) + 1) * _DAY_S
    return of_blocks


def _button(file: str, size: int) -> str:
    about = (
        f"Runs the Python cells in your browser, on a copy of the hub's buckets. Downloads {size / _MB:.0f} MB once."
    )
    return (
        f'<div class="guide-live unsearched d-print-none" data-live="{escape(file)}" hidden>'
        f'<button type="button">Run here</button> <span>{about}</span></div>'
    )


def publish_files(app: Sphinx) -> None:
    """Copy the packs and the worker into the site, if a page uses them; remove those of earlier builds."""
    out = Path(app.outdir)
    used = any(out.rglob(f"*{SUFFIX}"))
    target = out / base() if used else None
    for old in (out / "_static").glob("live-*"):
        if old != target:
            shutil.rmtree(old)
    if target is not None and not target.is_dir():
        shutil.copytree(FILES, target)
        for file in (BOOT, WORKER):
            shutil.copy(file, target)


def pages_with_new_verdicts(app: Sphinx, env: BuildEnvironment, removed: set[str]) -> list[str]:
    """Return the pages to build again because of a new ``make live``, or of another reason for a difference."""
    known = known_verdicts()
    reasons = [file.read_text(encoding="utf-8") for file in (differences.FILE, NOT_HERE)]
    state = hashlib.sha256(repr((known, reasons, base() if known else "")).encode()).hexdigest()
    before = getattr(env, "guide_live", "")
    env.guide_live = state  # type: ignore[attr-defined]
    if state == before:
        return []
    return [name for name in env.found_docs if Path(env.doc2path(name, base=False)).as_posix() in known]
