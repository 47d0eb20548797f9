"""What Dask Gateway needs to know about a session, and the environment variables through which clients find it."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from hubfacts.schema import DaskGateway

_FILE = "gateway.json"


@dataclass(frozen=True)
class GatewaySettings:
    """The session's user and token, and the variables through which programs reach the stand-in.

    If ``hub_api`` is set, a JupyterHub answers there and identifies users by their tokens; ``token`` is then the
    gateway's own.
    """

    user: str
    token: str
    connection_variables: dict[str, str]
    hub_api: str | None = None

    def write(self, workdir: Path) -> None:
        """Write the settings to the session's working directory, for the server when it starts."""
        (workdir / _FILE).write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def read(cls, workdir: Path) -> GatewaySettings:
        """Read the settings of the session in ``workdir``. Raises ``OSError`` if there are none."""
        return cls(**json.loads((workdir / _FILE).read_text(encoding="utf-8")))


def new_token() -> str:
    """Return a token in the format that JupyterHub gives to servers."""
    return secrets.token_hex(16)


def gateway_variables(facts: DaskGateway, to_workers: list[str], hub: dict[str, str], port: int) -> dict[str, str]:
    """Return the variables with which ``dask_gateway.Gateway()`` needs no argument, as on the hub.

    ``to_workers`` names those of the hub's variables ``hub`` that workers get too. As on the hub, they are the default
    of the option ``environment``, so that a user who sets this option replaces them.
    """
    prefix = facts.url_prefix
    on_workers = {name: hub[name] for name in to_workers}
    return {
        "DASK_GATEWAY__ADDRESS": f"http://127.0.0.1:{port}{prefix}",
        "DASK_GATEWAY__PROXY_ADDRESS": f"gateway://127.0.0.1:{port}",
        # Without a host, as on the hub, where the browser is already at the hub's host.
        "DASK_GATEWAY__PUBLIC_ADDRESS": f"{prefix}/",
        "DASK_GATEWAY__AUTH__TYPE": "jupyterhub",
        "DASK_GATEWAY__CLUSTER__OPTIONS__IMAGE": "{JUPYTER_IMAGE_SPEC}",
        "DASK_GATEWAY__CLUSTER__OPTIONS__ENVIRONMENT": json.dumps(on_workers),
    }
