"""What Dask Gateway needs to know of a session, and what a session's environment says about Dask Gateway."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from hubfacts.schema import DaskGateway

_FILE = "gateway.json"


@dataclass(frozen=True)
class GatewaySettings:
    """Whose session it is, the token that proves it, and the variables by which programs reach the stand-in.

    With ``hub_api`` a JupyterHub answers there and says whose a token is; ``token`` is then the gateway's own.
    """

    user: str
    token: str
    connection_variables: dict[str, str]
    hub_api: str | None = None

    def write(self, workdir: Path) -> None:
        """Leave the settings in the session's working directory, for when the server starts."""
        (workdir / _FILE).write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def read(cls, workdir: Path) -> GatewaySettings:
        """The settings of the session in ``workdir``. Raises ``OSError`` where no session has left any."""
        return cls(**json.loads((workdir / _FILE).read_text(encoding="utf-8")))


def new_token() -> str:
    """A token of the form JupyterHub gives to a server."""
    return secrets.token_hex(16)


def gateway_variables(facts: DaskGateway, to_workers: list[str], hub: dict[str, str], port: int) -> dict[str, str]:
    """What the hub sets so that ``dask_gateway.Gateway()`` needs no argument.

    Those of the hub's variables ``hub`` that are named in ``to_workers`` go on to the workers: as the default of the
    option ``environment``, as on the hub, so that a user who sets that option replaces them.
    """
    prefix = facts.url_prefix
    on_workers = {name: hub[name] for name in to_workers}
    return {
        "DASK_GATEWAY__ADDRESS": f"http://127.0.0.1:{port}{prefix}",
        "DASK_GATEWAY__PROXY_ADDRESS": f"gateway://127.0.0.1:{port}",
        # Without a host, as on the hub, where a browser already has the hub's.
        "DASK_GATEWAY__PUBLIC_ADDRESS": f"{prefix}/",
        "DASK_GATEWAY__AUTH__TYPE": "jupyterhub",
        "DASK_GATEWAY__CLUSTER__OPTIONS__IMAGE": "{JUPYTER_IMAGE_SPEC}",
        "DASK_GATEWAY__CLUSTER__OPTIONS__ENVIRONMENT": json.dumps(on_workers),
    }
