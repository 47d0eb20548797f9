"""Builds the site: run the pages, hand their outputs to the book, let Jupyter Book make HTML of it."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import nbformat

from guide.report import summary, write_report
from guide.runner import BUILD, ROOT, Lane, pages_of_book, run_pages

REPORT = BUILD / "report.json"
# Where _config.yml tells the book to look for executed pages.
CACHE = BUILD / ".jupyter_cache"


def build_site(lane: Lane, jobs: int, out: Path | None = None) -> int:
    """Build the site into ``out`` (default ``_build``, so that the site is in ``_build/html``); exit status.

    A site whose sources and runs are those of the last build is left as it is.
    """
    started = time.monotonic()
    records = run_pages(pages_of_book(), lane, jobs)
    stamp_file = (out or BUILD) / ".built"
    html = (out or BUILD) / ("html" if out is None else "_build/html")
    failed = [record["page"] for record in records if record["status"] != "passed"]
    if failed:
        print(summary(write_report(records, lane.stack, REPORT)))
        for page in failed:
            print(f"failed: {page}   again with: make page PAGE={page}", file=sys.stderr)
        return 1
    stamp = _stamp(records, lane)
    if stamp_file.is_file() and stamp_file.read_text() == stamp and (html / "index.html").is_file():
        print(f"{_shown(html / 'index.html')}: nothing changed since it was built")
        return 0
    stamp_file.unlink(missing_ok=True)
    report = write_report(records, lane.stack, REPORT)
    _fill_cache(records)
    status = _sphinx(out)
    if status:
        print("the site was not built; the lines above say why", file=sys.stderr)
        return status
    stamp_file.write_text(stamp)
    print(summary(report))
    print(f"{_shown(html / 'index.html')}: built in {time.monotonic() - started:.0f} s with 0 warnings")
    return 0


def _shown(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def _stamp(records: list[dict[str, Any]], lane: Lane) -> str:
    """Digest of all that the site is made of."""
    digest = hashlib.sha256(lane.stack.encode())
    for record in records:
        digest.update(record["key"].encode())
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True
    )
    names = listed.stdout.decode().split("\0") if listed.returncode == 0 else []
    wanted = ("book/", "notebooks/", "_config.yml", "_toc.yml", "hub.yml", "CHANGELOG.md", "lock/")
    # Outside a git checkout there is no list of sources, and so no telling that nothing changed.
    digest.update(b"" if names else os.urandom(16))
    for name in sorted(name for name in names if name.startswith(wanted) and (ROOT / name).is_file()):
        digest.update(name.encode() + b"\0" + hashlib.sha256((ROOT / name).read_bytes()).digest())
    return digest.hexdigest()


def _fill_cache(records: list[dict[str, Any]]) -> None:
    """Make the jupyter-cache anew from what ran; the book only reads it.

    jupyter-cache finds a notebook by its cells alone. Two pages with the very same cells would show each
    other's outputs, so that is refused.
    """
    from jupyter_cache import get_cache
    from jupyter_cache.base import CacheBundleIn

    shutil.rmtree(CACHE, ignore_errors=True)
    cache = get_cache(CACHE)
    seen: dict[str, str] = {}
    for record in records:
        if record["notebook"] is None:
            continue
        notebook = nbformat.from_dict(record["notebook"])
        _, hashkey = cache.create_hashed_notebook(notebook)
        if hashkey in seen:
            raise SystemExit(f"{record['page']} has the same cells as {seen[hashkey]}; make one of them differ")
        seen[hashkey] = record["page"]
        data = {"execution_seconds": record["seconds"]}
        cache.cache_notebook_bundle(CacheBundleIn(notebook, record["page"], data=data), check_validity=False)


def _sphinx(out: Path | None) -> int:
    """Let Jupyter Book make the HTML, with warnings as errors; a named ``out`` is built from nothing."""
    command = [sys.executable, "-m", "jupyter_book.cli.main", "build", str(ROOT), "-W", "-n", "--keep-going", "-q"]
    if out is not None:
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir(parents=True)
        command += ["--path-output", str(out)]
    env = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1]), "GUIDE_REPORT": str(REPORT)}
    done = subprocess.run(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        print(done.stdout, file=sys.stderr)
    return done.returncode
