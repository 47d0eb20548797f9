"""Environment variables of the server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from hubcheck.common import YOU, Hub, Observation

USERNAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,37}[A-Za-z0-9])?")


def variables(hub: Hub) -> Iterator[Observation]:
    """Compare the variables of the server; those with secrets only have to be set."""
    for name, says in hub.guide["variables"].items():
        yield hub.observed(f"variable.{name}", says, _value(hub, name))
    yield hub.observed("variable.USER", hub.guide["home"].rpartition("/")[2], hub.env.get("USER", "not set"))
    for name, says in (("JUPYTERHUB_API_TOKEN", "set"), ("GOOGLE_APPLICATION_CREDENTIALS", "not set")):
        yield hub.observed(f"variable.{name}", says, "set" if hub.env.get(name) else "not set")
    if hub.guide["gateway"]:
        says = f"an address with the path {hub.guide['gateway']['url_prefix']}"
        path = urlsplit(hub.env.get("DASK_GATEWAY__ADDRESS", "")).path.rstrip("/")
        seen = f"an address with the path {path}" if path else "not set"
        yield hub.observed("variable.DASK_GATEWAY__ADDRESS", says, seen)


def _value(hub: Hub, name: str) -> str:
    """Return a variable's value, or for a user's name and for an image, what kind of value it is."""
    value = hub.env.get(name)
    if value is None:
        return "not set"
    if name == "JUPYTERHUB_USER":
        return YOU if USERNAME.fullmatch(value) else "not a GitHub username"
    if name == "JUPYTER_IMAGE_SPEC":
        return "an image of the start form" if value in hub.guide["images"] else "another image"
    return value
