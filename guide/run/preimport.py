"""Imports that pages have in common, done once: each page then runs in a fork of this process.

A page must not be able to tell a fork from a new process. Libraries that read the environment while they are imported
therefore read it again in the fork, and the modules of the block runner are removed there.
"""

from __future__ import annotations

import builtins
import gc
import importlib
import os
import random
import re
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

from fakehub.isolation import namespace
from guide import compat
from guide.paths import ROOT

_RUNNER = (
    "ipykernel.kernelapp",
    "IPython.core.completer",
    "nbclient",
    "fakehub.server.process",
    "guide.run.page_session",
)
# Libraries that are slow to import and safe to fork: their import opens no files or sockets and starts no threads. Each
# has a word that is in the code of pages which use it.
# pyplot is missing because it chooses its backend on import, and pyarrow and jax because they start threads.
_LIBRARIES = {
    "google.cloud.storage": "google",
    "xarray": "xarray",
    "zarr": "zarr",
    "gcsfs": "gcsfs",
    "dask.array": "dask",
    "dask.dataframe": "dataframe",
    "matplotlib.axes": "matplotlib",
    "matplotlib.font_manager": "matplotlib",
    "xarray.plot": "xarray",
}
# Entries of sys.path by which ``python -m guide`` finds its modules.
_OWN_PATHS = (Path(), ROOT)
_OWN_PACKAGES = {"guide", "fakehub", "hubfacts"}


def can_fork_pages(mode: str) -> bool:
    """Return whether pages that run in a stand-in with this network ``mode`` may run in forks of this process."""
    return "FAKEHUB_SESSION" not in os.environ and mode != "proxy" and namespace.available()


def import_runner() -> None:
    """Import the block runner, and nothing that pages import."""
    _import_quietly(_RUNNER)


def import_libraries() -> None:
    """Import the block runner and the libraries that most pages import."""
    _import_pandas_as_in_a_kernel()
    _import_quietly((*_LIBRARIES, *_RUNNER))


def import_libraries_in(code: str) -> None:
    """Import the libraries of ``import_libraries`` that pages with this ``code`` use."""
    words = set(re.findall(r"\w+", code))
    if words & {"pandas", "xarray"}:
        _import_pandas_as_in_a_kernel()
    _import_quietly(tuple(name for name, word in _LIBRARIES.items() if word in words))


def _import_quietly(names: tuple[str, ...]) -> None:
    gc.disable()  # there is no garbage to collect yet, and looking for it takes a fifth of the time
    try:
        with compat.warnings_ignored():
            for name in names:
                importlib.import_module(name)
    finally:
        gc.enable()
    gc.freeze()  # otherwise the collector of each fork would touch, and so copy, every page of memory


def _import_pandas_as_in_a_kernel() -> None:
    """Import pandas, which looks for a kernel on import: it shows wider tables in one."""
    names = vars(builtins)
    names["get_ipython"] = lambda: SimpleNamespace(kernel=True)
    try:
        _import_quietly(("pandas",))
    finally:
        del names["get_ipython"]


def forget_own_packages() -> None:
    """Remove the project's packages, which a page in a new process could not import."""
    for name in [name for name in sys.modules if name.partition(".")[0] in _OWN_PACKAGES]:
        del sys.modules[name]
    sys.path[:] = [entry for entry in sys.path if Path(entry) not in _OWN_PATHS]


def reload_environment() -> None:
    """Have imported libraries read the current environment, and seed the random number generators again."""
    compat.apply_warning_filters()
    compat.reload_certificates()
    compat.reload_metadata_address()
    if "dask.config" in sys.modules:
        sys.modules["dask.config"].refresh()
    if "matplotlib" in sys.modules and os.environ.get("MPLBACKEND"):
        sys.modules["matplotlib"].rcParams["backend"] = os.environ["MPLBACKEND"]
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()
    random.seed()
    tempfile.tempdir = None
