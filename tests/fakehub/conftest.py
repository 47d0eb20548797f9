"""The stand-in, driven from outside: commands run in it, and a server to send single requests to."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

ROOT = Path(__file__).resolve().parents[2]
_objects = itertools.count()


@pytest.fixture
def fakehub():
    """Call ``python -m fakehub run`` and return the finished process with its text."""

    def call(*arguments: str, **options) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "fakehub", "run", *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=ROOT, **options)

    return call


@pytest.fixture(params=["names", "proxy"])
def mode(request) -> str:
    """Both ways to the stand-in; names only where the system allows it, and then that is said."""
    if request.param == "names":
        from fakehub.isolation import namespace

        if not namespace.available():
            pytest.skip("this system allows no namespaces")
    return request.param


@dataclass
class Server:
    """A running server: its ports, its working directory and a session that trusts it."""

    ports: dict[str, int]
    folder: Path
    process: subprocess.Popen

    def token(self) -> str:
        """The hub's access token, as the metadata server gives it."""
        url = f"http://127.0.0.1:{self.ports['metadata']}/computeMetadata/v1/instance/service-accounts/default/token"
        return requests.get(url, headers={"Metadata-Flavor": "Google"}, timeout=10).json()["access_token"]

    def call(self, method: str, path: str, token: str | None = "hub", **options) -> requests.Response:
        """Send one request; with the hub's token unless another is named, or none."""
        headers = {"Host": "storage.googleapis.com"} | options.pop("headers", {})
        if token:
            headers["Authorization"] = f"Bearer {self.token() if token == 'hub' else token}"
        url = f"https://127.0.0.1:{self.ports['tls']}{path}"
        # The certificate is for Google's names, which do not lead here outside the stand-in.
        return requests.request(method, url, headers=headers, verify=False, timeout=20, **options)


def _start(folder: Path, stderr=None, **options) -> Server:
    """Start a server with its files in ``folder``; what it complains of goes to the open file ``stderr``."""
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
    """One server for the tests of a module."""
    running = _start(tmp_path_factory.mktemp("server"))
    yield running
    running.process.terminate()
    assert running.process.wait(timeout=20) == 0


@pytest.fixture
def path() -> str:
    """The path of an object that no other test has, for the XML API."""
    return f"/leap-scratch/object-{next(_objects)}"


@pytest.fixture(scope="session")
def start_server():
    """Start servers as a test needs them: ``start_server(folder, state=...)``; the test ends them."""
    return _start
