"""Random and hostile requests to the JSON API: a refusal has a valid form and changes nothing that is stored.

``FUZZ=50000`` sends that many of each kind; the seed is fixed, so that a failure can be reproduced.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import socket
import ssl
from pathlib import Path
from urllib.parse import quote

import pytest
from hostile import BUCKETS, HOST, NAMES, Requests

HOW_MANY = int(os.environ.get("FUZZ", "2000"))
SEED = 20261125
# 499 answers the cancelling of an upload.
ORDERLY = {200, 201, 204, 206, 304, 308} | set(range(400, 500))


def connect(port: int) -> socket.socket:
    """Connect to the server, with a timeout for every operation."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=20)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def secured(server, plain: socket.socket) -> ssl.SSLSocket:
    """Return the connection with TLS, as a client of Google's opens it."""
    return ssl.create_default_context(cafile=server.folder / "ca.pem").wrap_socket(plain, server_hostname=HOST)


class Client:
    """A client with one connection, which it opens again if the server has closed it."""

    def __init__(self, server) -> None:
        self._server, self._token = server, server.token()
        self._connection: http.client.HTTPSConnection | None = None

    def call(self, verb: str, path: str, headers: dict[str, str], body: bytes = b"") -> tuple[int, dict, bytes]:
        """Send one request; return status, headers and content. Raises ``OSError`` if the server does not answer."""
        headers = headers | {"Host": HOST, "Authorization": f"Bearer {self._token}"}
        for attempt in (1, 2):
            if self._connection is None:
                self._connection = http.client.HTTPSConnection(HOST)
                self._connection.sock = secured(self._server, connect(self._server.ports["tls"]))
            try:
                self._connection.request(verb, path, body, headers)
                response = self._connection.getresponse()
                return response.status, dict(response.headers), response.read()
            except (http.client.RemoteDisconnected, ConnectionError):
                if attempt == 2:
                    raise
            finally:
                if self._connection.sock is None or self._connection.sock.fileno() < 0:
                    self._connection = None
        raise AssertionError

    def keep(self) -> None:
        """Store an object that no random request names, so that none of them can delete a bucket."""
        for bucket in ("leap-scratch", "leap-persistent"):
            path = f"/upload/storage/v1/b/{bucket}/o?uploadType=media&name=keeps-the-bucket"
            assert self.call("POST", path, {}, b"kept")[0] == 200

    def stored(self) -> list[dict]:
        """Return the resources of all stored objects and of the buckets that the hub may see."""
        objects = []
        for bucket in BUCKETS:
            status, _, content = self.call("GET", f"/storage/v1/b/{bucket}", {})
            assert status == (403 if bucket == "leap-persistent-ro" else 200)
            objects.append(json.loads(content))
            path = f"/storage/v1/b/{bucket}/o?maxResults=1000"
            status, _, content = self.call("GET", path, {})
            assert status == 200
            objects += json.loads(content).get("items", [])
        return objects


@pytest.fixture
def server(start_server, tmp_path):
    folder = tmp_path / "server"
    with (tmp_path / "stderr").open("w") as stderr:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        running = start_server(folder, stderr=stderr, plain_port=port)
    running.ports["plain"] = port
    yield running
    running.process.terminate()
    assert running.process.wait(timeout=20) == 0


def stderr_of_server(tmp_path: Path) -> str:
    """Return what the server wrote to its standard error."""
    return (tmp_path / "stderr").read_text()


def test_random_requests_get_a_valid_status_and_refused_ones_change_nothing(server, tmp_path):
    requests, client = Requests(SEED), Client(server)
    client.keep()
    before = client.stored()
    counts: dict[int, int] = {}
    for number in range(HOW_MANY):
        verb, path, headers, body = requests.described()
        if number % 10 == 0:
            name = quote(NAMES[number // 10 % len(NAMES)], safe="")
            client.call("POST", f"/upload/storage/v1/b/leap-scratch/o?uploadType=media&name={name}", {}, b"data")
            before = client.stored()

        status, answered, content = client.call(verb, path, headers, body)

        request = f"request {number}: {verb} {path} {headers} {body[:200]!r}"
        counts[status] = counts.get(status, 0) + 1
        assert status in ORDERLY, f"{status} to {request}: {content[:300]!r}"
        assert "X-Injected" not in answered, request
        if status >= 400 and status != 499 and verb != "HEAD" and path.startswith("/storage/v1/"):
            assert json.loads(content)["error"]["code"] == status, request
        if verb not in {"GET", "HEAD"}:
            after = client.stored()
            assert status < 400 or after == before, f"{status} changed something: {request}"
            before = after
    assert {200, 204, 400, 403, 404, 412} <= set(counts), counts
    assert stderr_of_server(tmp_path) == ""


def test_random_bytes_get_an_answer_or_a_closed_connection(server, tmp_path):
    requests, token = Requests(SEED + 1), server.token()
    Client(server).keep()
    for number in range(HOW_MANY):
        data = requests.raw(token)
        # Inside TLS, instead of TLS, and on a port without TLS.
        port = server.ports["tls" if number % 50 < 2 else "plain"]
        with connect(port) as plain:
            answer = exchange(secured(server, plain) if number % 50 == 0 else plain, data)
        if answer.startswith(b"HTTP/1"):
            assert int(answer[9:12]) in ORDERLY, f"{answer[:200]!r} to {data!r}"
    status, _, _ = Client(server).call("GET", "/storage/v1/b/leap-scratch", {})
    assert status == 200
    assert stderr_of_server(tmp_path) == ""


def exchange(end: socket.socket, data: bytes) -> bytes:
    """Send ``data``, close the sending side, and return everything that the server sends back."""
    answer = b""
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        end.sendall(data)
        # After this, a TLS connection is no longer decrypted: its answer is received but not readable.
        end.shutdown(socket.SHUT_WR)
        while piece := end.recv(65536):
            answer += piece
    return answer
