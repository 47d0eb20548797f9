"""The core of the site in Firefox: reading, search, copying, the list of pages and the theme.

Marionette, Firefox's own remote control, drives it. Chromium is tested everywhere else, in more detail.
"""

import math
import os
import shutil
import sys

import pytest
from axe_playwright_python.base import AXE_SCRIPT

if sys.platform != "linux":
    pytest.skip("not run: Firefox is driven on Linux only", allow_module_level=True)

from marionette_driver import By, Wait
from marionette_driver.keys import Keys
from marionette_driver.marionette import Marionette

from fakehub.ports import free_port
from guide.browser.static_server import serve

NAMES = ("firefox-esr", "firefox")
READ_AND_WRITE = "book/buckets/read-and-write.html"
# A page of each kind: the landing page, a page with code, one of error messages, a notebook with figures, tables.
PAGES = ("book/index.html", READ_AND_WRITE, "book/help/permissions.html", "notebooks/first-plot-of-era5.html")
WIDTHS = (1280, 390, 320)
# Nothing is requested that a page did not ask for, and pages may read the clipboard, so that tests can.
PREFERENCES = {
    "app.update.enabled": False,
    "browser.safebrowsing.downloads.remote.enabled": False,
    "dom.events.testing.asyncClipboard": True,
    "network.captive-portal-service.enabled": False,
    "ui.prefersReducedMotion": 1,
}
THEME = "layout.css.prefers-color-scheme.content-override"
DARK, LIGHT = 0, 1
# Values of `browser.display.document_color_use`: the page's colours, or those that the reader's system forces on it.
COLOURS, PAGES_OWN, FORCED = "browser.display.document_color_use", 0, 2
# Firefox makes no window narrower than this, so a phone's width needs a zoomed page.
NARROWEST = 500
# Zoom levels are rounded to whole numbers of these units for each pixel.
UNITS = 60
ERRORS = """return Services.console.getMessageArray().filter(message => message instanceof Ci.nsIScriptError
  && !(message.flags & Ci.nsIScriptError.warningFlag) && message.sourceName.startsWith(arguments[0]))
  .map(message => message.errorMessage)"""
OUTSIDE = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
VIOLATIONS = """const done = arguments[0];
axe.run(document, {resultTypes: ["violations"]}).then(result => done(result.violations.map(rule => rule.id)))"""


@pytest.fixture(scope="module")
def firefox():
    """A headless Firefox; without one, the tests of this file are reported as not run."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.skip("not run: there is no Firefox (on Debian: apt-get install firefox-esr)")
    driver = Marionette(bin=path, headless=True, port=free_port(), gecko_log=os.devnull, prefs=PREFERENCES)
    driver.start_session()
    yield driver
    driver.cleanup()


@pytest.fixture
def reader(firefox, address):
    """Firefox as a reader has it on the first visit, with functions that open pages of the site."""
    firefox.set_pref(THEME, LIGHT)
    firefox.navigate(f"{address}/404.html")
    firefox.execute_script("localStorage.clear(); sessionStorage.clear()")
    yield Reader(firefox, address)
    for name, value in {COLOURS: PAGES_OWN, "javascript.enabled": True}.items():
        firefox.set_pref(name, value)


class Reader:
    """Opens pages of the site at ``address`` and does what a reader does."""

    def __init__(self, firefox, address):
        self.firefox, self.address = firefox, address

    def open(self, path, width=1280, text=1.0):
        """Open a page in a window of about ``width`` pixels, with letters ``text`` times their size."""
        units = UNITS if width >= NARROWEST else math.floor(UNITS * width / NARROWEST)
        self.firefox.set_window_rect(width=math.ceil(width * UNITS / units), height=900)
        with self.firefox.using_context("chrome"):
            self.firefox.execute_script("Services.console.reset()")
            zoom = "const page = gBrowser.selectedBrowser.browsingContext; [page.fullZoom, page.textZoom] = arguments"
            self.firefox.execute_script(zoom, [UNITS / units, text])
        self.firefox.navigate(f"{self.address}/{path}")

    def errors(self):
        """Return the errors of the page in the console."""
        with self.firefox.using_context("chrome"):
            return self.firefox.execute_script(ERRORS, [self.address])

    def script(self, code, *arguments):
        return self.firefox.execute_script(code, arguments)

    def find(self, selector):
        return self.firefox.find_element(By.CSS_SELECTOR, selector)

    def wait(self, code, *arguments):
        """Wait until the JavaScript expression ``code`` is true; return its value."""
        return Wait(self.firefox, timeout=20).until(lambda driver: driver.execute_script(f"return {code}", arguments))

    def type(self, *keys):
        """Press ``keys`` where the focus is."""
        chain = self.firefox.actions.sequence("key", "keyboard")
        for key in keys:
            chain = chain.key_down(key).key_up(key)
        chain.perform()

    def search(self, query):
        """Open the search, type ``query``, and wait for its results."""
        self.type("/")
        self.wait("document.querySelector('#find')?.checkVisibility()")
        self.type(*query)
        self.wait("document.querySelector('.find-results').dataset.of === arguments[0]", query)

    def violations(self):
        """Return the rules of axe that the page breaks."""
        self.firefox.execute_script(AXE_SCRIPT, sandbox=None)
        return self.firefox.execute_async_script(VIOLATIONS, sandbox=None)


@pytest.mark.parametrize("theme", [LIGHT, DARK])
@pytest.mark.parametrize("page", PAGES)
def test_a_page_fits_at_every_width_without_an_error_in_the_console(reader, page, theme):
    reader.firefox.set_pref(THEME, theme)
    for width in WIDTHS:
        reader.open(page, width)

        assert reader.find("article h1").is_displayed()
        assert (reader.script(OUTSIDE), reader.errors()) == (0, []), width
        assert reader.script("return document.documentElement.dataset.theme") == ("light", "dark")[theme == DARK]
    assert reader.violations() == []


@pytest.mark.parametrize(
    ("page", "found"),
    [
        ("other-host.html", lambda reader: reader.errors()),
        ("own-script.html", lambda reader: reader.errors()),
        ("wide.html", lambda reader: reader.script(OUTSIDE) > 0),
        ("pale.html", lambda reader: "color-contrast" in reader.violations()),
    ],
)
def test_a_broken_page_is_reported(firefox, bad_site, page, found):
    with serve(bad_site) as address:
        reader = Reader(firefox, address)
        reader.open(page, 390)

        assert found(reader)


def test_letters_of_twice_the_size_fit(reader):
    for width in WIDTHS[:2]:
        reader.open(READ_AND_WRITE, width, text=2.0)
        assert reader.script(OUTSIDE) <= 0


def test_the_search_opens_the_page_that_explains_a_pasted_error(reader):
    reader.open("book/index.html")
    reader.search("zarr group not found")
    first = reader.script("return document.querySelector('.find-results a').href")
    reader.type(Keys.ENTER)
    reader.wait("location.href.startsWith(arguments[0].split('#')[0])", first)

    assert reader.find("article h1").is_displayed()
    assert reader.errors() == []


def test_a_copied_cell_is_the_shown_one_with_the_readers_name(reader):
    reader.open(READ_AND_WRITE)
    reader.find("article .names [name=user]").send_keys("octo-cat")
    reader.wait("document.querySelector('article').innerText.includes('octo-cat')")
    cell = ".guide-block:has(> div.cell)"
    shown = reader.script(f"return document.querySelector('{cell} pre').textContent").strip()
    reader.script(f"document.querySelector('{cell}').scrollIntoView({{block: 'center'}})")
    reader.find(f"{cell} button.copybtn").click()
    copied = reader.firefox.execute_async_script("navigator.clipboard.readText().then(arguments[0])", sandbox=None)

    assert copied.strip() == shown


def test_the_list_of_pages_opens_on_a_phone_at_the_current_page(reader):
    reader.open(READ_AND_WRITE, 390)
    reader.find("button.primary-toggle").click()
    current = "document.querySelector('#pst-primary-sidebar a.current, .bd-sidebar-primary a.current')"
    reader.wait(f"{current}?.checkVisibility()")
    box = reader.wait(
        f"(box => box.left >= 0 && box.top >= 0 && [box.bottom, innerHeight])({current}.getBoundingClientRect())"
    )

    assert box[0] <= box[1]


def test_the_theme_follows_the_button_and_is_kept(reader):
    reader.open("notebooks/first-plot-of-era5.html")
    theme = "return document.documentElement.dataset.theme"
    assert reader.script(theme) == "light"
    reader.find(".theme-switch-button").click()
    assert reader.script(theme) == "dark"
    reader.open(READ_AND_WRITE)

    assert reader.script(theme) == "dark"


def test_forced_colours_keep_the_focus_and_frames_visible(reader):
    reader.firefox.set_pref(COLOURS, FORCED)
    reader.open(READ_AND_WRITE)
    assert reader.script("return matchMedia('(forced-colors: active)').matches")
    reader.type(Keys.TAB, Keys.TAB)

    outline = reader.script("return getComputedStyle(document.activeElement).outlineStyle")
    frame = reader.script("return getComputedStyle(document.querySelector('.guide-block')).borderTopStyle")
    assert "none" not in (outline, frame)


def test_motion_is_reduced(reader):
    reader.open(READ_AND_WRITE)
    moving = """return [...document.querySelectorAll("body *")].filter(e => e.checkVisibility()).filter(e =>
      parseFloat(getComputedStyle(e).transitionDuration) > 0.01).map(e => e.outerHTML.slice(0, 80))"""

    assert reader.script("return matchMedia('(prefers-reduced-motion: reduce)').matches")
    assert reader.script(moving) == []


def test_a_page_can_be_read_without_scripts(reader):
    reader.firefox.set_pref("javascript.enabled", False)
    for width in WIDTHS[:2]:
        reader.open(READ_AND_WRITE, width)
        assert reader.find("article h1").is_displayed()
        assert reader.find(".guide-block pre").is_displayed()
        assert not any(button.is_displayed() for button in reader.firefox.find_elements(By.CSS_SELECTOR, ".copybtn"))
        assert reader.script(OUTSIDE) <= 0
