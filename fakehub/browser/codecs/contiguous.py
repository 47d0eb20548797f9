"""Memory views of contiguous buffers (``numcodecs.compat_ext``)."""

from __future__ import annotations

from typing import Any


def ensure_continguous_memoryview(obj: Any) -> memoryview:
    """Return a view of ``obj``; raise ``BufferError`` unless its memory is contiguous. (The name is numcodecs' own.)"""
    view = obj if isinstance(obj, memoryview) else memoryview(obj)
    if not view.contiguous:
        raise BufferError("Expected contiguous memory")
    return view
