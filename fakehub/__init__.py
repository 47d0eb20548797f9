"""A laptop-size stand-in for a JupyterHub on Google Cloud, made from one facts file.

``fakehub.__all__`` is the public interface in Python; README.md and docs/ describe it. Names are imported when they
are first used, because programs that read facts in a browser cannot import what starts processes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fakehub.control.client import Control, ControlError
    from fakehub.network.shaping import NetworkSettings
    from fakehub.session.serve import Server
    from fakehub.session.session import Session, SessionError

    __version__: str

__all__ = ["Control", "ControlError", "NetworkSettings", "Server", "Session", "SessionError", "__version__"]

_MODULES = {
    "Control": "fakehub.control.client",
    "ControlError": "fakehub.control.client",
    "NetworkSettings": "fakehub.network.shaping",
    "Server": "fakehub.session.serve",
    "Session": "fakehub.session.session",
    "SessionError": "fakehub.session.session",
}


def __getattr__(name: str) -> object:
    if name == "__version__":
        from importlib.metadata import version

        return version("fakehub")
    if name in _MODULES:
        from importlib import import_module

        return getattr(import_module(_MODULES[name]), name)
    raise AttributeError(f"module 'fakehub' has no attribute {name!r}")
