"""Pictures of a page: their size in its text, so that nothing moves, and in a format that is a half of PNG."""

from __future__ import annotations

import io
from pathlib import Path

from bs4 import BeautifulSoup
from PIL import Image

from guide.lean.files import Files


def rearrange(soup: BeautifulSoup, page: Path, files: Files) -> None:
    """Give every picture of ``soup`` its size, WebP in place of PNG, and load it when it comes into view."""
    for tag in soup.find_all("img"):
        tag["loading"], tag["decoding"] = "lazy", "async"
        source = files.resolve(page, tag.get("src", ""))
        if source is None or source.suffix not in {".png", ".jpg", ".jpeg", ".webp"}:
            continue
        with Image.open(source) as picture:
            if not (tag.get("width") or tag.get("height")):
                # A picture of the hub has two dots for one of a page.
                dots = 2 if "hub-picture-image" in tag.get("class", []) else 1
                tag["width"], tag["height"] = str(picture.width // dots), str(picture.height // dots)
            if source.suffix != ".webp":
                tag["src"] = files.reference(page, files.write(source, ".webp", _webp(picture)))


def _webp(picture: Image.Image) -> bytes:
    """As WebP: without loss, or nearly so where that is smaller."""
    found = []
    for options in ({"lossless": True}, {"quality": 90}):
        out = io.BytesIO()
        picture.save(out, "WEBP", method=4, **options)
        found.append(out.getvalue())
    return min(found, key=len)
