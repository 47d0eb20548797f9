"""Capture the pictures of the hub in both themes, store them, and compare new ones with the stored ones."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, TypedDict

from PIL import Image, ImageChops

from guide.browser.hub_pictures import Picture
from guide.paths import ROOT
from guide.webp import encode_webp

if TYPE_CHECKING:
    from playwright.sync_api import FloatRect, Page

FOLDER = ROOT / "book" / "_images" / "hub"
MANIFEST = "manifest.json"
Theme = Literal["light", "dark"]
THEMES: tuple[Theme, ...] = ("light", "dark")
# Device pixels of a picture for each CSS pixel of the page.
SCALE = 2
# At most this percentage of the pixels may differ, each by more than this many grey levels.
_MOST_CHANGED_PERCENT, _LEVELS = 2.0, 48
# Screenshots of a page that keeps changing before it is given up.
_MOST_SCREENSHOTS = 50
_DRAW_NUMBERS = """([boxes, colour]) => boxes.forEach(([x, y, width, height], number) => {
  const frame = document.createElement("div"), label = document.createElement("div");
  frame.className = label.className = "guide-point";
  label.textContent = number + 1;
  frame.style.cssText = `position:fixed;z-index:99999;pointer-events:none;box-sizing:border-box;border-radius:8px;
    left:${x - 4}px;top:${y - 4}px;width:${width + 8}px;height:${height + 8}px;border:3px solid ${colour}`;
  label.style.cssText = `position:fixed;z-index:99999;pointer-events:none;left:${Math.max(0, x - 24)}px;
    top:${Math.max(0, y - 14)}px;width:24px;height:24px;border-radius:12px;background:${colour};color:#fff;
    font:bold 15px/24px sans-serif;text-align:center`;
  document.body.append(frame, label);
})"""
_REMOVE_NUMBERS = "document.querySelectorAll('.guide-point').forEach(drawn => drawn.remove())"
_NUMBER_COLOUR = "#c2185b"
# Replace ages such as "2 minutes ago", which depend on when the picture is taken.
_FIX_AGES = """document.querySelectorAll(".time-col, .jp-DirListing-itemModified").forEach(
  age => { if (age.children.length === 0) age.textContent = "just now"; })"""
# A page that has no themes is ready in both.
_HAS_THEME = """theme => {
  const hub = document.documentElement.dataset.bsTheme, lab = document.body.dataset.jpThemeLight;
  return lab ? (lab === "true") === (theme === "light") : !hub || hub === theme;
}"""


class PictureError(Exception):
    """A picture that cannot be captured, or differs from the stored one; the message is one line."""


class Box(NamedTuple):
    """A rectangle of a page, in CSS pixels."""

    x: float
    y: float
    width: float
    height: float


class Entry(TypedDict):
    """The manifest's entry for a picture: how it was captured, and what it says.

    ``made_with`` holds the hub's address and the versions of the programs in the picture.
    """

    journey: str
    shows: list[str]
    points: list[list[str]]
    words: list[str]
    made_with: dict[str, str]
    size: list[int]


def capture(page: Page, name: str, picture: Picture) -> tuple[dict[Theme, Image.Image], list[str]]:
    """Return the picture in each theme, and the text of each element it shows.

    Raises ``PictureError`` if a selector matches nothing that is visible.
    """
    images: dict[Theme, Image.Image] = {}
    size_before = page.viewport_size
    width, height = picture.size
    page.set_viewport_size({"width": width, "height": height})
    page.mouse.move(0, 0)
    for theme in THEMES:
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        page.wait_for_function(_HAS_THEME, arg=theme)
        _wait_until_still(page, theme)
        page.evaluate(_FIX_AGES)
        clip = _clip([_box(page, name, selector) for selector in picture.shows], picture.size, picture.margin)
        with _numbered(page, [_box(page, name, selector) for selector, _ in picture.points]):
            screenshot = page.screenshot(clip=clip, animations="disabled", caret="hide")
        images[theme] = Image.open(io.BytesIO(screenshot)).convert("RGB")
    page.emulate_media(color_scheme="light")
    if size_before:
        page.set_viewport_size(size_before)
    words = [page.locator(selector).first.inner_text() for selector in picture.shows]
    return images, [" ".join(text.split()) for text in words]


def _wait_until_still(page: Page, theme: Theme) -> None:
    """Wait until two screenshots match; the theme's assets fire no event when they are loaded."""
    before = None
    for _ in range(_MOST_SCREENSHOTS):
        now = page.screenshot(animations="disabled", caret="hide")
        if now == before:
            return
        before = now
    raise PictureError(f"{page.url} keeps changing in the {theme} theme")


def _box(page: Page, name: str, selector: str) -> Box:
    visible = page.locator(selector).locator("visible=true")
    box = visible.first.bounding_box() if visible.count() else None
    if box is None:
        raise PictureError(f"{name}: nothing visible on the page matches {selector!r} any more")
    return Box(box["x"], box["y"], box["width"], box["height"])


def _clip(boxes: list[Box], viewport: tuple[int, int], margin: int) -> FloatRect:
    """Return the smallest rectangle around ``boxes`` and a ``margin`` that is within the viewport."""
    left = round(max(0, min(box.x for box in boxes) - margin))
    top = round(max(0, min(box.y for box in boxes) - margin))
    right = round(min(viewport[0], max(box.x + box.width for box in boxes) + margin))
    bottom = round(min(viewport[1], max(box.y + box.height for box in boxes) + margin))
    return {"x": left, "y": top, "width": right - left, "height": bottom - top}


@contextmanager
def _numbered(page: Page, boxes: list[Box]) -> Iterator[None]:
    """Draw a numbered frame around each of ``boxes``, and remove the frames afterwards."""
    page.evaluate(_DRAW_NUMBERS, [boxes, _NUMBER_COLOUR])
    yield
    page.evaluate(_REMOVE_NUMBERS)


def changed_percent(one: Image.Image, other: Image.Image) -> float:
    """Return the percentage of pixels that differ visibly: 100 if the sizes differ."""
    if one.size != other.size:
        return 100.0
    difference = ImageChops.difference(one.convert("RGB").reduce(SCALE), other.convert("RGB").reduce(SCALE))
    histogram = difference.convert("L").histogram()
    return 100 * sum(histogram[_LEVELS:]) / sum(histogram)


def store(name: str, images: dict[Theme, Image.Image], entry: Entry, folder: Path = FOLDER) -> None:
    """Write a picture into ``folder``, and its entry into the manifest there."""
    folder.mkdir(parents=True, exist_ok=True)
    for theme, image in images.items():
        (folder / file_name(name, theme)).write_bytes(encode_webp(image, quality=65, method=6))
    entries = manifest(folder) | {name: entry}
    text = json.dumps(dict(sorted(entries.items())), indent=1, ensure_ascii=False)
    (folder / MANIFEST).write_text(f"{text}\n", encoding="utf-8")


def manifest_entry(
    picture: Picture, images: dict[Theme, Image.Image], words: list[str], journey: str, made_with: dict[str, str]
) -> Entry:
    """Return the entry of a picture that the test named ``journey`` captured."""
    return {
        "journey": journey,
        "shows": list(picture.shows),
        "points": [list(point) for point in picture.points],
        "words": words,
        "made_with": made_with,
        "size": [length // SCALE for length in images["light"].size],
    }


def compare(name: str, images: dict[Theme, Image.Image], words: list[str], folder: Path = FOLDER) -> None:
    """Raise ``PictureError`` if the picture stored in ``folder`` shows something else than the captured one."""
    stored = manifest(folder).get(name)
    if stored is None:
        raise PictureError(f"{name}: this picture is not stored yet; to capture it: make pictures")
    if stored["words"] != words:
        raise PictureError(
            f"{name}: the page says {words}, the stored picture {stored['words']}; if that is right: make pictures"
        )
    for theme, image in images.items():
        with Image.open(folder / file_name(name, theme)) as before:
            percent = changed_percent(before, image)
        if percent > _MOST_CHANGED_PERCENT:
            raise PictureError(
                f"{name}: {percent:.1f} % of it has changed in the {theme} theme; if that is right: make pictures"
            )


def file_name(name: str, theme: str) -> str:
    """Return the file name of a picture in a theme."""
    return f"{name}-{theme}.webp"


def manifest(folder: Path = FOLDER) -> dict[str, Entry]:
    """Return the manifest of ``folder``: an entry for each picture's name."""
    file = folder / MANIFEST
    entries: dict[str, Entry] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return entries
