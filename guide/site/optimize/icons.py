"""Icon fonts, reduced to the icons that the style sheet uses and embedded in it."""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import io
import re
from collections.abc import Collection
from pathlib import Path

from guide.site.optimize.files import write_at_once

# The folder of reduced fonts in a build folder.
STORE = ".icons"
# The icons that this site draws, which a test compares. Fonts with just these are made before the pages are written.
ALWAYS = frozenset(
    int(point, 16)
    for point in "f002 f00d f019 f03a f042 f057 f05a f071 f09b f0c9 "  # noqa: SIM905 - a list would have a line for each
    "f0eb f0f3 f104 f105 f107 f135 f185 f186 f296 f35d".split()
)
# The text of any property: an icon may be the value of a variable that ``content`` refers to.
_TEXT = re.compile(r':"([^"]*)"')
_ESCAPE = re.compile(r"\\([0-9a-f]{1,6})\s?")


def code_points(sheet: str) -> set[int]:
    """Return the code points of the icons that ``sheet`` draws: those for private use."""
    texts = (_ESCAPE.sub(lambda match: chr(int(match[1], 16)), text) for text in _TEXT.findall(sheet))
    return {ord(letter) for text in texts for letter in text if letter >= "\ue000"}


def prepare(store: Path) -> None:
    """Reduce the theme's fonts to the icons in ``ALWAYS``, before it is known which ones pages use."""
    theme = importlib.util.find_spec("pydata_sphinx_theme")
    for folder in theme.submodule_search_locations or () if theme else ():
        for font in sorted(Path(folder).rglob("*.ttf")):
            as_data(font, (), store)


def as_data(font: Path, points: Collection[int], store: Path) -> str:
    """Return the ``font`` with only ``points`` and ``ALWAYS``, as a data URL; empty if it has none of them.

    The folder ``store`` keeps the result.
    """
    wanted = sorted(ALWAYS | set(points))
    kept = store / hashlib.sha256(font.read_bytes() + f"{Path(__file__).read_bytes()!r} {wanted}".encode()).hexdigest()
    if not kept.is_file():
        write_at_once(kept, _as_data(font, set(wanted)).encode())
    return kept.read_text()


def _as_data(font: Path, points: set[int]) -> str:
    from fontTools import subset  # slow to import, and most builds keep the style sheet

    options = subset.Options(flavor="woff2", hinting=False, layout_features=[], desubroutinize=True)
    options.drop_tables += ["FFTM"]
    with subset.load_font(str(font), options) as loaded:
        present = points & set(loaded.getBestCmap())
        if not present:
            return ""
        cutter = subset.Subsetter(options)
        cutter.populate(unicodes=present)
        cutter.subset(loaded)
        out = io.BytesIO()
        subset.save_font(loaded, out, options)
    return "data:font/woff2;base64," + base64.b64encode(out.getvalue()).decode()
