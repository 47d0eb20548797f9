"""Icon fonts cut down to the icons that the style sheet still names, inside the style sheet itself."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path

from fontTools import subset

_CONTENT = re.compile(r'content:"([^"]*)"')
_ESCAPE = re.compile(r"\\([0-9a-f]{1,6})\s?")


def code_points(sheet: str) -> set[int]:
    """The code points of the icons that ``sheet`` draws: those set apart for private use."""
    texts = (_ESCAPE.sub(lambda found: chr(int(found[1], 16)), text) for text in _CONTENT.findall(sheet))
    return {ord(letter) for text in texts for letter in text if letter >= "\ue000"}


def as_data(font: Path, points: set[int]) -> str:
    """The ``font`` with those ``points`` alone, as an address that needs no request; empty when it has none."""
    options = subset.Options(flavor="woff2", hinting=False, layout_features=[], desubroutinize=True)
    options.drop_tables += ["FFTM"]
    with subset.load_font(str(font), options) as loaded:
        had = points & set(loaded.getBestCmap())
        if not had:
            return ""
        cutter = subset.Subsetter(options)
        cutter.populate(unicodes=had)
        cutter.subset(loaded)
        out = io.BytesIO()
        subset.save_font(loaded, out, options)
    return "data:font/woff2;base64," + base64.b64encode(out.getvalue()).decode()
