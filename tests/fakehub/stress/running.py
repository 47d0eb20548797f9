"""Start a server for a stress test, sound or with a planted fault, and send requests to it."""

from __future__ import annotations

import contextlib
import http.client
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from fakehub.server.config import Config

BUCKET = "stressed"
_PLANTED = Path(__file__).with_name("planted.py")


@dataclass(frozen=True)
class Running:
    """A running server: its process and its port."""

    process: subprocess.Popen[bytes]
    port: int

    def client(self) -> Client:
        """Return a new client."""
        return Client(self.port)


class Client:
    """A client with one connection, which it opens again after an error."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def call(self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> Answer:
        """Send one request and return the answer; raise ``OSError`` or ``HTTPException`` if there is none."""
        try:
            self._connection.request(method, path, body, headers or {})
            response = self._connection.getresponse()
            return Answer(response.status, dict(response.headers), response.read())
        except BaseException:
            self._connection.close()
            raise


@dataclass(frozen=True)
class Answer:
    """The status, the headers and the body of an answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def generation(self) -> int:
        """The generation in an object's resource."""
        return int(json.loads(self.body)["generation"])


@contextlib.contextmanager
def running(folder: Path, fault: str = "", state: Path | None = None, bucket: bool = True) -> Iterator[Running]:
    """Start a server with its files in ``folder``, and make the bucket; kill the server afterwards."""
    folder.mkdir()
    config = Config("", str(folder), str(state) if state else None, persona="owner", plain_port=0, storage_only=True)
    (folder / "config.json").write_text(json.dumps(asdict(config)))
    command = [sys.executable, str(_PLANTED), fault, str(folder / "config.json")]
    with (folder / "stderr").open("wb") as stderr:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr)
    try:
        assert process.stdout
        line = process.stdout.readline()
        assert line, (folder / "stderr").read_text()
        server = Running(process, json.loads(line)["plain"])
        if bucket:
            made = server.client().call("POST", "/storage/v1/b?project=p", json.dumps({"name": BUCKET}).encode())
            assert made.status in {200, 409}
        yield server
    finally:
        process.kill()
        process.communicate()
