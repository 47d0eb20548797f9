"""What cells and libraries import of IPython, which is too large for a page: ``display`` and the classes around it."""

from __future__ import annotations

import base64
import builtins
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any


class _Shown:
    """Something with one representation."""

    kind = ""

    def __init__(self, data: Any = None, *, filename: str | None = None, **_options: Any) -> None:
        self.data = Path(filename).read_bytes() if filename else data

    def _repr_mimebundle_(self) -> dict[str, Any]:
        data = self.data
        return {self.kind: base64.b64encode(data).decode() if isinstance(data, bytes) else data}


def _class(name: str, kind: str) -> type[_Shown]:
    return type(name, (_Shown,), {"kind": kind})


class ZMQShell:
    """The shell of a notebook: by its name and its attribute, pandas knows that tables have no terminal to fit into."""

    kernel = None


def install() -> None:
    """Provide ``get_ipython``, and the modules ``IPython`` and ``IPython.display`` unless IPython is installed."""
    shell = ZMQShell()
    builtins.get_ipython = lambda: shell  # type: ignore[attr-defined]
    if importlib.util.find_spec("IPython") is not None:
        return
    package, display = ModuleType("IPython"), ModuleType("IPython.display")
    package.__path__ = []
    vars(package).update(get_ipython=lambda: None, display=display, version_info=(9, 0, 0))
    kinds = {"HTML": "text/html", "Markdown": "text/markdown", "SVG": "image/svg+xml", "Image": "image/png"}
    vars(display).update({name: _class(name, kind) for name, kind in kinds.items()})
    vars(display).update(display=lambda *values: builtins.display(*values), clear_output=lambda wait=False: None)  # type: ignore[attr-defined]
    sys.modules |= {"IPython": package, "IPython.display": display}
