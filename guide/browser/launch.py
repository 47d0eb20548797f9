"""Find and start a headless Chromium."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright

# Debian's Chromium first, then other names under which it is installed.
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
    """No browser is installed; the message says what to install."""


def browser_path() -> str:
    """Return the path of an installed browser; raise ``NoBrowser`` if there is none."""
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        raise NoBrowser("there is no browser: install Debian's chromium (apt-get install chromium)")
    return path


def launch(playwright: Playwright) -> Browser:
    """Start a headless browser; raise ``NoBrowser`` if none is installed."""
    return playwright.chromium.launch(executable_path=browser_path(), args=FLAGS)
