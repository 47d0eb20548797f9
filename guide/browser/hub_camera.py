"""Takes pictures of the hub, light and dark, and compares them with those that are kept."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image, ImageChops
from playwright.sync_api import Page

from guide.browser.hub_shots import Picture
from guide.paths import ROOT

FOLDER = ROOT / "book" / "_images" / "hub"
MANIFEST = "manifest.json"
THEMES = ("light", "dark")
SCALE = 2
_MARGIN = 12
# Of a hundred dots, how many may differ by more than a shade.
_MOST_CHANGED, _SHADE = 2.0, 48
# Looks at a page that changes, before it is given up.
_MOST_LOOKS = 50
_POINT = """([places, colour]) => places.forEach(([x, y, width, height], number) => {
  const frame = document.createElement("div"), label = document.createElement("div");
  frame.className = label.className = "guide-point";
  label.textContent = number + 1;
  frame.style.cssText = `position:fixed;z-index:99999;pointer-events:none;box-sizing:border-box;border-radius:8px;
    left:${x - 4}px;top:${y - 4}px;width:${width + 8}px;height:${height + 8}px;border:3px solid ${colour}`;
  label.style.cssText = `position:fixed;z-index:99999;pointer-events:none;left:${Math.max(0, x - 14)}px;
    top:${Math.max(0, y - 14)}px;width:24px;height:24px;border-radius:12px;background:${colour};color:#fff;
    font:bold 15px/24px sans-serif;text-align:center`;
  document.body.append(frame, label);
})"""
_COLOUR = "#c2185b"
# Words that speak of when the picture was taken.
_STEADY = """document.querySelectorAll(".time-col, .jp-DirListing-itemModified").forEach(
  found => { if (found.children.length === 0) found.textContent = "just now"; })"""


class PictureError(Exception):
    """A picture cannot be taken, or is another than the one that is kept: one line."""


def take(page: Page, name: str, picture: Picture) -> tuple[dict[str, Image.Image], list[str]]:
    """The picture in both themes, and its words. Raises ``PictureError`` where a selector finds nothing."""
    found = {}
    before = page.viewport_size
    page.set_viewport_size(dict(zip(("width", "height"), picture.size, strict=True)))
    page.mouse.move(0, 0)
    for theme in THEMES:
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        _wait_for(page, theme)
        page.evaluate(_STEADY)
        clip = _around([_box(page, name, selector) for selector in picture.shows], page)
        places = [_box(page, name, selector) for selector, _ in picture.points]
        with _pointed_at(page, places):
            shot = page.screenshot(clip=clip, animations="disabled", caret="hide")
        found[theme] = Image.open(io.BytesIO(shot)).convert("RGB")
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(before)
    words = [page.locator(selector).first.inner_text() for selector in picture.shows]
    return found, [" ".join(text.split()) for text in words]


def _wait_for(page: Page, theme: str) -> None:
    """Wait until the hub's pages, or JupyterLab, are in that theme; a page without one has but one look."""
    page.wait_for_function(
        """theme => {
          const hub = document.documentElement.dataset.bsTheme, lab = document.body.dataset.jpThemeLight;
          return lab ? (lab === "true") === (theme === "light") : !hub || hub === theme;
        }""",
        arg=theme,
    )
    _wait_until_still(page, theme)


def _wait_until_still(page: Page, theme: str) -> None:
    """Wait until two looks in a row are the same: what a theme brings arrives, and there is no sign of it."""
    before = None
    for _ in range(_MOST_LOOKS):
        now = page.screenshot(animations="disabled", caret="hide")
        if now == before:
            return
        before = now
    raise PictureError(f"{page.url} does not come to rest, in the {theme}")


def _box(page: Page, name: str, selector: str) -> tuple[float, float, float, float]:
    seen = page.locator(selector).locator("visible=true")
    box = seen.first.bounding_box() if seen.count() else None
    if box is None:
        raise PictureError(f"{name}: nothing on the page is {selector!r} any more")
    return box["x"], box["y"], box["width"], box["height"]


def _around(boxes: list[tuple[float, float, float, float]], page: Page) -> dict[str, float]:
    size = page.viewport_size
    left, top = (max(0, min(box[axis] for box in boxes) - _MARGIN) for axis in (0, 1))
    right = min(size["width"], max(box[0] + box[2] for box in boxes) + _MARGIN)
    bottom = min(size["height"], max(box[1] + box[3] for box in boxes) + _MARGIN)
    left, top, right, bottom = map(round, (left, top, right, bottom))
    return {"x": left, "y": top, "width": right - left, "height": bottom - top}


@contextmanager
def _pointed_at(page: Page, places: list[tuple[float, float, float, float]]) -> Iterator[None]:
    page.evaluate(_POINT, [places, _COLOUR])
    yield
    page.evaluate("document.querySelectorAll('.guide-point').forEach(found => found.remove())")


def changed(one: Image.Image, other: Image.Image) -> float:
    """Of a hundred dots of two pictures, how many differ by more than a shade; all, where their sizes do."""
    if one.size != other.size:
        return 100.0
    difference = ImageChops.difference(one.convert("RGB").reduce(SCALE), other.convert("RGB").reduce(SCALE))
    histogram = difference.convert("L").histogram()
    return 100 * sum(histogram[_SHADE:]) / sum(histogram)


def keep(
    name: str,
    themes: dict[str, Image.Image],
    picture: Picture,
    words: list[str],
    journey: str,
    made_with: dict[str, str],
    folder: Path = FOLDER,
) -> None:
    """Write a picture that ``journey`` took, and its entry in the manifest of ``folder``.

    ``made_with`` are the hub's address and the versions of what is to be seen.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for theme, image in themes.items():
        (folder / file_name(name, theme)).write_bytes(_webp(image))
    entry = {"journey": journey, "shows": picture.shows, "points": picture.points, "words": words}
    entry |= {"made_with": made_with, "size": [length // SCALE for length in themes["light"].size]}
    entries = manifest(folder) | {name: entry}
    text = json.dumps(dict(sorted(entries.items())), indent=1, ensure_ascii=False)
    (folder / MANIFEST).write_text(f"{text}\n", encoding="utf-8")


def _webp(image: Image.Image) -> bytes:
    """As WebP, which every browser of the last years shows: without loss, or with a little where that is smaller."""
    found = []
    for options in ({"lossless": True}, {"quality": 65}):
        out = io.BytesIO()
        image.save(out, "WEBP", method=6, **options)
        found.append(out.getvalue())
    return min(found, key=len)


def compare(name: str, themes: dict[str, Image.Image], words: list[str], folder: Path = FOLDER) -> None:
    """Raise ``PictureError`` when the picture kept in ``folder`` shows something else than the one just taken."""
    kept = manifest(folder).get(name)
    if kept is None:
        raise PictureError(f"{name}: there is no such picture yet; to take it: make pictures")
    if kept["words"] != words:
        raise PictureError(f"{name}: it says {words}, and {kept['words']} when it was taken; if right: make pictures")
    for theme, image in themes.items():
        with Image.open(folder / file_name(name, theme)) as before:
            part = changed(before, image)
        if part > _MOST_CHANGED:
            raise PictureError(f"{name}: {part:.1f} % of it has changed, in the {theme}; if right: make pictures")


def file_name(name: str, theme: str) -> str:
    """The file of a picture."""
    return f"{name}-{theme}.webp"


def manifest(folder: Path = FOLDER) -> dict[str, dict]:
    """What is known of the pictures in ``folder``, by name."""
    file = folder / MANIFEST
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
