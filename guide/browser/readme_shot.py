"""Take the README's screenshot."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ViewportSize

PAGE = "book/buckets/read-and-write.html"
SIZE: ViewportSize = {"width": 1280, "height": 860}


def take(browser: Browser, site: Path, out: Path) -> None:
    """Write a PNG of the first step of ``PAGE``, as the built ``site`` shows it, to ``out``."""
    page = browser.new_page(viewport=SIZE, color_scheme="light")
    page.goto((site / PAGE).resolve().as_uri())
    page.locator("div.cell_input", has_text="to_zarr").first.evaluate(
        "cell => window.scrollTo({top: cell.getBoundingClientRect().top + scrollY - 260, behavior: 'instant'})"
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=out)
    page.close()
