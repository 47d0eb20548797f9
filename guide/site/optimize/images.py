"""Pictures of a page: their sizes in the text, so that nothing moves, and WebP, which takes half the bytes of PNG.

A browser without WebP gets the older format.
"""

from __future__ import annotations

import io
from pathlib import Path
from urllib.parse import quote

from bs4 import BeautifulSoup
from PIL import Image

from guide.site.html import classes_of, text_of
from guide.site.optimize.files import Files
from guide.webp import encode_webp


def optimize_images(soup: BeautifulSoup, page: Path, files: Files) -> None:
    """Give every picture of ``soup`` its size and both formats, and have it loaded when it comes into view."""
    for tag in soup.find_all("img"):
        tag["loading"], tag["decoding"] = "lazy", "async"
        source = files.resolve(page, text_of(tag, "src"))
        if source is None or source.suffix not in {".png", ".jpg", ".jpeg", ".webp"}:
            continue
        with Image.open(source) as picture:
            if not (tag.get("width") or tag.get("height")):
                # A screenshot of the hub has two pixels for one of the page.
                scale = 2 if "hub-picture-image" in classes_of(tag) else 1
                tag["width"], tag["height"] = str(picture.width // scale), str(picture.height // scale)
            if source.suffix == ".webp":
                modern, older = source, files.write(source, ".jpg", _jpeg(picture))
            else:
                modern, older = files.write(source, ".webp", encode_webp(picture, quality=90, method=4)), source
        tag["src"] = files.reference(page, older)
        choice = {"type": "image/webp", "srcset": quote(files.reference(page, modern))}
        tag.wrap(soup.new_tag("picture")).insert(0, soup.new_tag("source", attrs=choice))


def _jpeg(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.convert("RGB").save(out, "JPEG", quality=85, optimize=True)
    return out.getvalue()
