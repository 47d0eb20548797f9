"""Environment variables of commands in a session: the hub's, and those that lead clients to the stand-in."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fakehub.accounts.personas import KEY_FILE
from fakehub.gateway.variables import GatewaySettings, gateway_variables, new_token
from fakehub.hosts import METADATA_HOST
from hubfacts.schema import Facts

# Variables that would lead a client to a real account, or past the stand-in.
_LEAKS = re.compile(
    r"(GOOGLE|CLOUDSDK|PIP_|GCE_METADATA|STORAGE_EMULATOR|GCSFS|FSSPEC|AWS|BOTO|JUPYTER|IPYTHON|DASK|XDG|MPLCONFIG)"
    r"|(?i:(https?|all|no)_proxy$)"
)
_CA_VARIABLES = (
    "REQUESTS_CA_BUNDLE",
    "SSL_CERT_FILE",
    "CURL_CA_BUNDLE",
    "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",
    "CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE",
    "AWS_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
    "HTTPLIB2_CA_CERTS",
    "GIT_SSL_CAINFO",
)
USERNAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,37}[A-Za-z0-9])?")


def hub_variables(facts: Facts, user: str) -> dict[str, str]:
    """Return the variables that the hub sets in every server of ``user``."""
    known = {"JUPYTERHUB_USER": user, "IMAGE": facts.images.default.ref if facts.images else ""}
    return {
        name: re.sub(r"\$\((\w+)\)", lambda match: known[match.group(1)], variable.value)
        for name, variable in facts.environment_variables.values.items()
    }


def environment(facts: Facts, user: str, persona: str, workdir: Path, ports: dict[str, int]) -> dict[str, str]:
    """Return the whole environment of a command on the machine of ``persona``.

    ``ports`` are the server's, as it prints them when it is ready.
    """
    env = {name: value for name, value in os.environ.items() if not _LEAKS.match(name)}
    home = workdir / "home"
    home.mkdir(exist_ok=True)
    connection = _connection_variables(workdir, ports, env.get("PATH", os.defpath))
    if persona != "hub":
        key = {"GOOGLE_APPLICATION_CREDENTIALS": str(home / KEY_FILE)} if (home / KEY_FILE).exists() else {}
        return env | connection | key | {"HOME": str(home), "USER": user}
    hub, token = hub_variables(facts, user), new_token()
    env |= hub | {"JUPYTERHUB_API_TOKEN": token} | connection
    GatewaySettings(user, token, connection).write(workdir)
    if facts.dask_gateway is not None:
        env |= gateway_variables(facts.dask_gateway, facts.environment_variables.on_dask_workers, hub, ports["gateway"])
    return env | {"HOME": str(home), "USER": "jovyan"}


def _connection_variables(workdir: Path, ports: dict[str, int], path: str) -> dict[str, str]:
    """Return the variables that every program of a session needs to reach the stand-in."""
    ca = str(workdir / "ca.pem")
    variables = dict.fromkeys(_CA_VARIABLES, ca) | {"LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
    variables |= {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{path}"}
    # Without the second, every pip command would look for a newer pip in its index.
    variables |= {"FAKEHUB_SESSION": str(workdir), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    # In namespaces without a metadata server, its name leads nowhere anyway.
    if "proxy" in ports or ports["metadata"] == 80:
        metadata = METADATA_HOST if ports["metadata"] == 80 else f"127.0.0.1:{ports['metadata']}"
        variables |= {"GCE_METADATA_HOST": metadata, "GCE_METADATA_ROOT": metadata}
        variables["GCE_METADATA_IP"] = metadata.replace(METADATA_HOST, "127.0.0.1")
    boto = workdir / "boto"
    boto.write_text(f"[Boto]\nca_certificates_file = {ca}\n", encoding="utf-8")
    variables["BOTO_CONFIG"] = str(boto)
    wgetrc = workdir / "wgetrc"
    wgetrc.write_text(f"ca_certificate = {ca}\n", encoding="utf-8")
    variables["WGETRC"] = str(wgetrc)
    if "proxy" in ports:
        proxy = f"http://127.0.0.1:{ports['proxy']}"
        # For plain HTTP too, so that the proxy refuses and logs every host that is not the stand-in's.
        variables |= dict.fromkeys(("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"), proxy)
        variables |= dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1,localhost")
        # aiohttp ignores the proxy variables unless trust_env is set.
        variables["FSSPEC_GS"] = json.dumps({"session_kwargs": {"trust_env": True}})
        # Dask Gateway's client would use the proxy even for 127.0.0.1.
        variables["DASK_GATEWAY__HTTP_CLIENT__PROXY"] = "False"
    return variables


# Prefixes of variables that only the hub's servers have, in addition to those in the facts.
_HUB_PREFIXES = ("DASK_GATEWAY__", "JUPYTERHUB_")
# A browser that opens the login page and clicks Allow, as the user would.
_BROWSER = "curl --silent --output /dev/null --location --data decision=allow %s &"


def environment_of(machine: Mapping[str, Any], here: Mapping[str, str], facts: Facts, browser: bool) -> dict[str, str]:
    """Return the environment of a program on a ``machine`` made by ``RemoteMachines.new``.

    It derives from ``here``, the environment on the hub. With ``browser`` the machine has one, whose user allows
    every login.
    """
    hub = set(facts.environment_variables.values)
    env = {name: value for name, value in here.items() if name not in hub and not name.startswith(_HUB_PREFIXES)}
    env |= {"HOME": machine["home"], "PWD": machine["home"]}
    env["USER"] = here["JUPYTERHUB_USER"]
    env |= dict.fromkeys(("GCE_METADATA_HOST", "GCE_METADATA_ROOT", "GCE_METADATA_IP"), machine["metadata"])
    key = Path(machine["home"]) / KEY_FILE
    env |= {"GOOGLE_APPLICATION_CREDENTIALS": str(key)} if key.exists() else {}
    env.pop("DISPLAY", None)
    return env | ({"DISPLAY": ":0", "BROWSER": _BROWSER} if browser else {})
