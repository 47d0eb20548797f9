"""One hub and one browser for the journeys of a file."""

from __future__ import annotations

import pytest
from guide import hub_world
from playwright.sync_api import sync_playwright

from fakehub import namespace


@pytest.fixture(scope="module")
def playwright():
    """Playwright, of which a process may have one at a time: other folders' tests start theirs."""
    if not namespace.available():
        pytest.skip("this system allows no namespaces, and the hub needs them")
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="module")
def world(playwright, stack):
    """A hub for the journeys of a module."""
    with hub_world.start(stack) as started:
        yield started


@pytest.fixture(scope="module")
def browser(world, playwright, tmp_path_factory):
    """A browser that lives where the hub does."""
    with world.browser(playwright, tmp_path_factory.mktemp("browser")) as started:
        yield started


@pytest.fixture
def visit(browser):
    """Open a browser in which nobody is logged in: ``page = visit()``."""
    contexts = []

    def open_page(width: int = 1280, **options):
        # The hub's certificate is by an authority that only programs of the session trust.
        context = browser.new_context(viewport={"width": width, "height": 900}, ignore_https_errors=True, **options)
        contexts.append(context)
        return context.new_page()

    yield open_page
    for context in contexts:
        context.close()
