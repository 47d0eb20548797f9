"""Fixtures that run commands in the stand-in, and a server for single requests."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import isolation_modes
import pytest
import requests

ROOT = Path(__file__).resolve().parents[2]
_objects = itertools.count()


@pytest.fixture
def fakehub():
    """Return a function that calls ``python -m fakehub run`` and returns the completed process with its output."""

    def call(*arguments: str, **options) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "fakehub", "run", *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=ROOT, **options)

    return call


@pytest.fixture(params=isolation_modes.MODES)
def mode(request) -> str:
    """The mode of the session."""
    return isolation_modes.allowed(request.param)


@dataclass
class Server:
    """A running server: its ports, its working directory and a session that trusts it."""

    ports: dict[str, int]
    folder: Path
    process: subprocess.Popen

    def token(self) -> str:
        """Return the hub's access token from the metadata server."""
        url = f"http://127.0.0.1:{self.ports['metadata']}/computeMetadata/v1/instance/service-accounts/default/token"
        return requests.get(url, headers={"Metadata-Flavor": "Google"}, timeout=10).json()["access_token"]

    def call(self, method: str, path: str, token: str | None = "hub", **options) -> requests.Response:
        """Send one request, with the hub's token by default, another ``token``, or none for ``None``."""
        headers = {"Host": "storage.googleapis.com"} | options.pop("headers", {})
        if token:
            headers["Authorization"] = f"Bearer {self.token() if token == 'hub' else token}"
        url = f"https://127.0.0.1:{self.ports['tls']}{path}"
        # The certificate is for Google's host names, which do not resolve to this server outside the stand-in.
        return requests.request(method, url, headers=headers, verify=False, timeout=20, **options)


def _start(folder: Path, stderr=None, **options) -> Server:
    """Start a server with its files in ``folder`` and its errors in the open file ``stderr``."""
    folder.mkdir(exist_ok=True)
    config = {"hub_yml": str(ROOT / "hub.yml"), "workdir": str(folder)} | options
    (folder / "config.json").write_text(json.dumps(config))
    process = subprocess.Popen(
        [sys.executable, "-m", "fakehub.server.process", str(folder / "config.json")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        cwd=ROOT,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    return Server(json.loads(process.stdout.readline()), folder, process)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """One server for all tests of a module."""
    running = _start(tmp_path_factory.mktemp("server"))
    yield running
    running.process.terminate()
    assert running.process.wait(timeout=20) == 0


@pytest.fixture
def path() -> str:
    """The path, in the XML API, of an object that no other test uses."""
    return f"/leap-scratch/object-{next(_objects)}"


@pytest.fixture(scope="session")
def start_server():
    """Return a function that starts servers, ``start_server(folder, state=...)``; the test terminates them."""
    return _start
