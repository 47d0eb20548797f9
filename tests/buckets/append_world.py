"""A bucket with stores, processes that append to them, and an independent view of both."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import requests
from append_sources import ROOT
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection

from fakehub.control.client import Control
from fakehub.session.session import Session, SessionOptions, start_session
from hubfacts.load import load

BUCKET = "leap-scratch"
_STALL_S = 3600.0
_HOST = "storage.googleapis.com"


class _PromptAdapter(HTTPAdapter):
    """Send the body of a request at once. Behind a proxy, urllib3 waits 40 ms for the answer to the headers."""

    def proxy_manager_for(self, proxy, **options):
        return super().proxy_manager_for(proxy, socket_options=HTTPConnection.default_socket_options, **options)


@dataclass
class World:
    """The stand-in, its control, and the process that starts appends."""

    running: Session
    control: Control
    starter: subprocess.Popen[str]
    errors: Path
    http: requests.Session

    def run(self, kind: str, do: str, url: str, *, until_struck: int | None = None) -> int:
        """Start or append to a store in a separate process; return its exit status.

        With ``until_struck``, kill it as soon as the fault rule of that number has struck.
        """
        assert self.starter.stdin is not None
        self.starter.stdin.write(json.dumps({"kind": kind, "do": do, "url": url}) + "\n")
        self.starter.stdin.flush()
        child = int(self._line())
        if until_struck is not None:
            while self._runs(child) and not self.control.faults()[until_struck]["struck"]:
                time.sleep(0.005)
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        return int(self._line())

    def die_at(self, number: int, *, effect: bool) -> int:
        """Add rules under which no request from this number on is answered; return the rule to wait for.

        With ``effect``, the request of this number still takes effect, and only its answer is lost.
        """
        self.control.clear_faults()
        if effect:
            self.control.add_fault(effect="reset", at=0, nth=number, host=_HOST)
        # Requests that the first rule struck are not counted by the second.
        self.control.add_fault(effect="stall", seconds=_STALL_S, from_nth=number, host=_HOST)
        return int(effect)

    def objects(self, prefix: str) -> dict[str, bytes]:
        """Return the content of all objects under a prefix, by the rest of their names."""
        answer = self._call("GET", f"/storage/v1/b/{BUCKET}/o?prefix={quote(prefix, safe='')}").json()
        names = [item["name"] for item in answer.get("items", [])]
        return {name.removeprefix(prefix): self._call("GET", f"/{BUCKET}/{quote(name)}").content for name in names}

    def write(self, prefix: str, objects: dict[str, bytes]) -> None:
        """Write objects under a prefix."""
        for name, content in objects.items():
            self._call("PUT", f"/{BUCKET}/{quote(prefix + name)}", data=content)

    def methods(self) -> list[str]:
        """Return the methods of all requests so far, in their order."""
        return [row["method"] for row in self.control.log() if row["host"] == _HOST]

    def _call(self, method: str, path: str, **options) -> requests.Response:
        answer = self.http.request(method, f"https://{_HOST}{path}", timeout=30, **options)
        answer.raise_for_status()
        return answer

    def _runs(self, child: int) -> bool:
        with contextlib.suppress(OSError):
            return ") Z " not in Path(f"/proc/{child}/stat").read_text()
        return False

    def _line(self) -> str:
        assert self.starter.stdout is not None
        return self.starter.stdout.readline()


@contextlib.contextmanager
def start_world(folder: Path) -> Iterator[World]:
    """Start a stand-in, and the process that starts appends, with its errors in ``folder``."""
    errors = folder / "errors"
    options = SessionOptions(load(ROOT / "hub.yml"), ROOT / "hub.yml")
    command = [sys.executable, str(Path(__file__).with_name("append_zygote.py"))]
    with start_session(options) as running, requests.Session() as http, errors.open("w") as stderr:
        way = running.environment
        http.trust_env = False
        http.mount("https://", _PromptAdapter())
        http.proxies, http.verify = {"https": way["HTTPS_PROXY"]}, way["REQUESTS_CA_BUNDLE"]
        token = f"http://{way['GCE_METADATA_HOST']}/computeMetadata/v1/instance/service-accounts/default/token"
        answer = requests.get(token, headers={"Metadata-Flavor": "Google"}, proxies={"http": ""}, timeout=30)
        http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": stderr}
        with subprocess.Popen(command, env=way, text=True, cwd=folder, **pipes) as starter:
            assert starter.stdout is not None
            assert starter.stdout.readline() == "ready\n", errors.read_text()
            try:
                yield World(running, Control(running.folder), starter, errors, http)
            finally:
                starter.stdin.close()
                starter.wait()
