"""Random and hostile requests: refused in an orderly way, and without a trace in what is stored.

``FUZZ=50000`` sends that many of each kind; the seed is fixed, so that a finding can be had again.
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
# 499 is the end of a cancelled upload, 501 a refusal by name.
ORDERLY = {200, 201, 204, 206, 304, 308, 501} | set(range(400, 500))


def connect(port: int) -> socket.socket:
    """A connection to the server, on which nothing may take long."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=20)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def secured(server, plain: socket.socket) -> ssl.SSLSocket:
    """TLS over a connection, as a client of Google's speaks it."""
    return ssl.create_default_context(cafile=server.folder / "ca.pem").wrap_socket(plain, server_hostname=HOST)


class Client:
    """One connection that is opened anew when the server has closed it."""

    def __init__(self, server) -> None:
        self._server, self._token = server, server.token()
        self._connection: http.client.HTTPSConnection | None = None

    def call(self, verb: str, path: str, headers: dict[str, str], body: bytes = b"") -> tuple[int, dict, bytes]:
        """Send one request; status, headers and content. A server that does not answer raises ``OSError``."""
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

    def stored(self) -> list[dict]:
        """Everything that is stored, without what stays as it is."""
        found = []
        for bucket in BUCKETS:
            path = f"/storage/v1/b/{bucket}/o?maxResults=1000"
            status, _, content = self.call("GET", path, {})
            assert status == 200
            found += json.loads(content).get("items", [])
        return found


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


def said(tmp_path: Path) -> str:
    """What the server wrote to its standard error."""
    return (tmp_path / "stderr").read_text()


def test_made_up_requests_are_refused_in_order_and_change_nothing(server, tmp_path):
    requests, client = Requests(SEED), Client(server)
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
    assert {200, 204, 400, 403, 404, 412, 501} <= set(counts), counts
    assert said(tmp_path) == ""


def test_made_up_bytes_end_in_an_answer_or_the_end_of_the_connection(server, tmp_path):
    requests, token = Requests(SEED + 1), server.token()
    for number in range(HOW_MANY):
        data = requests.raw(token)
        # Inside TLS, in the place of TLS, and without it.
        port = server.ports["tls" if number % 50 < 2 else "plain"]
        with connect(port) as plain:
            answer = exchange(secured(server, plain) if number % 50 == 0 else plain, data)
        if answer.startswith(b"HTTP/1"):
            assert int(answer[9:12]) in ORDERLY, f"{answer[:200]!r} to {data!r}"
    status, _, _ = Client(server).call("GET", "/storage/v1/b/leap-scratch", {})
    assert status == 200
    assert said(tmp_path) == ""


def exchange(end: socket.socket, data: bytes) -> bytes:
    """Send ``data`` and say that this is all; everything that comes back."""
    answer = b""
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        end.sendall(data)
        # Without TLS from here on: what comes back is then not read, only waited for.
        end.shutdown(socket.SHUT_WR)
        while piece := end.recv(65536):
            answer += piece
    return answer
