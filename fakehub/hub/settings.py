"""The settings that the parts of the hub share, in a file in the session's folder that only its owner may read."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path
from urllib.parse import urlparse

from hubfacts.schema import Facts

HUB_ADDRESS, GITHUB_ADDRESS = "127.0.0.2", "127.0.0.3"
# The host of the login service of hubs without teams on GitHub, which the same program plays.
LOGIN_HOST = "login.example.org"
GITHUB_HOSTS = ("github.com", "api.github.com", LOGIN_HOST)
# The port of JupyterHub's internal API, at the hub's address.
API_PORT = 8081
_FILE = "hub.json"


def _secret() -> str:
    return secrets.token_hex(32)


@dataclass(frozen=True)
class HubSettings:
    """The settings of a session's hub.

    ``programs`` is the environment with JupyterHub, ``kernel`` the Python of notebooks' kernels. Programs reach the
    stand-in by the ``connection_variables``; Dask Gateway listens at ``gateway_port``. ``repositories`` maps the
    address of a git repository to the local one that is cloned instead. ``password`` is that of a hub whose members all
    type the same.
    """

    hub_yml: str
    programs: str
    kernel: str
    connection_variables: dict[str, str]
    gateway_port: int
    repositories: dict[str, str]
    password: str = "any password"
    client_id: str = field(default_factory=lambda: secrets.token_hex(10))
    client_secret: str = field(default_factory=_secret)
    crypt_key: str = field(default_factory=_secret)
    proxy_token: str = field(default_factory=_secret)
    gateway_token: str = field(default_factory=_secret)
    culler_token: str = field(default_factory=_secret)

    def write(self, folder: Path) -> None:
        """Write the settings to the session's ``folder``."""
        file = folder / _FILE
        file.touch(mode=0o600)
        file.write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def read(cls) -> HubSettings:
        """Return the settings of this process's session."""
        return cls(**json.loads((session_folder() / _FILE).read_text(encoding="utf-8")))


def session_folder() -> Path:
    """Return the folder of this process's session."""
    return Path(os.environ["FAKEHUB_SESSION"])


def hub_host(facts: Facts) -> str:
    """Return the name of the hub's host."""
    return urlparse(facts.hub.url).netloc


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """Return the files with the key and the certificate of ``name`` (``hub`` or ``github``)."""
    return folder / f"{name}.key", folder / f"{name}.pem"
