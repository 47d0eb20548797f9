"""What pages import, imported once: each page then runs in a copy of this process.

A copy must not differ from a new process in anything a page can see. Libraries that read the environment while they
are imported read it again, and what only the block runner imports is out of a page's reach.
"""

from __future__ import annotations

import builtins
import gc
import importlib
import os
import random
import sys
import warnings
from pathlib import Path
from types import SimpleNamespace

from fakehub.isolation import namespace
from guide.paths import ROOT

# What runs a page.
_RUNNER = (
    "ipykernel.kernelapp",
    "IPython.core.completer",
    "nbclient",
    "fakehub.server.process",
    "guide.run.page_session",
)
# Heavy, and harmless to copy: no threads, files or sockets are open after the import. pyplot is left out, as it
# chooses its backend when it is imported; and so are libraries that start threads (pyarrow, jax).
_LIBRARIES = (
    "google.cloud.storage",
    "xarray",
    "zarr",
    "gcsfs",
    "dask.array",
    "dask.dataframe",
    "matplotlib.axes",
    "matplotlib.font_manager",
    "xarray.plot",
)
# Where ``python -m guide`` finds its modules.
_OWN_PLACES = (Path(), ROOT)


def can_be_copied(mode: str) -> bool:
    """Whether the system can run pages of a stand-in in that ``mode`` in copies of this process."""
    return "FAKEHUB_SESSION" not in os.environ and mode != "proxy" and namespace.available()


def import_runner() -> None:
    """Import what runs a page, and nothing that pages import."""
    _import_quietly(_RUNNER)


def import_libraries() -> None:
    """Import what most pages import, and what runs a page."""
    _import_pandas_as_in_a_kernel()
    _import_quietly((*_LIBRARIES, *_RUNNER))


def _import_quietly(names: tuple[str, ...]) -> None:
    # By hand, as catch_warnings would forget the filters that libraries set while they are imported.
    everything = ("ignore", None, Warning, None, 0)
    warnings.filters.insert(0, everything)
    gc.disable()  # looking for garbage, of which there is none, would take a fifth of the time
    try:
        for name in names:
            importlib.import_module(name)
    finally:
        warnings.filters.remove(everything)
        gc.enable()
    gc.freeze()  # or each copy would look through all of it for garbage, and so have its own of every page of memory


def _import_pandas_as_in_a_kernel() -> None:
    """Import pandas, which asks for the shell it is in while it is imported: tables are wider in a kernel."""
    builtins.get_ipython = lambda: SimpleNamespace(kernel=True)
    try:
        _import_quietly(("pandas",))
    finally:
        del builtins.get_ipython


def forget_the_runner() -> None:
    """Take the block runner, which a new process would not have found, out of a page's reach."""
    for name in [name for name in sys.modules if name.partition(".")[0] in {"guide", "fakehub", "hubfacts"}]:
        del sys.modules[name]
    sys.path[:] = [place for place in sys.path if Path(place) not in _OWN_PLACES]


def read_environment_again() -> None:
    """Have libraries that are imported already read the environment of now, and draw other random numbers."""
    modules = sys.modules
    ignored = os.environ.get("PYTHONWARNINGS", "").split(",")
    warnings._processoptions(filter(None, ignored))  # as Python does when it starts
    if "aiohttp.connector" in modules:
        connector = modules["aiohttp.connector"]
        connector._SSL_CONTEXT_VERIFIED = connector._make_ssl_context(True)  # it trusts SSL_CERT_FILE
    if "google.auth.compute_engine._metadata" in modules:  # it keeps the metadata server's address in constants
        importlib.reload(modules["google.auth.compute_engine._metadata"])
    if "dask.config" in modules:
        modules["dask.config"].refresh()
    if "matplotlib" in modules and os.environ.get("MPLBACKEND"):
        modules["matplotlib"].rcParams["backend"] = os.environ["MPLBACKEND"]
    if "numpy" in modules:
        modules["numpy"].random.seed()
    random.seed()
