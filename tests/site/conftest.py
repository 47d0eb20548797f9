"""A browser, and the built site as its host would serve it."""

import pytest
from guide.picture import NoBrowser, launch
from guide.serving import served
from playwright.sync_api import sync_playwright


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
