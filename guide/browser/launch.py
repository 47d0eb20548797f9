"""The README's picture: a page of the built site with a block and what it printed, as a browser shows it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright

# Debian's Chromium, or another on the machine.
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class NoBrowser(Exception):
    """There is no browser on this machine; the message says what to install."""


def launch(playwright: Playwright) -> Browser:
    """Start a browser without a window; raises ``NoBrowser``."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if not found:
        raise NoBrowser("there is no browser: install Debian's chromium (apt-get install chromium)")
    return playwright.chromium.launch(executable_path=found, args=FLAGS)
