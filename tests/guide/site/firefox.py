"""Firefox as a reader has it: Marionette, its own remote control, drives it."""

import math
import os
import shutil
import sys
from contextlib import contextmanager

import pytest
from axe_playwright_python.base import AXE_SCRIPT

if sys.platform != "linux":
    pytest.skip("not run: Firefox is driven on Linux only", allow_module_level=True)

from marionette_driver import By, Wait
from marionette_driver.marionette import Marionette

from fakehub.ports import free_port

NAMES = ("firefox-esr", "firefox")
# Nothing is requested that a page did not ask for, and pages may read the clipboard, so that tests can.
PREFERENCES = {
    "app.update.enabled": False,
    "browser.safebrowsing.downloads.remote.enabled": False,
    "dom.events.testing.asyncClipboard": True,
    "network.captive-portal-service.enabled": False,
    "ui.prefersReducedMotion": 1,
}
# Firefox makes no window narrower than this, so a phone's width needs a zoomed page.
NARROWEST = 500
# Zoom levels are rounded to whole numbers of these units for each pixel.
UNITS = 60
ERRORS = """return Services.console.getMessageArray().filter(message => message instanceof Ci.nsIScriptError
  && !(message.flags & Ci.nsIScriptError.warningFlag) && message.sourceName.startsWith(arguments[0]))
  .map(message => message.errorMessage)"""
VIOLATIONS = """const done = arguments[0];
axe.run(document, {resultTypes: ["violations"]}).then(result => done(result.violations.map(rule => rule.id)))"""


@contextmanager
def started():
    """Start a headless Firefox and end it; without one, skip the tests that need it."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.skip("not run: there is no Firefox (on Debian: apt-get install firefox-esr)")
    driver = Marionette(bin=path, headless=True, port=free_port(), gecko_log=os.devnull, prefs=PREFERENCES)
    driver.start_session()
    try:
        yield driver
    finally:
        driver.cleanup()


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

    def wait(self, code, *arguments, seconds=20):
        """Wait until the JavaScript expression ``code`` is true; return its value."""
        return Wait(self.firefox, timeout=seconds).until(
            lambda driver: driver.execute_script(f"return {code}", arguments)
        )

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
