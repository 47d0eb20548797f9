"""Append quickly: import what it needs once, and fork a process for each append.

Each line of stdin is JSON: the ``kind`` of series, ``do`` (``start`` or ``append``) and the ``url``. Two lines answer:
the id of the process, then its exit status. The process prints an error to stderr.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import sys
import traceback
import warnings
from typing import Any

# What an append imports; Dask imports ``distributed`` when it computes.
_IMPORTED = (
    "append_sources",
    "append_to_store",
    "dask.array",
    "distributed",
    "gcsfs",
    "pandas",
    "xarray.backends.zarr",
    "zarr",
)


def run(asked: dict[str, Any]) -> None:
    """Do what a line asks for, and end this process."""
    from append_sources import KINDS

    status = 1
    try:
        getattr(KINDS[asked["kind"]], asked["do"])(asked["url"])
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


def main() -> None:
    """Serve until stdin ends."""
    warnings.simplefilter("ignore")
    for name in _IMPORTED:
        importlib.import_module(name)
    importlib.import_module("xarray").backends.list_engines()  # reads the metadata of all installed packages
    gc.freeze()  # so that a child's collector does not copy the pages that it shares with this process
    print("ready", flush=True)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            run(json.loads(line))
        print(child, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    main()
