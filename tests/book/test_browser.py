"""The site as a browser shows it: wide and narrow, light and dark."""

import functools
import http.server
import threading

import pytest
from guide.picture import NoBrowser, launch, take
from playwright.sync_api import sync_playwright

READ_AND_WRITE = "book/buckets/read-and-write.html"


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def address(site):
    """The site's address on a free port of this machine."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=site))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


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


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (390, "dark")])
def test_every_page_fits_is_quiet_and_asks_nobody_else(site, address, browser, width, theme):
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=theme)
    page = context.new_page()
    noise, requests = [], []
    page.on("pageerror", lambda error: noise.append(f"{page.url}: {error}"))
    page.on("request", lambda request: requests.append(request.url))

    for path in sorted([*site.glob("book/**/*.html"), *site.glob("notebooks/*.html")]):
        page.goto(f"{address}/{path.relative_to(site)}")
        wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        unnamed = page.evaluate("[...document.images].filter(i => i.alt === null || !i.complete).length")

        assert (wider, unnamed) == (0, 0), path
        assert page.title() and page.locator("article h1").count() == 1, path
    context.close()

    assert noise == []
    assert [url for url in requests if not url.startswith((address, "data:"))] == []


def test_the_copy_button_copies_the_cell_as_it_ran(address, browser, root):
    context = browser.new_context()
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=address)
    page = context.new_page()
    page.goto(f"{address}/{READ_AND_WRITE}")
    cell = page.locator("div.cell_input", has_text="to_zarr").first

    cell.hover()
    cell.locator("button.copybtn").click()
    copied = page.evaluate("navigator.clipboard.readText()")
    context.close()

    assert copied.strip() in (root / "book/buckets/read-and-write.md").read_text()
    assert copied.strip().startswith("url = ")


def test_the_readmes_picture_can_be_taken_again(browser, site, root, tmp_path):
    take(browser, site, tmp_path / "guide.png")

    assert (tmp_path / "guide.png").read_bytes()[16:24] == (root / "book/_images/guide.png").read_bytes()[16:24]
    assert "book/_images/guide.png" in (root / "README.md").read_text()
