"""Measure how long a browser takes to the first output of a cell: "Run here" on a page, and the same in JupyterLite."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path, PurePosixPath

from bs4 import BeautifulSoup
from playwright.sync_api import Error, Page, sync_playwright

from bench.jupyterlite import PATH, lite_site
from bench.load import LoadError
from bench.samples import Plan, Sampler
from guide.browser.launch import FLAGS, NoBrowser, browser_path
from guide.browser.static_server import response_body, serve

OURS, LITE = "Run here", "JupyterLite"
COLD, WARM = "first output in the browser, cold", "first output in the browser, warm"
CELL = """import numpy as np
import pandas as pd
import xarray as xr

days = pd.date_range("2026-01-01", periods=4)
ds = xr.Dataset({"sst": ("time", np.arange(4.0))}, {"time": days})
print(ds)"""
# What the output must contain.
SHOWN = "<xarray.Dataset>"
# The page whose first cell is replaced.
PAGE = "book/buckets/read-and-write.html"
# A browser finds this machine only. Playwright's own way to refuse requests would also switch off the cache.
ONLY_HERE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
LONGEST_MS = 600_000

Visit = Callable[[Path], float]


def first_outputs(sampler: Sampler, plan: Plan, site: Path) -> None:
    """Measure a page of the built ``site`` and JupyterLite in turn, in each round with a new profile and once again."""
    with contextlib.ExitStack() as stack:
        visits = {
            OURS: _visit(stack, page_with_cell(site, CELL), PAGE, run_here),
            LITE: _visit(stack, lite_site(CELL), PATH, run_in_lite),
        }
        for _ in range(plan.rounds):
            for server, visit in visits.items():
                with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
                    for name in (COLD, WARM):
                        sampler.take(name, "s", server, partial(visit, Path(profile)))


def _visit(
    stack: contextlib.ExitStack, made: AbstractContextManager[Path], path: str, run: Callable[[Page], str]
) -> Visit:
    """Return a function that measures a visit to ``path`` on the site that ``made`` makes, or raises why it cannot."""
    try:
        folder = stack.enter_context(made)
    except LoadError as error:
        return partial(_refuse, error)
    _compress(folder)
    return partial(seconds_to_output, f"{stack.enter_context(serve(folder))}/{path}", run)


def _refuse(error: LoadError, _profile: Path) -> float:
    raise error


def _compress(folder: Path) -> None:
    """Compress all files now, as a host does when a site is uploaded."""
    for parent, _, names in os.walk(folder, followlinks=True):
        for name in names:
            response_body(Path(parent) / name)


@contextmanager
def page_with_cell(site: Path, cell: str) -> Iterator[Path]:
    """Yield a folder with a page of the built ``site``, where only ``cell`` runs; raise ``LoadError``."""
    file = site / PAGE
    html = BeautifulSoup(file.read_text(encoding="utf-8") if file.is_file() else "", "html.parser")
    button = html.select_one("[data-live]")
    if button is None:
        raise LoadError(f"{PAGE} does not run in the browser; run: make live, then make book")
    data_file = PurePosixPath(PAGE).with_name(str(button["data-live"]))
    data = json.loads((site / data_file).read_text(encoding="utf-8"))
    block = data["blocks"][0]["block"]
    data |= {"blocks": data["blocks"][:1], "exercises": []}
    code = html.select_one(f"#{block} pre")
    if code is None:
        raise LoadError(f"{PAGE} has no code in {block}; run: make book")
    code.string = cell
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / PAGE).parent.mkdir(parents=True)
        (folder / PAGE).write_text(str(html), encoding="utf-8")
        (folder / data_file).write_text(json.dumps(data), encoding="utf-8")
        for shared in ("_static", "_headers"):
            (folder / shared).symlink_to(site / shared)
        yield folder


def seconds_to_output(url: str, run: Callable[[Page], str], profile: Path) -> float:
    """Return the seconds from opening ``url`` to the output that ``run`` returns; raise ``LoadError``.

    The browser keeps its cache in ``profile``.
    """
    try:
        with sync_playwright() as playwright:
            context = playwright.chromium.launch_persistent_context(
                profile, executable_path=browser_path(), args=[*FLAGS, ONLY_HERE]
            )
            with contextlib.closing(context):
                page = context.pages[0]
                page.set_default_timeout(LONGEST_MS)
                begun = time.perf_counter()
                page.goto(url)
                output = run(page)
                seconds = time.perf_counter() - begun
    except NoBrowser as error:
        raise LoadError(str(error)) from error
    except Error as error:
        raise LoadError(f"no output: {error.message.splitlines()[0]}") from error
    if SHOWN not in output:
        raise LoadError(f"another output: {' '.join(output.split())[-200:]}")
    return seconds


def run_here(page: Page) -> str:
    """Run the first cell of a page of the guide, and return its output."""
    page.get_by_role("button", name="Run here").click()
    page.get_by_role("button", name="Run cell 1").click()
    return page.locator(".guide-live-output .output").first.inner_text()


def run_in_lite(page: Page) -> str:
    """Run the first cell of a notebook in JupyterLite, and return its output."""
    page.locator(".jp-CodeCell .cm-content").first.click()
    page.keyboard.press("Shift+Enter")
    return page.locator(".jp-OutputArea-output").first.inner_text()
