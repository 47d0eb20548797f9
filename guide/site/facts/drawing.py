"""Drawings of boxes and arrows as SVG, in the colours of the page, with a description in words."""

from __future__ import annotations

import html
import textwrap
from dataclasses import dataclass

# In pixels: width and height of a box, of a cell of the grid, and of a line of text; then letters in a line of a box,
# and the width of a letter.
_WIDTH, _HEIGHT, _ACROSS, _DOWN, _LINE, _LETTERS, _LETTER = 178, 76, 284, 120, 16, 24, 7
_MARGIN = 8


@dataclass(frozen=True)
class Box:
    """A thing: its name, a few words about it, and its column and row in the grid."""

    name: str
    about: str
    column: float
    row: float


@dataclass(frozen=True)
class Arrow:
    """What one thing does to another; ``faint`` for a weaker action, as reading compared with writing."""

    start: Box
    end: Box
    what: str
    faint: bool = False


@dataclass(frozen=True)
class Drawing:
    """A drawing: a title, boxes, and arrows between them."""

    title: str
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]

    def words(self) -> str:
        """Return the drawing as sentences."""
        things = " ".join(f"{box.name}: {box.about}." for box in self.boxes if box.about)
        actions = " ".join(f"{arrow.start.name} → {arrow.end.name}: {arrow.what}." for arrow in self.arrows)
        return f"{things} {actions}"


def svg(drawing: Drawing, name: str) -> str:
    """Return the drawing as an SVG element; ``name`` makes its ids unique on a page."""
    width = _MARGIN * 2 + _WIDTH + max(box.column for box in drawing.boxes) * _ACROSS
    height = _MARGIN * 2 + _HEIGHT + max(box.row for box in drawing.boxes) * _DOWN
    parts = [
        f'<svg role="img" aria-labelledby="{name}-title {name}-words" viewBox="0 0 {width:g} {height:g}" '
        f'width="{width:g}" height="{height:g}" xmlns="http://www.w3.org/2000/svg">',
        f'<title id="{name}-title">{html.escape(drawing.title)}</title>',
        f'<desc id="{name}-words">{html.escape(drawing.words())}</desc>',
        f'<defs><marker id="{name}-head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
        'orient="auto-start-reverse"><path class="head" d="M0 0 8 4 0 8z"></path></marker></defs>',
        *(_line(arrow, name) for arrow in drawing.arrows),
        *(_box(box) for box in drawing.boxes),
        *(_label(arrow) for arrow in drawing.arrows),
        "</svg>",
    ]
    return "".join(parts)


def _centre(box: Box) -> tuple[float, float]:
    return _MARGIN + _WIDTH / 2 + box.column * _ACROSS, _MARGIN + _HEIGHT / 2 + box.row * _DOWN


def _ends(arrow: Arrow) -> tuple[float, float, float, float]:
    """Return the ends of an arrow: points on the edges of both boxes, on the line between their centres."""
    (x1, y1), (x2, y2) = _centre(arrow.start), _centre(arrow.end)
    dx, dy = x2 - x1, y2 - y1
    out = min(_WIDTH / 2 / abs(dx) if dx else 1, _HEIGHT / 2 / abs(dy) if dy else 1)
    far = 1 - out - 3 / (dx**2 + dy**2) ** 0.5
    return x1 + dx * out, y1 + dy * out, x1 + dx * far, y1 + dy * far


def _line(arrow: Arrow, name: str) -> str:
    x1, y1, x2, y2 = _ends(arrow)
    faint = ' stroke-dasharray="5 4"' if arrow.faint else ""
    return (
        f'<line class="arrow" x1="{x1:.0f}" y1="{y1:.0f}" x2="{x2:.0f}" y2="{y2:.0f}"{faint} '
        f'marker-end="url(#{name}-head)"></line>'
    )


def _label(arrow: Arrow) -> str:
    """Return the words of an arrow: above a horizontal one, beside a vertical one, and on one that slopes.

    On a slope, they are at two fifths of its length, where crossing arrows are still apart, before a background.
    """
    x1, y1, x2, y2 = _ends(arrow)
    lines = textwrap.wrap(arrow.what, 14)
    if round(y1) == round(y2):
        return f'<g class="label">{_text(lines, (x1 + x2) / 2, y1 - 11 - (len(lines) - 1) * _LINE / 2)}</g>'
    if round(x1) == round(x2):
        return f'<g class="label">{_text(lines, x1 + 9, (y1 + y2) / 2, anchor="start")}</g>'
    x, y = x1 + (x2 - x1) * 0.42, y1 + (y2 - y1) * 0.42
    width, height = max(map(len, lines)) * _LETTER + 6, len(lines) * _LINE + 2
    behind = f'<rect x="{x - width / 2:.0f}" y="{y - height / 2:.0f}" width="{width}" height="{height}"></rect>'
    return f'<g class="label">{behind}{_text(lines, x, y)}</g>'


def _box(box: Box) -> str:
    x, y = _centre(box)
    about = textwrap.wrap(box.about, _LETTERS, break_on_hyphens=False)
    lines = [box.name, *about]
    return (
        f'<g class="box"><rect x="{x - _WIDTH / 2:g}" y="{y - _HEIGHT / 2:g}" width="{_WIDTH}" height="{_HEIGHT}" '
        f'rx="6"></rect>{_text(lines, x, y, first="name")}</g>'
    )


def _text(lines: list[str], x: float, y: float, first: str = "", anchor: str = "middle") -> str:
    """Return lines of text around a point, or beginning at it."""
    top = y - (len(lines) - 1) * _LINE / 2 + 4
    spans = []
    for number, line in enumerate(lines):
        kind = f' class="{first}"' if first and not number else ""
        spans.append(f'<tspan{kind} x="{x:.0f}" y="{top + number * _LINE:.0f}">{html.escape(line)}</tspan>')
    return f'<text text-anchor="{anchor}">{"".join(spans)}</text>'
