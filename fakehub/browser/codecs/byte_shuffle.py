"""The order of bytes that the Shuffle filter and Blosc change (``numcodecs._shuffle``)."""

from __future__ import annotations

from typing import Any

import numpy as np


def shuffled(data: Any, itemsize: int) -> Any:
    """Return the bytes of ``data`` with the first bytes of all items first, then the second ones, and so on.

    Bytes after the last whole item stay at the end.
    """
    count = len(data) // itemsize
    whole = data[: count * itemsize].reshape(count, itemsize)
    return np.concatenate([whole.T.reshape(-1), data[count * itemsize :]])


def unshuffled(data: Any, itemsize: int) -> Any:
    """Undo ``shuffled``."""
    count = len(data) // itemsize
    whole = data[: count * itemsize].reshape(itemsize, count)
    return np.concatenate([whole.T.reshape(-1), data[count * itemsize :]])


def _doShuffle(src: Any, des: Any, element_size: int) -> None:
    """Write the bytes of ``src`` into ``des``, shuffled."""
    np.asarray(des)[:] = shuffled(np.asarray(src), element_size)


def _doUnshuffle(src: Any, des: Any, element_size: int) -> None:
    """Write the bytes of ``src`` into ``des`` in their original order."""
    np.asarray(des)[:] = unshuffled(np.asarray(src), element_size)
