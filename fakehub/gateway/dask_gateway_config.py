"""The configuration of dask-gateway-server: ``python -m dask_gateway_server -f`` this file, in a session's environment.

The address to listen on is given on the command line.
"""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from dask_gateway_server.auth import JupyterHubAuthenticator

import fakehub.gateway
from fakehub.gateway.options import cluster_options
from fakehub.gateway.plugins import SessionAuthenticator, SessionBackend
from fakehub.gateway.variables import GatewaySettings
from hubfacts.load import load

if TYPE_CHECKING:  # traitlets defines it in the files of a configuration
    from traitlets.config import get_config

workdir = Path(os.environ["FAKEHUB_SESSION"])
settings = GatewaySettings.read(workdir)
facts = load().dask_gateway
if facts is None:
    sys.exit("the hub has no Dask Gateway")
preload = str(Path(fakehub.gateway.__file__).with_name("worker_preload.py"))
# Works with every version; newer ones do not install the commands `dask-scheduler` and `dask-worker`.
dask = [sys.executable, "-m", "fakehub.gateway.on_another_machine", sys.executable, "-m", "dask"]

c = get_config()
c.DaskGateway.log_level = "WARN"
if settings.hub_api:
    c.DaskGateway.authenticator_class = JupyterHubAuthenticator
    c.JupyterHubAuthenticator.jupyterhub_api_url = settings.hub_api
    c.JupyterHubAuthenticator.jupyterhub_api_token = settings.token
else:
    c.DaskGateway.authenticator_class = SessionAuthenticator
    c.SessionAuthenticator.user = settings.user
    c.SessionAuthenticator.user_token = settings.token
c.DaskGateway.backend_class = SessionBackend
c.SessionBackend.cluster_options = cluster_options(facts)
c.SessionBackend.clusters_directory = str(workdir / "clusters")
c.SessionBackend.inherited_environment = [*settings.connection_variables, "FAKEHUB_SESSION"]
c.Proxy.prefix = facts.url_prefix
c.LocalClusterConfig.scheduler_cmd = [*dask, "scheduler"]
c.LocalClusterConfig.worker_cmd = [*dask, "worker", "--preload-nanny", preload, "--preload", preload]
