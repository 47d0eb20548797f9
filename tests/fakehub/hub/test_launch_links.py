"""The launch link of a notebook opens it on the hub, where all cells print the committed outputs.

On this hub, the repository has no other branch than that of notebooks, as the build makes it and a script publishes it.

Each takes a minute, so only some are opened; ``LAUNCH=all`` opens all of them. All addresses are checked.
"""

from __future__ import annotations

import html
import os
import re
import subprocess
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import nbformat
import pytest
from hub_driver import LONG_MS, ROOT, log_in, start, start_server
from notebook_driver import code_of, menu, run_all
from playwright.sync_api import expect

from fakehub.network.shaping import NetworkSettings
from guide.facts import load
from guide.run.compare_outputs import difference, without_log
from guide.run.machine import shorten_errors
from guide.run.page_session import visible_outputs
from guide.run.recorded_outputs import MEASURED
from scripts.publish_branch import publish

expect.set_options(timeout=LONG_MS)
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
# They use a Dask cluster and a terminal's programs.
_FEW = ("server-to-dask-cluster", "uploads-that-survive")
OPENED = [path for path in NOTEBOOKS if path.stem in _FEW or os.environ.get("LAUNCH") == "all"]
_GUIDE = load(ROOT / "hub.yml").guide


@pytest.fixture(scope="module")
def hub(playwright, stack, site, tmp_path_factory):
    """A hub on which the address of this repository on GitHub is one with the published branch of notebooks."""
    here = tmp_path_factory.mktemp("repository") / "guide.git"
    subprocess.run(["git", "init", "--quiet", "--bare", str(here)], check=True)
    assert publish(site.with_name("launch"), str(here))
    with start(stack, "--repository", f"{_GUIDE.repository}={here}") as started:
        yield started


@pytest.fixture(scope="module")
def page(hub, browser):
    """The page of a user whose server runs."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, ignore_https_errors=True)
    page = context.new_page()
    log_in(page, hub, "funky-user")
    start_server(page)
    yield page
    context.close()


def link_of(site: Path, notebook: Path) -> str:
    """Return the launch link on the page of a notebook."""
    text = (site / "notebooks" / f"{notebook.stem}.html").read_text(encoding="utf-8")
    (link,) = set(re.findall(r'href="(https://leap[^"]+git-pull[^"]+)"', text))
    return html.unescape(link)


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_launch_link_names_its_notebook(site, notebook):
    query = parse_qs(urlsplit(link_of(site, notebook)).query)

    assert query["repo"] == [_GUIDE.repository]
    assert query["branch"] == ["launch"]
    assert query["urlpath"] == [f"lab/tree/{query['targetpath'][0]}/notebooks/{notebook.name}"]


@pytest.mark.parametrize("notebook", OPENED, ids=lambda path: path.stem)
def test_a_launch_link_opens_its_notebook_which_runs_as_committed(site, hub, page, stack, notebook, monkeypatch):
    committed = nbformat.read(notebook, as_version=4)
    hub.control.set_network(NetworkSettings(latency_s=committed.metadata.get("latency_ms", 0) / 1000))
    page.goto(link_of(site, notebook))
    page.wait_for_url(f"**/lab/**/{notebook.name}*", timeout=LONG_MS)
    tab = page.get_by_role("tab", name=notebook.name)
    expect(tab).to_be_visible()

    home = hub.folder / "homes/funky-user"
    (copy,) = home.glob(f"*/notebooks/{notebook.name}")
    ran = run_all(page, copy)
    for cell in code_of(ran):
        shorten_errors(cell, home)

    menu(page, "Kernel", "Shut Down Kernel")
    if stack == "hub":  # outputs were recorded with these versions only
        monkeypatch.setenv("HOME", str(home))
        assert "\n".join(filter(None, map(differs, code_of(committed), code_of(ran)))) == ""


def differs(committed, ran):
    """Return the difference between the outputs of a cell and the committed ones; empty for measured outputs."""
    tags = committed.metadata.get("tags", [])
    if MEASURED in tags:
        return ""
    quiet = "remove-stderr" in tags
    return difference(visible_outputs(committed.outputs, quiet), visible_outputs(without_log(ran.outputs), quiet))
