"""Figures in cells: the backend of pyplot, and how a figure is drawn for an output.

The functions have the names and arguments of IPython's ``pylabtools``, so that something else can wrap them.
"""

from __future__ import annotations

import base64 as base64_module
import builtins
import io
from typing import Any

from matplotlib.backend_bases import _Backend
from matplotlib.backends.backend_agg import FigureCanvasAgg


def print_figure(fig: Any, fmt: str = "png", base64: bool = False, **options: Any) -> Any:
    """Return a figure as IPython prints it: cut to what is drawn, in its own resolution; ``None`` if it is empty."""
    if not fig.axes and not fig.lines:
        return None
    FigureCanvasAgg(fig)
    settings = {"dpi": fig.dpi, "bbox_inches": "tight"}
    settings |= {"facecolor": fig.get_facecolor(), "edgecolor": fig.get_edgecolor()}
    buffer = io.BytesIO()
    fig.canvas.print_figure(buffer, format=fmt, **settings | options)
    return base64_module.b64encode(buffer.getvalue()).decode() if base64 else buffer.getvalue()


def kept_versions() -> dict[str, str]:
    """Return the other versions of the last figure that what wraps ``print_figure`` has kept, and forget them."""
    kept = getattr(print_figure, "kept", {})
    versions: dict[str, str] = next(iter(kept.values()), {})
    kept.clear()
    return dict(versions)


@_Backend.export
class _Inline(_Backend):
    """A backend whose figures are shown in the output of the cell."""

    FigureCanvas = FigureCanvasAgg

    @staticmethod
    def show(*_arguments: Any, **_options: Any) -> None:
        """Show the open figures and close them."""
        import matplotlib.pyplot as plt

        for number in plt.get_fignums():
            builtins.display(plt.figure(number))  # type: ignore[attr-defined]
        plt.close("all")
