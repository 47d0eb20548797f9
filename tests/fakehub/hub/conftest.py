"""One hub and one browser for the tests of a module."""

from __future__ import annotations

from importlib.metadata import distributions

import hub_driver
import pytest
from playwright.sync_api import sync_playwright

from fakehub.isolation import namespace
from guide.browser import picture_capture
from guide.browser.hub_pictures import pictures


@pytest.fixture(scope="module")
def playwright():
    """Playwright for a module: a process may run only one at a time, and other folders' tests start theirs."""
    if not namespace.available():
        pytest.skip("this system allows no namespaces, and the hub needs them")
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="module")
def hub(playwright, stack):
    """A hub for the tests of a module."""
    with hub_driver.start(stack) as started:
        yield started


@pytest.fixture(scope="module")
def browser(hub, playwright, tmp_path_factory):
    """A browser in the hub's namespaces."""
    with hub.browser(playwright, tmp_path_factory.mktemp("browser")) as started:
        yield started


@pytest.fixture
def visit(browser):
    """Open a browser in which nobody is logged in: ``page = visit()``."""
    contexts = []

    def open_page(width: int = 1280, height: int = 900, **options):
        size = {"width": width, "height": height}
        # Only programs of the session trust the authority of the hub's certificate.
        context = browser.new_context(viewport=size, ignore_https_errors=True, **options)
        contexts.append(context)
        return context.new_page()

    yield open_page
    for context in contexts:
        context.close()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Run only the tests that capture pictures if ``--retake`` is given."""
    if config.getoption("--retake"):
        items[:] = [item for item in items if "check_picture" in item.fixturenames]


@pytest.fixture
def check_picture(hub, browser, stack, request):
    """Compare a page with its stored picture, or replace that if ``--retake`` is given: ``check_picture(page, name)``.

    The page's context must have ``device_scale_factor=2``. With other versions than those in the picture, the test only
    requires that all elements of the picture exist.
    """
    known = pictures(hub.facts)

    def check(page, name):
        images, words = picture_capture.capture(page, name, known[name])
        if request.config.getoption("--retake"):
            versions = {package.name: package.version for package in distributions(path=[hub.packages])}
            names = ("jupyterhub", "jupyterhub-fancy-profiles", "jupyterlab")
            made_with = {"hub": hub.facts.hub.url, "chromium": browser.version}
            made_with |= {name: versions[name] for name in names}
            journey = f"{request.path.stem}::{request.node.originalname}"
            entry = picture_capture.manifest_entry(known[name], images, words, journey, made_with)
            picture_capture.store(name, images, entry)
        elif stack == "hub":
            picture_capture.compare(name, images, words)

    return check
