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

from guide.live.differences import reasons
from guide.live.pages import LivePage, live_page
from guide.live.verdicts import BOOT, FILES, VERDICTS, WORKER, Verdict, last_verdicts
from guide.pages.blocks import Page
from guide.report.proof import Proof

# The file of ``read-and-write.html`` is ``read-and-write.live.json``.
SUFFIX = ".live.json"
# Compressed by hosts; the packs are compressed already.
_COMPRESSED_SIZE = {".wasm": 0.368, ".mjs": 0.21, ".json": 0.15}
_MB = 1e6


@cache
def _verdicts(changed_ns: int) -> dict[str, Verdict]:
    return last_verdicts()


def verdict_of(page: Page) -> tuple[LivePage, Verdict] | None:
    """Return a page as it runs in the browser with its verdict; ``None`` if it has no button."""
    verdict = _verdicts(VERDICTS.stat().st_mtime_ns).get(str(page.path)) if VERDICTS.is_file() else None
    live = live_page(page) if verdict and not verdict.problem else None
    return (live, verdict) if live and verdict and verdict.code == live.code else None


def base() -> str:
    """Return the folder of the packs in the site, whose name changes with them."""
    digest = hashlib.sha256()
    for file in (FILES / "packs.json", FILES / "hub.json", BOOT, WORKER):
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
    names = json.loads((FILES / "packs.json").read_text(encoding="utf-8"))
    packs = [names[name] for name in ("packages", *live.packs, "hub")]
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
        "packs": packs,
        "figures": "figures" in live.packs,
        "bytes": download_size(packs),
        "betweenWrites": live.page.between_writes_s,
        "files": live.files,
        "differences": reasons(verdict.differences),
        "html": live.page.path.suffix == ".ipynb",
        "blocks": blocks,
    }


def download_size(packs: list[str]) -> int:
    """Return about how many bytes are downloaded, with the compression of hosts."""
    files = [*packs, "pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip", "hub.json"]
    sizes = {name: (FILES / name).stat().st_size for name in files}
    return round(sum(size * _COMPRESSED_SIZE.get(Path(name).suffix, 1) for name, size in sizes.items()))


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
    """Return the pages to build again because they have the button now and had none, or the other way round."""
    known = {page: (verdict.code, verdict.problem) for page, verdict in last_verdicts().items()}
    state = hashlib.sha256(repr((sorted(known.items()), base() if known else "")).encode()).hexdigest()
    before = getattr(env, "guide_live", "")
    env.guide_live = state  # type: ignore[attr-defined]
    if state == before:
        return []
    return [name for name in env.found_docs if Path(env.doc2path(name, base=False)).as_posix() in known]
