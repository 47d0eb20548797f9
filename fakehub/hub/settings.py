"""What the parts of the hub know of one another; a file in the session's folder, which only its owner may read."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path
from urllib.parse import urlparse

from hubfacts.schema import Facts

HUB_ADDRESS, GITHUB_ADDRESS = "127.0.0.2", "127.0.0.3"
GITHUB_HOSTS = ("github.com", "api.github.com")
# Where JupyterHub's own API answers, on the hub's address.
API_PORT = 8081
_FILE = "hub.json"


def _secret() -> str:
    return secrets.token_hex(32)


@dataclass(frozen=True)
class Settings:
    """``programs`` is the environment with JupyterHub, ``kernel`` the Python of notebooks' kernels, ``way`` are the
    variables by which programs reach the stand-in, ``gateway_port`` is where Dask Gateway listens; ``repositories``
    maps an address of a git repository to the local one that is cloned in its place."""

    hub_yml: str
    programs: str
    kernel: str
    way: dict[str, str]
    gateway_port: int
    repositories: dict[str, str]
    client_id: str = field(default_factory=lambda: secrets.token_hex(10))
    client_secret: str = field(default_factory=_secret)
    crypt_key: str = field(default_factory=_secret)
    proxy_token: str = field(default_factory=_secret)
    gateway_token: str = field(default_factory=_secret)
    culler_token: str = field(default_factory=_secret)

    def write(self, folder: Path) -> None:
        """Leave the settings in the session's ``folder``."""
        file = folder / _FILE
        file.touch(mode=0o600)
        file.write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def read(cls) -> Settings:
        """The settings of the session this process runs in."""
        return cls(**json.loads((session_folder() / _FILE).read_text(encoding="utf-8")))


def session_folder() -> Path:
    """The folder of the session this process runs in."""
    return Path(os.environ["FAKEHUB_SESSION"])


def hub_host(facts: Facts) -> str:
    """The name of the host at which the hub answers."""
    return urlparse(facts.hub.url).netloc


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """The files with the key and the certificate of ``name`` (``hub``, ``github``)."""
    return folder / f"{name}.key", folder / f"{name}.pem"
