"""Cards: pictures that other sites show with a link to a page, and the tags that name them."""

from __future__ import annotations

import hashlib
import html
import textwrap
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urljoin

from PIL import Image, ImageColor, ImageDraw, ImageFont

SIZE = (1200, 630)
# Colours of the theme in book/_static/guide.css; a test compares them.
NAVY, TEAL, WHITE, BLUE = "#012169", "#4db6a8", "#ffffff", "#b9d9eb"
_MARGIN = 80
# The number of shades between the background and each colour on it, for smooth edges of letters.
_SHADES = 16
# Letters in a line, their height in pixels and the number of lines; a title gets the first that it fits into.
_FITS = ((24, 76, 3), (30, 62, 4), (38, 50, 5))


def name(title: str, part: str, book: str) -> str:
    """Return the path of a page's card in the site; its name depends on all that it shows."""
    digest = hashlib.sha256("\0".join((title, part, book, str(SIZE), str(_FITS))).encode()).hexdigest()
    return f"_cards/{digest[:16]}.png"


def draw(title: str, part: str, book: str, out: Path) -> None:
    """Draw a page's card as PNG: the book, the part of the book and the title."""
    picture = Image.new("RGB", SIZE, NAVY)
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, 0, 24, SIZE[1]), fill=TEAL)
    pen.text((_MARGIN, 70), part or book, font=_font("DejaVuSans.ttf", 36), fill=BLUE)
    wrapped = [(textwrap.wrap(title, letters), height, most) for letters, height, most in _FITS]
    lines, height, _ = next((fit for fit in wrapped if len(fit[0]) <= fit[2]), wrapped[-1])
    pen.multiline_text((_MARGIN, 160), "\n".join(lines), font=_font("DejaVuSans-Bold.ttf", height), fill=WHITE)
    pen.text((_MARGIN, SIZE[1] - 110), book, font=_font("DejaVuSans.ttf", 36), fill=TEAL)
    out.parent.mkdir(parents=True, exist_ok=True)
    picture.quantize(palette=_palette(), dither=Image.Dither.NONE).save(out, "PNG", compress_level=3)


def tags(title: str, about: str, page: str, card: str, book: str, base: str) -> str:
    """Return the tags that describe ``page`` to sites that link to it (Open Graph)."""
    properties = {
        "og:type": "article",
        "og:site_name": book,
        "og:title": title,
        "og:description": about,
        "og:url": urljoin(base, f"{page}.html"),
        "og:image": urljoin(base, card),
        "og:image:width": str(SIZE[0]),
        "og:image:height": str(SIZE[1]),
        "og:image:alt": f"{title}: a page of {book}",
    }
    lines = [f'<meta property="{key}" content="{html.escape(text)}">' for key, text in properties.items()]
    return "\n".join([*lines, '<meta name="twitter:card" content="summary_large_image">'])


@cache
def _palette() -> Image.Image:
    """Return an image with the palette of all cards; to choose one for each takes four times as long as drawing."""
    ground = ImageColor.getrgb(NAVY)
    mixed: list[int] = []
    for colour in map(ImageColor.getrgb, (TEAL, WHITE, BLUE)):
        for step in range(_SHADES + 1):
            mixed += [a + (b - a) * step // _SHADES for a, b in zip(ground, colour, strict=True)]
    palette = Image.new("P", (1, 1))
    palette.putpalette(mixed)
    return palette


@cache
def _font(file: str, height: int) -> ImageFont.FreeTypeFont:
    """Return a font of Matplotlib, which is installed for the plots."""
    package = find_spec("matplotlib")
    folder = Path(package.submodule_search_locations[0]) if package and package.submodule_search_locations else Path()
    return ImageFont.truetype(
        folder / "mpl-data" / "fonts" / "ttf" / file, height, layout_engine=ImageFont.Layout.BASIC
    )
