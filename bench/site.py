"""Measure pages of the site in Lighthouse, as on a phone with a slow network, beside the same pages in stock form."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from typing import Any

import yaml

from bench.load import LoadError
from bench.samples import Plan, Sampler
from bench.tools import NODE_MODULES, node
from guide.browser.launch import FLAGS, NoBrowser, browser_path
from guide.browser.static_server import serve
from guide.pages.hub_variant import current_facts
from guide.paths import ROOT
from guide.site.options import SiteOptions
from guide.site.settings import settings as settings_for_hub

OURS, STOCK = "the site", "stock Jupyter Book 1"
TEXT = ("book/index", "book/hub/get-access", "book/buckets/rules", "book/help/permissions")
NOTEBOOK = "notebooks/first-zarr-store"
PAGES = (*TEXT, NOTEBOOK)
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
WEIGHT = "first view"


def lighthouse(sampler: Sampler, plan: Plan, site: Path) -> None:
    """Measure five pages of the built ``site`` and the same pages in stock form, in turn in every round."""
    with stock_site(site) as stock, serve(site) as ours, serve(stock) as theirs:
        for _ in range(plan.rounds):
            for page in PAGES:
                for server, address in ((OURS, ours), (STOCK, theirs)):
                    _measure(sampler, page, server, f"{address}/{page}.html")


def category_name(category: str, page: str) -> str:
    """Return the name of the figure for a category of Lighthouse."""
    return f"Lighthouse {category.replace('-', ' ')}, {page}"


def weight_name(page: str) -> str:
    """Return the name of the figure for the bytes of a first view."""
    return f"{WEIGHT}, {page}"


def _measure(sampler: Sampler, page: str, server: str, url: str) -> None:
    scores = cache(partial(_scores_of_page, url))

    def score(name: str) -> float:
        return scores()[name]

    for category in CATEGORIES:
        sampler.take(category_name(category, page), "points", server, partial(score, category))
    sampler.take(weight_name(page), "KB", server, partial(score, "weight"))


def scores_of(report: dict[str, Any]) -> dict[str, float]:
    """Return the points of 100 for each category of Lighthouse's report, and the ``weight`` in KB.

    Raises ``LoadError`` if Lighthouse could not load the page.
    """
    scores = {name: report.get("categories", {}).get(name, {}).get("score") for name in CATEGORIES}
    if None in scores.values():
        raise LoadError(f"Lighthouse gave no score: {report.get('runtimeError', {}).get('message', 'no message')}")
    weight = report["audits"]["total-byte-weight"]["numericValue"]
    return {name: score * 100 for name, score in scores.items()} | {"weight": weight / 1000}


def _scores_of_page(url: str) -> dict[str, float]:
    program = node()
    if program is None:
        raise LoadError("Node.js is not installed; `make tools` installs it")
    try:
        browser = browser_path()
    except NoBrowser as error:
        raise LoadError(str(error)) from error
    command = [str(program), str(NODE_MODULES / "lighthouse" / "cli" / "index.js"), url]
    command += ["--output=json", "--quiet", "--no-enable-error-reporting", f"--only-categories={','.join(CATEGORIES)}"]
    command += [f"--chrome-flags=--headless=new {' '.join(FLAGS)}"]
    with tempfile.TemporaryDirectory() as folder:  # the browser leaves files behind
        env = os.environ | {"CHROME_PATH": browser, "TMPDIR": folder}
        process = subprocess.run(command, env=env, capture_output=True, text=True)
    if process.returncode:
        raise LoadError(f"Lighthouse ended with {process.returncode}: {process.stderr.strip()[-200:]}")
    return scores_of(json.loads(process.stdout))


@contextmanager
def stock_site(site: Path) -> Iterator[Path]:
    """Build the same pages with Jupyter Book and its theme, without what this project adds; raise ``LoadError``."""
    with tempfile.TemporaryDirectory() as folder:
        settings = settings_for_hub(current_facts())
        sphinx = settings["sphinx"]
        sphinx["config"] |= SiteOptions(report=str(site.parent / "report.json"), optimize=False).configuration()
        for name in ("html_css_files", "html_js_files"):
            sphinx["config"].pop(name)
        config = Path(folder) / "_config.yml"
        config.write_text(yaml.safe_dump(settings), encoding="utf-8")
        command = [str(Path(sys.executable).with_name("jupyter-book")), "build", str(ROOT), "-q"]
        command += ["--config", str(config), "--path-output", folder]
        build = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if build.returncode:
            raise LoadError(f"the stock site was not built: {build.stdout.strip()[-200:]}")
        yield Path(folder) / "_build" / "html"
