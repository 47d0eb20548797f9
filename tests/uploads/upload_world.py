"""A cloud to upload to, the machine that uploads, and an independent view of both."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit

import requests

from fakehub.control.client import Control
from fakehub.request_log import read_since
from fakehub.session.session import Session, SessionOptions, start_session
from hubfacts.load import load

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "book/uploads/upload_store.py"
USER = "funky-user"
BUCKET = "leap-persistent"
CLIENT = "764086051850-6qr4p6gpi6hn506pt8ejuq83di341hur.apps.googleusercontent.com"
REDIRECT = "http://localhost:8085/"
# The beginnings of access and refresh tokens.
SECRETS = ("ya29.", "1//")


class Running:
    """One run of the script."""

    def __init__(self, connection: socket.socket, stdout: Path, stderr: Path) -> None:
        self._connection, self._read = connection, b""
        self._stdout, self._stderr = stdout, stderr
        self._status: int | None = None
        self.pid = self._number(60)

    def kill(self) -> None:
        """Send SIGKILL, unless it has ended."""
        self.signal(signal.SIGKILL)

    def signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def wait(self, seconds: float = 120) -> int | None:
        """Return the exit status, negative for a signal; ``None`` if it still runs after so many seconds."""
        if self._status is None:
            self._status = self._number(seconds)
        return self._status

    def _number(self, seconds: float) -> int | None:
        """Return the number in the starter's next line; ``None`` if no line comes within so many seconds."""
        while b"\n" not in self._read:
            if not select.select([self._connection], [], [], seconds)[0]:
                return None
            self._read += self._connection.recv(100)
        line, _, self._read = self._read.partition(b"\n")
        return int(line)

    @property
    def printed(self) -> str:
        """Its stdout so far; empty until it has started."""
        return self._stdout.read_text() if self._stdout.exists() else ""

    @property
    def error(self) -> str:
        """Its stderr so far."""
        return self._stderr.read_text() if self._stderr.exists() else ""


@dataclass
class Cloud:
    """The stand-in, its control, and the socket of the script's starter."""

    running: Session
    control: Control
    starter: Path
    _starts: int = 0
    _seen: int = 0

    def start(
        self,
        folder: Path,
        *arguments: str | Path,
        most_bytes: int | None = None,
        unprivileged: bool = False,
        **environment: str,
    ) -> Running:
        """Start the script in ``folder``; none of its files may become larger than ``most_bytes``.

        If ``unprivileged``, permissions of files count even if the tests run as root.
        """
        self._starts += 1
        stdout, stderr = (folder / f"{name}-{self._starts}" for name in ("stdout", "stderr"))
        asked = {"arguments": [str(SCRIPT), *map(str, arguments)], "folder": str(folder), "environment": environment}
        asked |= {
            "most_bytes": most_bytes,
            "unprivileged": unprivileged and os.getuid() == 0,
            "stdout": str(stdout),
            "stderr": str(stderr),
        }
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(str(self.starter))
        connection.sendall(json.dumps(asked).encode() + b"\n")
        return Running(connection, stdout, stderr)

    def until_struck(self, running: Running) -> None:
        """Wait until a fault has occurred, or the script has ended without one."""
        while running.wait(0.01) is None and not any(rule["struck"] for rule in self.control.faults()):
            continue

    def call(self, method: str, host: str, path: str, **options) -> requests.Response:
        """Send a request of another client over the same network as the script."""
        way = self.running.environment
        with requests.Session() as calls:
            calls.trust_env = False
            calls.proxies, calls.verify = {"https": way["HTTPS_PROXY"]}, way["REQUESTS_CA_BUNDLE"]
            return calls.request(method, f"https://{host}{path}", timeout=30, **options)

    def log_in(self) -> dict[str, str]:
        """Log in and return the access token and the refresh token."""
        asked = {"response_type": "code", "client_id": CLIENT, "redirect_uri": REDIRECT}
        asked["scope"] = "https://www.googleapis.com/auth/cloud-platform"
        path, decision = f"/o/oauth2/auth?{urlencode(asked)}", {"decision": "allow"}
        sent_to = self.call("POST", "accounts.google.com", path, data=decision, allow_redirects=False)
        code = parse_qs(urlsplit(sent_to.headers["Location"]).query)["code"][0]
        form = {"grant_type": "authorization_code", "code": code, "client_id": CLIENT, "client_secret": "x"}
        return self.call("POST", "oauth2.googleapis.com", "/token", data=form | {"redirect_uri": REDIRECT}).json()

    def revoke(self, token: str) -> None:
        """Revoke a token."""
        self.call("POST", "oauth2.googleapis.com", "/revoke", data={"token": token}).raise_for_status()

    def credentials(self, folder: Path) -> dict[str, str]:
        """Write the file that gcloud writes for a new login, and return its tokens."""
        tokens, file = self.log_in(), folder / "credentials.json"
        login = {"type": "authorized_user", "client_id": CLIENT, "client_secret": "x"}
        file.write_text(json.dumps(login | {"refresh_token": tokens["refresh_token"]}))
        return tokens

    def stored(self, prefix: str) -> dict[str, bytes]:
        """Return the content of all objects under a prefix, by the rest of their names."""
        headers = {"Authorization": f"Bearer {self.log_in()['access_token']}"}
        objects, page = {}, ""
        while True:
            path = f"/storage/v1/b/{BUCKET}/o?prefix={quote(prefix, safe='')}&pageToken={page}"
            answer = self.call("GET", "storage.googleapis.com", path, headers=headers).json()
            for item in answer.get("items", []):
                media = f"/download/storage/v1/b/{BUCKET}/o/{quote(item['name'], safe='')}?alt=media"
                content = self.call("GET", "storage.googleapis.com", media, headers=headers).content
                objects[item["name"].removeprefix(prefix)] = content
            page = answer.get("nextPageToken", "")
            if not page:
                return objects

    def tamper(self, name: str, content: bytes | None) -> None:
        """Overwrite an object, or delete it if ``content`` is ``None``, as another user with permission can."""
        headers, path = {"Authorization": f"Bearer {self.log_in()['access_token']}"}, f"/{BUCKET}/{quote(name)}"
        method = "DELETE" if content is None else "PUT"
        self.call(method, "storage.googleapis.com", path, headers=headers, data=content).raise_for_status()

    def writes(self, prefix: str) -> Counter[str]:
        """Return how often each object below ``prefix`` was written since the last call, by any client."""
        rows = self._new_rows()
        path = f"/{BUCKET}/{prefix}"
        names = (unquote(row["path"]) for row in rows if row["method"] == "PUT" and row["status"] == 200)
        return Counter(name.removeprefix(path) for name in names if name.startswith(path))

    def _new_rows(self) -> list[dict]:
        rows, self._seen = read_since(self.running.folder, self._seen)
        return rows


@contextlib.contextmanager
def start_cloud(folder: Path) -> Iterator[Cloud]:
    """Start a cloud with its files in ``folder``."""
    facts = load(ROOT / "hub.yml")
    with start_session(SessionOptions(facts, ROOT / "hub.yml", USER, "hpc-member")) as running:
        starter = folder / "starter"
        command = [sys.executable, str(Path(__file__).parent / "zygote.py"), str(starter)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        with subprocess.Popen(command, env=running.environment, start_new_session=True, **pipes) as process:
            assert process.stdout.readline() == b"ready\n"
            try:
                yield Cloud(running, Control(running.folder), starter)
            finally:
                os.killpg(process.pid, signal.SIGKILL)
