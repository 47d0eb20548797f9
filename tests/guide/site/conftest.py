"""Fixtures: a browser, and the built site served as its host does."""

import json
import shutil

import pytest
from PIL import Image
from playwright.sync_api import sync_playwright

from guide.browser.launch import NoBrowser, launch
from guide.browser.static_server import serve
from guide.site.optimize.policy import policy

BAD = """<html lang="en"><head><title>Bad</title><meta http-equiv="Content-Security-Policy" content="{policy}">
<link rel="stylesheet" href="cut.css"></head>
<body><main><article class="bd-article"><h1>Bad</h1>{body}</article></main>
<script src="theme.js"></script><script src="blocks.js"></script></body></html>"""
# Follows the theme of the system, as pages of the site do.
THEME = """const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => { document.documentElement.dataset.theme = dark.matches ? "dark" : "light"; };
dark.onchange = follow;
follow();"""


@pytest.fixture(scope="module")
def bad_site(tmp_path_factory, root):
    """A site of the broken pages."""
    site = tmp_path_factory.mktemp("bad")
    Image.new("RGB", (30, 20), "white").save(site / "blurred.png")
    (site / "theme.js").write_text(THEME)
    shutil.copy(root / "book/_static/blocks.js", site)
    (site / "cut.css").write_text(".cut { overflow: hidden } .far { position: absolute; right: calc(100vw - 30px) }")
    for path in (root / "tests/broken/site").glob("*.html"):
        (site / path.name).write_text(BAD.format(policy=policy([]), body=path.read_text()))
    return site


@pytest.fixture(scope="module")
def address(site):
    """Serve the site on a free port; its address."""
    with serve(site) as served:
        yield served


@pytest.fixture(scope="module")
def browser():
    """A headless Chromium."""
    with sync_playwright() as playwright:
        try:
            browser = launch(playwright)
        except NoBrowser as error:
            pytest.fail(str(error), pytrace=False)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser, address):
    """Open a page of the site in a new browser context that may use the clipboard.

    ``kept`` are the reader's names that the browser stored on an earlier visit.
    """
    contexts = []

    def open_(path: str, width: int = 1280, kept: object = None, **options):
        context = browser.new_context(viewport={"width": width, "height": 900}, reduced_motion="reduce", **options)
        context.grant_permissions(["clipboard-read", "clipboard-write"], origin=address)
        contexts.append(context)
        if kept is not None:
            context.add_init_script(f"localStorage.setItem('guide-names', {json.dumps(json.dumps(kept))})")
        page = context.new_page()
        page.goto(f"{address}/{path}")
        return page

    yield open_
    for context in contexts:
        context.close()
