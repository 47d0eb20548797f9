"""The versions of a figure that the site shows: sharp, and in the dark with colours that can be seen."""

import ast
import base64
import hashlib
import io
from types import SimpleNamespace

import numpy as np
import pytest
from IPython.core import pylabtools
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from PIL import Image

from guide.run import kernel_pictures

CENTRE = (0.5, 0.5)


@pytest.fixture
def figure():
    """A figure with empty axes that fill it and have no ticks."""
    figure = Figure(figsize=(2, 1))
    FigureCanvasAgg(figure)
    figure.add_axes((0, 0, 1, 1)).set(xlim=(0, 1), ylim=(0, 1), xticks=[], yticks=[])
    return figure


def versions_of(figure):
    """Return both versions of ``figure``, after a check that its cell shows the same with and without them."""
    module = SimpleNamespace(print_figure=pylabtools.print_figure)
    plain = module.print_figure(figure)
    kernel_pictures.install(module)
    shown = base64.b64decode(module.print_figure(figure, fmt="png", base64=True))

    assert shown == plain == pylabtools.print_figure(figure)
    versions = module.print_figure.kept[hashlib.sha256(shown).hexdigest()]
    pictures = [Image.open(io.BytesIO(base64.b64decode(versions[theme]))) for theme in ("light", "dark")]
    assert [picture.width for picture in pictures] == [2 * Image.open(io.BytesIO(shown)).width] * 2
    return [picture.convert("RGB") for picture in pictures]


def colour(picture, place=CENTRE):
    """Return the colour of ``picture`` at a ``place`` between 0 and 1."""
    x, y = place
    return tuple(value / 255 for value in picture.getpixel((int(x * picture.width), int(y * picture.height))))


def near(text):
    """Return a colour that is close to the one named ``text``."""
    return pytest.approx(to_rgb(text), abs=0.02)


@pytest.mark.parametrize(
    ("name", "dark"),
    [("black", kernel_pictures.INK), ("tab:orange", "tab:orange")],
)
@pytest.mark.parametrize("draw", ["axhline", "bar", "text", "scatter", "annotate"])
def test_greys_turn_round_and_colours_stay(figure, draw, name, dark):
    (axes,) = figure.axes
    arrow = {"color": name, "width": 30}
    options = {
        "axhline": {"y": 0.5, "color": name, "linewidth": 30},
        "bar": {"x": 0.5, "height": 1, "color": name},
        "text": {"x": 0.5, "y": 0.5, "s": "■", "color": name, "fontsize": 60, "ha": "center", "va": "center_baseline"},
        "scatter": {"x": [0.5], "y": [0.5], "color": name, "s": 900},
        "annotate": {"text": "", "xy": (0.9, 0.5), "xytext": (0, 0.5), "arrowprops": arrow},
    }
    getattr(axes, draw)(**options[draw])

    light_version, dark_version = versions_of(figure)

    assert colour(light_version) == near(name)
    assert colour(dark_version) == near(dark)


def test_a_dark_colour_becomes_lighter_and_the_background_is_that_of_the_site(figure, root):
    figure.axes[0].axhline(0.5, color="navy", linewidth=20)

    _, dark = versions_of(figure)

    red, green, blue = colour(dark)
    assert blue > red + 0.2 and red == pytest.approx(green, abs=0.02) and red > 0.2
    assert colour(dark, (0.25, 0.15)) == near(kernel_pictures.PAPER)
    assert f"--pst-color-background: {kernel_pictures.PAPER};" in (root / "book/_static/guide.css").read_text()


@pytest.mark.parametrize("kind", ["pcolormesh", "imshow", "contourf"])
def test_data_and_what_is_drawn_on_them_keep_their_colours(figure, kind):
    (axes,) = figure.axes
    getattr(axes, kind)(np.array([[0.0, 1.0], [0.0, 1.0]]), cmap="RdYlBu_r")
    axes.axhline(sum(axes.get_ylim()) / 2, color="black", linewidth=20)

    light, dark = versions_of(figure)

    assert colour(dark) == near("black")
    assert colour(dark, (0.2, 0.2)) == pytest.approx(colour(light, (0.2, 0.2)), abs=0.02)


def test_a_figure_that_cannot_be_drawn_again_is_shown_as_it_is(figure, monkeypatch):
    monkeypatch.setattr(kernel_pictures, "_recolour", lambda part: 1 / 0)
    module = SimpleNamespace(print_figure=pylabtools.print_figure)
    kernel_pictures.install(module)

    assert module.print_figure(figure) == pylabtools.print_figure(figure)
    assert module.print_figure.kept == {}


def test_what_a_figure_shows_is_noted_whatever_it_consists_of(figure):
    axes = figure.axes[0]
    axes.errorbar([1, 2], [3.5, 4.5], yerr=[0.1, 0.2])
    axes.stem([1, 2], [7.5, np.nan])
    axes.bar(["a", "b"], [9.5, np.nan])
    axes.set_title("Three kinds")
    versions_of(figure)

    drawn = ast.literal_eval(repr(kernel_pictures._drawn(figure)))

    assert {3.5, 4.5, 7.5, 9.5} <= set(drawn["values"])
    assert "Three kinds" in drawn["texts"]
