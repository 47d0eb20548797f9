"""Icon fonts, reduced to the icons that the style sheet uses and embedded in it."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path

from fontTools import subset

# The text of any property: an icon may be the value of a variable that ``content`` refers to.
_TEXT = re.compile(r':"([^"]*)"')
_ESCAPE = re.compile(r"\\([0-9a-f]{1,6})\s?")


def code_points(sheet: str) -> set[int]:
    """Return the code points of the icons that ``sheet`` draws: those for private use."""
    texts = (_ESCAPE.sub(lambda match: chr(int(match[1], 16)), text) for text in _TEXT.findall(sheet))
    return {ord(letter) for text in texts for letter in text if letter >= "\ue000"}


def as_data(font: Path, points: set[int]) -> str:
    """Return the ``font`` with only those ``points``, as a data URL; empty if it has none of them."""
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
