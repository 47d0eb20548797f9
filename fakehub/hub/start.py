"""``fakehub hub``: start the hub inside a stand-in, run a command there and clean up after it."""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from fakehub.gateway.variables import GatewaySettings
from fakehub.hub.certificates import make_certificates
from fakehub.hub.servers import write_jupyter_files
from fakehub.hub.settings import API_PORT, GITHUB_ADDRESS, GITHUB_HOSTS, HUB_ADDRESS, HubSettings, hub_host
from fakehub.isolation import namespace
from fakehub.isolation.processes import last_line
from fakehub.session.run import RunError, run_in_names
from fakehub.session.session import Session, SessionError, SessionOptions
from hubfacts.load import FactsError, load, load_hub
from hubfacts.location import default_path
from hubfacts.schema import Facts, HubFacts

_CONFIG = Path(__file__).with_name("jupyterhub_config.py")
# Seconds allowed for the hub to start.
_TIMEOUT_S = 120


def run_hub(command: Sequence[str], hub_yml: Path | None, programs: Path | None, repositories: Sequence[str]) -> int:
    """Run ``command``, or a shell if it is empty, beside a hub; return its exit status.

    ``programs`` is the environment with JupyterHub, by default ``.venv/jupyterhub`` beside the facts. Each of
    ``repositories`` is ``ADDRESS=PATH``: cloning ADDRESS clones the local repository at PATH. Raises
    ``RunError``.
    """
    hub_yml = (hub_yml or default_path()).resolve()
    programs = (programs or hub_yml.parent / ".venv" / "jupyterhub").absolute()
    options = SessionOptions(_facts(hub_yml), hub_yml)
    _check(programs)
    settings = HubSettings(str(hub_yml), str(programs), sys.executable, {}, 0, _repositories(repositories))
    hosts = {HUB_ADDRESS: (hub_host(options.facts),), GITHUB_ADDRESS: GITHUB_HOSTS}
    try:
        return run_in_names(list(command) or [_shell()], options, hosts, _Starter(settings, announce=not command))
    except namespace.NamespaceError as error:
        raise RunError(f"the hub needs network namespaces, which this system does not allow ({error})") from error


def _facts(hub_yml: Path) -> HubFacts:
    """Load the facts; raises ``RunError``."""
    try:
        load(hub_yml)
    except FactsError as error:
        raise RunError(str(error)) from error
    try:
        return load_hub(hub_yml)
    except FactsError as error:
        raise RunError(f"JupyterHub needs more facts than the rest of the stand-in: {error}") from error


def _check(programs: Path) -> None:
    """Raise ``RunError`` unless JupyterHub and its proxy are installed in ``programs``."""
    if not (programs / "bin" / "jupyterhub").is_file():
        raise RunError(f"there is no JupyterHub in {programs}; make tools sets it up, or name one with --programs DIR")
    if not (programs / "hub-proxy" / "node_modules").is_dir():
        raise RunError(f"there is no configurable-http-proxy in {programs}; make tools sets it up")


def _repositories(arguments: Sequence[str]) -> dict[str, str]:
    pairs = [argument.partition("=") for argument in arguments]
    wrong = next((address for address, _, path in pairs if not Path(path or "-").is_dir()), None)
    if wrong is not None:
        raise RunError(f"--repository {wrong}: write ADDRESS=PATH, with the path of a git repository")
    return {address: str(Path(path).resolve()) for address, _, path in pairs}


def _shell() -> str:
    return os.environ.get("SHELL", "/bin/sh")


class _Starter:
    """Starts the parts of the hub beside the stand-in of a session."""

    def __init__(self, settings: HubSettings, announce: bool) -> None:
        self._settings, self._announce = settings, announce

    def __call__(self, session: Session, options: SessionOptions) -> dict[str, str]:
        """Return the command's environment once the hub answers; raises ``SessionError``."""
        started = time.monotonic()
        folder, facts = session.folder, options.facts
        connection = GatewaySettings.read(folder).connection_variables
        gateway_port = session.ports.get("gateway", 0)
        settings = replace(self._settings, connection_variables=connection, gateway_port=gateway_port)
        settings.write(folder)
        api = f"http://{HUB_ADDRESS}:{API_PORT}/hub/api"
        GatewaySettings("", settings.gateway_token, connection, api).write(folder)
        make_certificates(folder, {"hub": (hub_host(facts),), "github": GITHUB_HOSTS})
        write_jupyter_files(folder / "jupyter", settings.kernel)
        env = _without_server_variables(session.environment, facts) | {"FAKEHUB_HUB_YML": settings.hub_yml}
        github = _launch([sys.executable, "-m", "fakehub.hub.github"], env, folder / "github.log")
        jupyterhub = str(Path(settings.programs) / "bin" / "jupyterhub")
        kube = {"KUBECONFIG": str(_write_kubeconfig(folder)), "HOME": str(folder)}
        hub = _launch([jupyterhub, "-f", str(_CONFIG)], env | kube, folder / "jupyterhub.log")
        _wait({"GitHub": github, "JupyterHub": hub}, folder, f"{facts.hub.url}hub/health")
        if self._announce:
            seconds = time.monotonic() - started
            print(f"{facts.hub.url} is ready after {seconds:.0f} s, and stops when this shell ends", flush=True)
        return env


def _without_server_variables(environment: dict[str, str], facts: Facts) -> dict[str, str]:
    """Return the environment without the variables of the hub's servers, because no server runs yet."""
    server_variables = facts.environment_variables.values.keys()
    return {
        name: value
        for name, value in environment.items()
        if name not in server_variables and not name.startswith(("DASK_GATEWAY__", "JUPYTER"))
    }


def _write_kubeconfig(folder: Path) -> Path:
    """Write the configuration of a cluster that does not exist: KubeSpawner reads one when it starts."""
    file = folder / "kubeconfig.json"
    cluster = {"name": "none", "cluster": {"server": "http://127.0.0.1:9"}}
    context = {"name": "none", "context": {"cluster": "none", "user": "none"}}
    user = {"name": "none", "user": {}}
    config = {"clusters": [cluster], "contexts": [context], "users": [user], "current-context": "none"}
    file.write_text(json.dumps(config), encoding="utf-8")
    return file


def _launch(command: list[str], env: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as output:
        return subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=output)


def _wait(parts: dict[str, subprocess.Popen[bytes]], folder: Path, address: str) -> None:
    """Wait until the hub answers at ``address``; raises ``SessionError`` if a part ends or takes too long."""
    deadline = time.monotonic() + _TIMEOUT_S
    trusting = urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=folder / "ca.pem"))
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), trusting)
    while not _answers(opener, address):
        for name, process in parts.items():
            if process.poll() is not None or time.monotonic() > deadline:
                raise SessionError(f"{name} did not start: {last_line(folder / f'{name.lower()}.log')}")
        time.sleep(0.1)


def _answers(opener: urllib.request.OpenerDirector, address: str) -> bool:
    try:
        with opener.open(address, timeout=5) as answer:
            return answer.status == 200
    except OSError:  # refused, or the proxy does not know the hub yet
        return False
