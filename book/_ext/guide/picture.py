"""The README's picture: a page of the built site with a block and what it printed, as a browser shows it."""

from __future__ import annotations

import shutil
from pathlib import Path
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
PAGE = "book/buckets/read-and-write.html"
SIZE = {"width": 1280, "height": 860}


class NoBrowser(Exception):
    """There is no browser on this machine; the message says what to install."""


def launch(playwright: Playwright) -> Browser:
    """Start a browser without a window; raises ``NoBrowser``."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if not found:
        raise NoBrowser("there is no browser: install Debian's chromium (apt-get install chromium)")
    return playwright.chromium.launch(executable_path=found, args=FLAGS)


def take(browser: Browser, site: Path, out: Path) -> None:
    """Write to ``out`` (PNG) how the first step of ``PAGE`` of the built ``site`` looks."""
    page = browser.new_page(viewport=SIZE, color_scheme="light")
    page.goto((site / PAGE).resolve().as_uri())
    page.locator("div.cell_input", has_text="to_zarr").first.evaluate(
        "cell => window.scrollTo({top: cell.getBoundingClientRect().top + scrollY - 260, behavior: 'instant'})"
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=out)
    page.close()
