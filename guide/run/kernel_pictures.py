"""Draw each figure of a page twice more for the site: as WebP with two pixels for one, in light and in dark colours.

The source of this module is sent to the kernel, so it imports the standard library, and Matplotlib only once a figure
exists. The reader's output is the figure as it is without this module, and the figure keeps its colours.
"""

from __future__ import annotations

import binascii
import contextlib
import functools
import hashlib
import math
import warnings
from collections.abc import Callable, Iterator
from typing import Any

# The background and the text of the site in the dark.
PAPER, INK = "#10151c", "#ced6dd"
# The least contrast of a colour with the background; WCAG 2.2 requires it of graphics (1.4.11).
_CONTRAST = 3.0
_WEBP = {"fmt": "webp", "base64": True}
# A colour whose channels differ by less is a grey.
_GREY = 0.08


def install(pylabtools: Any) -> None:
    """Have IPython, whose module is ``pylabtools``, keep two more versions of each figure that a cell shows.

    They are in ``print_figure.kept``, by the digest of the figure as the reader gets it, and what the figure shows is
    in ``print_figure.drawn`` (see ``_drawn``).
    """
    plain = pylabtools.print_figure

    @functools.wraps(plain)
    def print_figure(fig: Any, fmt: str = "png", **options: Any) -> Any:
        shown = plain(fig, fmt=fmt, **options)
        # A figure that cannot be drawn again is shown as it is.
        if fmt == "png" and shown:
            with contextlib.suppress(Exception), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                png = binascii.a2b_base64(shown) if isinstance(shown, str) else shown
                coding = {"dpi": 2 * fig.dpi, "pil_kwargs": _coding(fig)}
                draw = functools.partial(plain, fig, **options | _WEBP | coding)
                print_figure.kept[hashlib.sha256(png).hexdigest()] = _versions(fig, draw)  # type: ignore[attr-defined]
                print_figure.drawn[hashlib.sha256(png).hexdigest()] = _drawn(fig)  # type: ignore[attr-defined]
        return shown

    print_figure.kept, print_figure.drawn = {}, {}  # type: ignore[attr-defined]
    pylabtools.print_figure = print_figure


def _drawn(fig: Any) -> dict[str, Any]:
    """Return what a figure shows: ``values`` of its data, ``ranges`` of its maps, ``ends`` of its curves, ``texts``.

    Of a long curve, the values are its least, its largest and its mean, and where the first two are.
    """
    from matplotlib.text import Text

    drawn: dict[str, Any] = {"values": [], "ranges": [], "ends": []}
    for axes in fig.axes:
        drawn["values"] += _numbers([*axes.get_xlim(), *axes.get_ylim()])
        for line in axes.lines:
            _add_curve(drawn, _numbers(line.get_xdata()), _numbers(line.get_ydata()))
        for bars in axes.containers:
            # Error bars and stems are containers too, whose lines are among the axes' own.
            rectangles = [bar for bar in bars if hasattr(bar, "get_height")]
            _add_curve(drawn, [], _numbers([bar.get_height() for bar in rectangles]))
            _add_curve(drawn, [], _numbers([bar.get_width() for bar in rectangles]))
        for part in (*axes.collections, *axes.images):
            if numbers := _numbers(part.get_array()):
                drawn["ranges"].append((min(numbers), max(numbers)))
    return drawn | {"texts": [text.get_text() for text in fig.findobj(Text) if text.get_text()]}


def _numbers(data: Any) -> list[float]:
    """Return finite numbers; none for other data, such as dates."""
    import numpy as np

    try:
        numbers = np.ma.asarray([] if data is None else data).astype(float).compressed()
    except (TypeError, ValueError):
        return []
    return [float(number) for number in numbers if math.isfinite(number)]


def _add_curve(drawn: dict[str, Any], places: list[float], numbers: list[float]) -> None:
    if not numbers:
        return
    drawn["ends"].append((numbers[0], numbers[-1]))
    if len(numbers) <= 50:
        drawn["values"] += numbers
    least, most = numbers.index(min(numbers)), numbers.index(max(numbers))
    drawn["values"] += [numbers[least], numbers[most], math.fsum(numbers) / len(numbers)]
    if len(places) == len(numbers):
        drawn["values"] += [places[least], places[most]]


def _coding(fig: Any) -> dict[str, Any]:
    """Return how WebP is to encode the figure in fewer bytes: with all details, unless it shows a picture of data."""
    return {"quality": 75} if any(_shows_picture(axes) for axes in fig.axes) else {"lossless": True}


def _versions(fig: Any, draw: Callable[[], str]) -> dict[str, str]:
    light = draw()
    with _dark(fig):
        return {"light": light, "dark": draw()}


@contextlib.contextmanager
def _dark(fig: Any) -> Iterator[None]:
    """Give everything in the figure, except pictures of data and what covers them, colours for the dark."""
    on_data = {id(part) for axes in fig.axes if _shows_picture(axes) for part in _drawn_on(axes)}
    parts = [part for part in _parts(fig) if id(part) not in on_data]
    before = [(part, dict(vars(part))) for part in parts]
    try:
        fig.stale_callback = None  # it would draw the figure after each change
        for part in parts:
            _recolour(part)
        yield
    finally:
        for part, attributes in before:
            vars(part).update(attributes)


def _parts(artist: Any) -> Iterator[Any]:
    """Yield ``artist`` and everything drawn with it, including what Matplotlib does not count as a child."""
    for part in artist.findobj():
        yield part
        for name in ("arrow_patch", "_bbox_patch"):
            if (patch := getattr(part, name, None)) is not None:
                yield patch


def _shows_picture(axes: Any) -> bool:
    from matplotlib.collections import QuadMesh
    from matplotlib.contour import ContourSet

    return bool(axes.images) or any(
        isinstance(part, QuadMesh) or (isinstance(part, ContourSet) and part.filled) for part in axes.collections
    )


def _drawn_on(axes: Any) -> Iterator[Any]:
    for child in (*axes.collections, *axes.lines, *axes.patches, *axes.texts):
        yield from _parts(child)


def _recolour(part: Any) -> None:
    from matplotlib.collections import Collection
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch
    from matplotlib.text import Text

    names: tuple[str, ...] = ()
    if isinstance(part, Text):
        names = ("color",)
    elif isinstance(part, Line2D):
        names = ("markerfacecolor", "markeredgecolor", "color")
    elif isinstance(part, Patch) or (isinstance(part, Collection) and part.get_array() is None):
        names = ("facecolor", "edgecolor")
    # All are read first, because one can follow another.
    for name, colours in [(name, getattr(part, f"get_{name}")()) for name in names]:
        getattr(part, f"set_{name}")(_in_the_dark(colours))


def _in_the_dark(colours: Any) -> Any:
    from matplotlib.colors import to_rgba_array

    rows = [_shade(*row) for row in to_rgba_array(colours).tolist()]
    return rows[0] if len(rows) == 1 else rows


@functools.cache
def _shade(red: float, green: float, blue: float, alpha: float) -> tuple[float, ...]:
    """Return a colour for the dark: black is the text and white the background, and greys lie between them.

    Any other colour has a meaning and stays, or is mixed with white until it can be seen.
    """
    from matplotlib.colors import to_rgb

    paper, ink, colour = to_rgb(PAPER), to_rgb(INK), (red, green, blue)
    if max(colour) - min(colour) < _GREY:
        return (*_mixed(ink, paper, sum(colour) / 3), alpha)
    share = 0.0
    while _luminance(_mixed(colour, (1, 1, 1), share)) + 0.05 < _CONTRAST * (_luminance(paper) + 0.05):
        share += 0.05
    return (*_mixed(colour, (1, 1, 1), share), alpha)


def _mixed(one: tuple[float, ...], other: tuple[float, ...], share: float) -> tuple[float, ...]:
    return tuple(min(a + (b - a) * share, 1.0) for a, b in zip(one, other, strict=True))


def _luminance(colour: tuple[float, ...]) -> float:
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
