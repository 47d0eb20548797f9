"""Pictures of a page: their sizes in the text, so that nothing moves, and WebP, which takes half the bytes of PNG.

A browser without WebP gets the older format. Each picture is a link to its file, which a phone can enlarge.
"""

from __future__ import annotations

import io
from pathlib import Path
from urllib.parse import quote

from bs4 import BeautifulSoup
from PIL import Image

from guide.site.html import classes_of, set_classes, text_of
from guide.site.optimize.files import Files
from guide.webp import encode_webp

# A figure with more pixels of the page in a line than this has small letters on a phone.
_WIDE = 800


def optimize_images(soup: BeautifulSoup, page: Path, files: Files) -> None:
    """Give every picture of ``soup`` its size, both formats and a link, and have it loaded when it comes into view."""
    for tag in soup.find_all("img"):
        tag["loading"], tag["decoding"] = "lazy", "async"
        source = files.resolve(page, text_of(tag, "src"))
        if source is None or source.suffix not in {".png", ".jpg", ".jpeg", ".webp"}:
            continue
        with Image.open(source) as picture:
            # A figure and a screenshot of the hub have two pixels for one of the page.
            scale = 2 if "guide-sharp" in classes_of(tag) else 1
            if not (tag.get("width") or tag.get("height")):
                tag["width"], tag["height"] = str(picture.width // scale), str(picture.height // scale)
            if source.suffix == ".webp":
                # Under a name with a fingerprint, so that browsers may keep it.
                modern = files.write(source, ".webp", source.read_bytes())
                older = files.write(source, ".jpg", _jpeg(picture.reduce(scale)))
            else:
                modern, older = files.write(source, ".webp", encode_webp(picture, quality=90, method=4)), source
        tag["src"] = files.reference(page, older)
        choice = {"type": "image/webp", "srcset": quote(files.reference(page, modern))}
        whole = tag.wrap(soup.new_tag("picture"))
        whole.insert(0, soup.new_tag("source", attrs=choice))
        if not whole.find_parent("a") and "notebook-thumbnail" not in classes_of(tag):
            theme = [name for name in classes_of(tag) if name.startswith("only-")]
            link = soup.new_tag("a", attrs={"href": choice["srcset"], "title": "Open at full size"})
            wide = (
                ["guide-wide"] if tag.find_parent(class_="cell_output") and int(text_of(tag, "width")) > _WIDE else []
            )
            set_classes(link, ["guide-enlarge", *wide, *theme])
            whole.wrap(link)


def _jpeg(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.convert("RGB").save(out, "JPEG", quality=85, optimize=True)
    return out.getvalue()
