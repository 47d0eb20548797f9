"""Fixtures: a browser, and the built site served as its host does."""

import json

import pytest
from playwright.sync_api import sync_playwright

from guide.browser.launch import NoBrowser, launch
from guide.browser.static_server import serve


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
