"""How ten pages look, wide and narrow, light and dark: small pictures that the tests compare by their likeness.

``python -m guide.browser.visual_regression`` takes them anew of the built site.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image, ImageChops, ImageStat

from guide.browser.launch import NoBrowser, launch
from guide.browser.static_server import served
from guide.paths import ROOT

if TYPE_CHECKING:  # the site's own page names the looks, and takes none
    from playwright.sync_api import Browser

# A page, and what to scroll to where its top is not the point.
PAGES: dict[str, str | None] = {
    "book/index": None,
    "book/hub/choose": ".sd-tab-set",
    "book/hub/how-the-hub-is-built": ".guide-diagram",
    "book/buckets/rules": ".guide-diagram",
    "book/buckets/read-and-write": "div.cell_output",
    "book/help/index": None,
    "book/help/forbidden": "div.cell_output",
    "book/reference/machines": "table",
    "notebooks/first-zarr-store": ".xr-wrap",
    "notebooks/tables-with-parquet": "div.cell_output img",
}
WIDTHS = (1280, 390)
THEMES = ("light", "dark")
_HEIGHT, _SCALE = 860, 4
# At least; measured: the same site again 0.994, with the newest versions of all libraries 0.975, and without its
# style sheet 0.948 at most.
ALIKE = 0.965
# Pictures of this theme, of which the browser fetches those far below only when it has to.
_LOADED = """Promise.all([...document.images].filter(i => i.checkVisibility()).map(
  i => { i.loading = "eager"; return i.decode(); }))"""


def file_name(page: str, width: int, theme: str) -> str:
    """Where a look is kept."""
    return f"{page.replace('/', '-')}-{width}-{theme}.webp"


def shots(browser: Browser, address: str) -> Iterator[tuple[str, Image.Image]]:
    """Each look of the site at ``address``, as a small picture, with its file name."""
    for width in WIDTHS:
        context = browser.new_context(viewport={"width": width, "height": _HEIGHT}, reduced_motion="reduce")
        page = context.new_page()
        for name, place in PAGES.items():
            page.emulate_media(color_scheme="light")
            page.goto(f"{address}/{name}.html")
            if place:
                page.locator(f"article {place}").first.evaluate(
                    "place => { place.loading = 'eager'; window.scrollTo(0, place.getBoundingClientRect().top - 200); }"
                )
            for theme in THEMES:
                page.emulate_media(color_scheme=theme)
                page.wait_for_selector(f'html[data-theme="{theme}"]', state="attached")
                page.evaluate(_LOADED)
                full = Image.open(io.BytesIO(page.screenshot()))
                yield file_name(name, width, theme), full.convert("RGB").reduce(_SCALE)
        context.close()


def likeness(one: Image.Image, other: Image.Image) -> float:
    """How alike two pictures are, from 0 to 1: in colours, blurred until letters are one grey; a large patch of
    another colour counts for more than many small differences.
    """
    if one.size != other.size:
        return 0.0
    difference = ImageChops.difference(one.convert("RGB").reduce(8), other.convert("RGB").reduce(8))
    return 1 - sum(ImageStat.Stat(difference).rms) / 3 / 255


def take_anew(browser: Browser, address: str, folder: Path) -> None:
    """Write every look into ``folder``, and remove what is no look any more."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = set()
    for name, picture in shots(browser, address):
        picture.save(folder / name, "WEBP", quality=60, method=6)
        wanted.add(name)
    for path in folder.glob("*.webp"):
        if path.name not in wanted:
            path.unlink()


def main() -> int:
    """Take them of the site in ``_build/html``; 0, or 1 with one line on stderr."""
    from playwright.sync_api import sync_playwright

    try:
        with sync_playwright() as playwright, served(ROOT / "_build" / "html") as address:
            take_anew(launch(playwright), address, ROOT / "tests" / "guide" / "site" / "looks")
    except NoBrowser as error:
        print(f"looks: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
