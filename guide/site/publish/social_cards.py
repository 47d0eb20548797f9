"""Pictures that stand for a page where somebody shares its address, and the tags that name them."""

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
# The colours of guide.css.
_NAVY, _TEAL, _WHITE, _BLUE = "#012169", "#4db6a8", "#ffffff", "#b9d9eb"
_MARGIN = 80
# So many shades lie between the ground and each colour that is drawn on it: edges of letters are smooth.
_SHADES = 16
# Letters in a line, and their height in pixels: as large as the title's lines allow.
_FITS = ((24, 76, 3), (30, 62, 4), (38, 50, 5))


def name(title: str, part: str, book: str) -> str:
    """The picture's file, which has another name when it shows something else."""
    digest = hashlib.sha256("\0".join((title, part, book, str(SIZE), str(_FITS))).encode()).hexdigest()
    return f"_cards/{digest[:16]}.png"


def draw(title: str, part: str, book: str, out: Path) -> None:
    """Draw a page's card (PNG): the book, the part of it, and the title."""
    picture = Image.new("RGB", SIZE, _NAVY)
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, 0, 24, SIZE[1]), fill=_TEAL)
    pen.text((_MARGIN, 70), part or book, font=_font("DejaVuSans.ttf", 36), fill=_BLUE)
    wrapped = [(textwrap.wrap(title, letters), height, most) for letters, height, most in _FITS]
    lines, height, _ = next((fit for fit in wrapped if len(fit[0]) <= fit[2]), wrapped[-1])
    pen.multiline_text((_MARGIN, 160), "\n".join(lines), font=_font("DejaVuSans-Bold.ttf", height), fill=_WHITE)
    pen.text((_MARGIN, SIZE[1] - 110), book, font=_font("DejaVuSans.ttf", 36), fill=_TEAL)
    out.parent.mkdir(parents=True, exist_ok=True)
    picture.quantize(palette=_palette(), dither=Image.Dither.NONE).save(out, "PNG")


def tags(title: str, about: str, page: str, card: str, book: str, base: str) -> str:
    """The tags that tell who shares ``page`` what it is (Open Graph)."""
    told = {
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
    lines = [f'<meta property="{key}" content="{html.escape(text)}">' for key, text in told.items()]
    return "\n".join([*lines, '<meta name="twitter:card" content="summary_large_image">'])


@cache
def _palette() -> Image.Image:
    """A picture with the colours of all cards: looking for those of each takes four times as long as drawing it."""
    ground = ImageColor.getrgb(_NAVY)
    mixed: list[int] = []
    for colour in map(ImageColor.getrgb, (_TEAL, _WHITE, _BLUE)):
        for step in range(_SHADES + 1):
            mixed += [a + (b - a) * step // _SHADES for a, b in zip(ground, colour, strict=True)]
    palette = Image.new("P", (1, 1))
    palette.putpalette(mixed)
    return palette


@cache
def _font(file: str, height: int) -> ImageFont.FreeTypeFont:
    """A font that Matplotlib brings, which is here for the plots."""
    found = find_spec("matplotlib")
    folder = Path(found.submodule_search_locations[0]) if found and found.submodule_search_locations else Path()
    return ImageFont.truetype(
        folder / "mpl-data" / "fonts" / "ttf" / file, height, layout_engine=ImageFont.Layout.BASIC
    )
