"""Pages that run in the browser with the real Python, also hostile cells. Not run without ``make live``."""

import json
import re
import shutil

import pytest
from test_cards import THEME
from test_run_here import BLOCK, PAGE

from guide.browser.static_server import serve
from guide.live.pack import Packs
from guide.live.verdicts import BOOT, FILES, VERDICTS, WORKER
from guide.site.optimize.policy import policy, write_headers

WRITE = """import os
import xarray as xr
path = os.environ["SCRATCH_BUCKET"] + "/sst.zarr"
xr.Dataset({"sst": ("x", [15.0])}).to_zarr(path, mode="w", consolidated=False)
print(xr.open_zarr(path, consolidated=False).sst.values)"""
LOST = "print(xr.open_zarr(path, consolidated=False).sst.values)"
OUTSIDE = """import requests
requests.get("https://example.org")"""
THROUGH_SCRIPT = """import js
for name in ("fetch", "XMLHttpRequest", "WebSocket", "importScripts"):
    print(name, getattr(js, name, None))"""
MARKUP = "print('</script><script>globalThis.bad = 1</script>')"
HUGE = """import numpy as np
np.ones((100_000, 100_000))"""
CODES = [WRITE, OUTSIDE, THROUGH_SCRIPT, MARKUP, HUGE, LOST]
LATER_S = 8 * 86400
STARTED_MS = 120_000


def make_site(root, site):
    """Write a page with the packs of ``make live`` into the folder ``site``."""
    if not VERDICTS.is_file():
        pytest.skip("not run: make live, which packs Python for browsers, has not run here")
    shutil.copytree(root / "book/_static", site / "_static", ignore=shutil.ignore_patterns("*.png", "*.svg"))
    (site / "_static/theme.css").write_text(THEME)
    shutil.copytree(FILES, site / "_static/live-1")
    for file in (BOOT, WORKER):
        shutil.copy(file, site / "_static/live-1")
    packs = Packs.read(FILES)
    entries = [{"block": f"block-{number}"} for number in range(1, len(CODES) + 1)]
    entries[-1]["after_s"] = LATER_S
    data = {"base": "_static/live-1/", "packs": packs.with_extra(()), "figures": False, "betweenWrites": 0, "files": {}}
    data |= {
        "bytes": packs.download_size(()),
        "advance_s": 0,
        "differences": [],
        "html": True,
        "blocks": entries,
        "exercises": [],
    }
    (site / "page.live.json").write_text(json.dumps(data))
    blocks = [BLOCK.format(number=number, code=code.replace("<", "&lt;")) for number, code in enumerate(CODES, start=1)]
    (site / "page.html").write_text(PAGE.format(policy=policy([]), blocks="".join(blocks)))
    write_headers(site, [], [])


@pytest.fixture(scope="module")
def address(root, tmp_path_factory):
    """Serve the page."""
    site = tmp_path_factory.mktemp("run-here-python")
    make_site(root, site)
    with serve(site) as served:
        yield served


def _run(page, number):
    page.get_by_role("button", name=f"Run cell {number}").click()
    ended = re.compile(f"^Cell {number} (ran|raised)")
    page.locator(".guide-live-status").filter(has_text=ended).wait_for(timeout=STARTED_MS)
    return page.locator(f"#block-{number} .guide-live-output").inner_text()


def test_cells_reach_the_buckets_and_nothing_outside(open_page):
    page = open_page("page.html")
    hosts, said = set(), []
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    page.on("console", lambda message: said.append(message.text))
    page.get_by_role("button", name="Run here").click()
    page.locator(".guide-live-status").filter(has_text="Ready").wait_for(timeout=STARTED_MS)

    assert _run(page, 1).strip() == "[15.]"
    assert "ConnectionError: Cannot connect to host example.org" in _run(page, 2)
    assert re.findall(r"^(\w+) (.+)$", _run(page, 3), re.MULTILINE) == [
        (name, "None") for name in ("fetch", "XMLHttpRequest", "WebSocket", "importScripts")
    ]
    assert _run(page, 4).strip() == "</script><script>globalThis.bad = 1</script>"
    assert page.evaluate("globalThis.bad") is None
    assert re.search("MemoryError|ValueError", _run(page, 5))
    assert "GroupNotFoundError" in _run(page, 6), "the store has expired after more than a week"
    assert hosts == {page.url.split("/")[2]} and said == []


def test_an_endless_loop_ends_with_its_worker(open_page):
    page = open_page("page.html")
    page.get_by_role("button", name="Run here").click()
    status = page.locator(".guide-live-status")
    status.filter(has_text="Ready").wait_for(timeout=STARTED_MS)
    page.get_by_role("textbox", name="Code of cell 1").fill("while True: pass")
    page.get_by_role("button", name="Run cell 1").click()
    status.filter(has_text="Running cell 1").wait_for()
    page.get_by_role("button", name="Stop").click()
    status.filter(has_text="Stopped. Python was started again").wait_for(timeout=STARTED_MS)
    assert "[15.]" not in _run(page, 4)
