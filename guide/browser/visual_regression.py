"""Reference screenshots of ten pages, in two widths and two themes, that tests compare with the built site.

``python -m guide.browser.visual_regression`` replaces the references with screenshots of the site in ``_build/html``.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from PIL import Image, ImageChops, ImageStat

from guide.browser.launch import NoBrowser, launch
from guide.browser.static_server import serve
from guide.paths import ROOT

if TYPE_CHECKING:  # the page that lists what was tested imports this module without Playwright
    from playwright.sync_api import Browser

# Each page, and the element to scroll to (``None`` for the top of the page).
PAGES: dict[str, str | None] = {
    "book/index": None,
    "book/hub/choose": ".sd-tab-set",
    "book/hub/how-the-hub-is-built": ".guide-diagram",
    "book/buckets/rules": ".guide-diagram",
    "book/buckets/read-and-write": "div.cell_output",
    "book/help/index": None,
    "book/help/permissions": "div.cell_output",
    "book/reference/machines": "table",
    "notebooks/first-zarr-store": ".xr-wrap",
    "notebooks/tables-with-parquet": "div.cell_output img",
}
Theme = Literal["light", "dark"]
WIDTHS = (1280, 390)
THEMES: tuple[Theme, ...] = ("light", "dark")
REFERENCES = ROOT / "tests" / "guide" / "site" / "screenshots"
_HEIGHT, _SCALE = 860, 4
# Measured: an unchanged site scores at least 0.994, the newest versions of all libraries 0.975, and a site without its
# style sheet at most 0.948.
LEAST_SIMILARITY = 0.965
# The browser loads images far below the fold only on demand, so load all of them before a screenshot.
_LOAD_IMAGES = """Promise.all([...document.images].filter(i => i.checkVisibility()).map(
  i => { i.loading = "eager"; return i.decode(); }))"""


def file_name(page: str, width: int, theme: str) -> str:
    """Return the file name of a reference screenshot."""
    return f"{page.replace('/', '-')}-{width}-{theme}.webp"


def screenshots(browser: Browser, address: str) -> Iterator[tuple[str, Image.Image]]:
    """Yield the file name and a reduced screenshot for each page, width and theme of the site at ``address``."""
    for width in WIDTHS:
        context = browser.new_context(viewport={"width": width, "height": _HEIGHT}, reduced_motion="reduce")
        page = context.new_page()
        for name, element in PAGES.items():
            page.emulate_media(color_scheme="light")
            page.goto(f"{address}/{name}.html")
            if element:
                page.locator(f"article {element}").first.evaluate(
                    "it => { it.loading = 'eager'; window.scrollTo(0, it.getBoundingClientRect().top - 200); }"
                )
            for theme in THEMES:
                page.emulate_media(color_scheme=theme)
                page.wait_for_selector(f'html[data-theme="{theme}"]', state="attached")
                page.evaluate(_LOAD_IMAGES)
                full = Image.open(io.BytesIO(page.screenshot()))
                yield file_name(name, width, theme), full.convert("RGB").reduce(_SCALE)
        context.close()


def similarity(one: Image.Image, other: Image.Image) -> float:
    """Return how similar two images are, from 0 to 1.

    Colours are compared after blurring, so letters become grey: a large area of another colour counts for more than
    many small differences.
    """
    if one.size != other.size:
        return 0.0
    difference = ImageChops.difference(one.convert("RGB").reduce(8), other.convert("RGB").reduce(8))
    return 1 - sum(ImageStat.Stat(difference).rms) / 3 / 255


def replace_references(browser: Browser, address: str, folder: Path) -> None:
    """Write a screenshot of each page into ``folder`` and delete those of other pages."""
    folder.mkdir(parents=True, exist_ok=True)
    written = set()
    for name, image in screenshots(browser, address):
        image.save(folder / name, "WEBP", quality=60, method=6)
        written.add(name)
    for path in folder.glob("*.webp"):
        if path.name not in written:
            path.unlink()


def main() -> int:
    """Replace the references with screenshots of ``_build/html``; return 1 if there is no browser."""
    from playwright.sync_api import sync_playwright

    try:
        with sync_playwright() as playwright, serve(ROOT / "_build" / "html") as address:
            replace_references(launch(playwright), address, REFERENCES)
    except NoBrowser as error:
        print(f"screenshots: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
