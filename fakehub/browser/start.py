"""Make this process a server of the hub: replace what is missing, start the services, and set the variables."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from fakehub.browser import absent, compiled, filesystem, ipython, loop, plain_models, threads

if TYPE_CHECKING:
    from fakehub.browser.hub import Hub

# Imported by modules of the stand-in, of gcsfs and of pages, for what does not work here: signed URLs, logins from
# another machine, gRPC, and calendars that NumPy does not have.
ABSENT = (
    "cftime",
    "cryptography",
    "google.api_core",
    "google.auth.crypt",
    "google.cloud",
    "google_auth_oauthlib",
    "grpc",
)


def prepare() -> None:
    """Replace threads, event loops, compiled code and packages that do not exist here; call it before all imports."""
    loop.install()
    threads.install()
    compiled.install()
    absent.install(ABSENT)
    plain_models.install()
    ipython.install()
    filesystem.install()
    # A browser gets the fonts that figures use, not those that formulas could fall back to.
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)


def start(facts: str, public_data: str, variables: Mapping[str, str], home: Path, folder: Path) -> Hub:
    """Start the hub whose ``facts`` and ``public_data`` were written by ``plain_models.dump``; return it.

    ``variables`` are those of the hub's servers. ``home`` is the home directory; ``folder`` is for the log.
    """
    import hubfacts.public_data

    known = plain_models.restore(public_data)
    hubfacts.public_data.load = lambda: known  # type: ignore[assignment]
    from fakehub.browser import http_clients
    from fakehub.browser.hub import Hub, set_environment

    hub = Hub(plain_models.restore(facts), folder, loop.InlineLoop())
    http_clients.install(hub.wire)
    set_environment(variables, home)
    os.environ["MPLBACKEND"] = "module://fakehub.browser.figures"
    return hub
