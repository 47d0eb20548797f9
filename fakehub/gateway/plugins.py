"""Plugins of dask-gateway-server that differ from the hub's: authentication, and where clusters run.

They rely on undocumented parts of it, checked with version 2026.3: ``JupyterHubAuthenticator.get_token``,
``LocalBackend.get_env`` and ``cluster.state["workdir"]``.
"""

from __future__ import annotations

from typing import Any

from aiohttp import web
from dask_gateway_server.auth import JupyterHubAuthenticator, unauthorized
from dask_gateway_server.backends.local import UnsafeLocalBackend
from dask_gateway_server.models import User
from traitlets import Unicode


class SessionAuthenticator(JupyterHubAuthenticator):
    """Authenticates the session's one user by token, without a JupyterHub."""

    user = Unicode(config=True, help="The session's user.")
    user_token = Unicode(config=True, help="The token of the user's server.")

    async def authenticate(self, request: web.Request) -> User:
        """Return the user, or raise 401 for a wrong or missing token."""
        if self.get_token(request) != self.user_token:
            raise unauthorized("jupyterhub")
        return User(self.user)


class SessionBackend(UnsafeLocalBackend):
    """Runs schedulers and workers as local processes that have no access to the user's files, as on the hub."""

    def get_env(self, cluster: Any) -> dict[str, str]:
        """Return the environment of the cluster's processes; what they write is removed with the cluster."""
        workdir = cluster.state["workdir"]
        return super().get_env(cluster) | {"HOME": workdir, "TMPDIR": workdir, "USER": "jovyan"}
