"""A browser, and the built site as its host would serve it."""

import json

import pytest
from playwright.sync_api import sync_playwright

from guide.browser.launch import NoBrowser, launch
from guide.browser.static_server import served


@pytest.fixture(scope="module")
def address(site):
    """The site's address on a free port of this machine."""
    with served(site) as found:
        yield found


@pytest.fixture(scope="module")
def browser():
    """Debian's Chromium, or another on the machine."""
    with sync_playwright() as playwright:
        try:
            browser = launch(playwright)
        except NoBrowser as error:
            pytest.fail(str(error), pytrace=False)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser, address):
    """Open a page of the site in a window of its own that may use the clipboard; ``kept`` are the names that the
    browser keeps from an earlier visit.
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
