"""The parts of dask-gateway-server that differ here: who may use it, and where its clusters' processes run."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from dask_gateway_server.auth import JupyterHubAuthenticator, unauthorized
from dask_gateway_server.backends.local import UnsafeLocalBackend
from dask_gateway_server.models import User
from traitlets import Unicode


class SessionAuthenticator(JupyterHubAuthenticator):
    """Knows one user by their token, without a JupyterHub to ask."""

    user = Unicode(config=True, help="The session's user.")
    user_token = Unicode(config=True, help="The token of their server.")

    async def authenticate(self, request: web.Request) -> User:
        """The user; 401 for any other token and for none."""
        if self.get_token(request) != self.user_token:
            raise unauthorized("jupyterhub")
        return User(self.user)


class SessionBackend(UnsafeLocalBackend):
    """Runs schedulers and workers as local processes that see no file of the user, as on the hub."""

    def get_env(self, cluster: Any) -> dict[str, str]:
        """The variables of a process of ``cluster``; what they write ends with the cluster."""
        workdir = cluster.state["workdir"]
        return super().get_env(cluster) | {"HOME": workdir, "TMPDIR": workdir, "USER": "jovyan"}
