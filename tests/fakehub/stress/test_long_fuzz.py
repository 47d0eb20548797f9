"""Requests of both APIs, changed at random: none gets a 5xx, the server still answers, and its memory has a limit.

``STRESS=all`` sends 100,000. An answer 501 is allowed where ``fakehub/COVERAGE.md`` declares one, which is nowhere.
"""

from __future__ import annotations

import http.client
import json
import os
import random
from collections import Counter
from urllib.parse import quote

import psutil
import pytest
from hostile import Requests
from mutated import Mutations
from running import BUCKET, Client, Running, running

HOW_MANY = 100_000 if "STRESS" in os.environ else 4000
SEED = 20261130
# Bytes that the server may keep for each request: its objects are deleted now and then, unfinished uploads are not.
KEPT_FOR_EACH = 2000
_DECLARED: frozenset[int] = frozenset()


class Fuzzer:
    """Sends changed, generated and damaged requests to one server."""

    def __init__(self, server: Running) -> None:
        self._server, self._client = server, server.client()
        self._mutations, self._generated = Mutations(SEED), Requests(SEED)
        self._random = random.Random(SEED)  # noqa: S311 - reproducible
        self.statuses: Counter[int] = Counter()
        self.wrong: list[str] = []

    def send(self, count: int) -> None:
        """Send so many requests, and clean up after each thousand."""
        for number in range(count):
            if number % 1000 == 0:
                self.clean_up()
            if self._random.random() < 0.6:
                request = self._mutations.next()
                self._check(request.method, request.target, dict(request.headers), request.body)
            else:
                verb, path, headers, body = self._generated.described()
                self._check(verb, path.replace("leap-scratch", BUCKET), headers, body)

    def _check(self, method: str, target: str, headers: dict[str, str], body: bytes) -> None:
        try:
            answer = self._client.call(method, target, body, headers)
        except (http.client.HTTPException, ConnectionError, ValueError):
            # Refused by this client before it was sent, or the server closed the connection on a broken request.
            self.statuses[0] += 1
            return
        self.statuses[answer.status] += 1
        if answer.status >= 500 and answer.status not in _DECLARED:
            self.wrong.append(f"{answer.status} to {method} {target} {headers} {body[:200]!r}: {answer.body[:200]!r}")

    def clean_up(self) -> None:
        """Delete all objects, and make the bucket again if it was deleted."""
        client = self._server.client()
        client.call("POST", "/storage/v1/b?project=p", json.dumps({"name": BUCKET}).encode())
        client.call("PATCH", f"/storage/v1/b/{BUCKET}", b'{"versioning": {"enabled": false}}')
        for item in self._all_objects(client):
            client.call("DELETE", f"{item}")

    def _all_objects(self, client: Client) -> list[str]:
        answer = client.call("GET", f"/storage/v1/b/{BUCKET}/o?versions=true")
        assert answer.status == 200
        items = json.loads(answer.body).get("items", [])
        path = f"/storage/v1/b/{BUCKET}/o/"
        return [f"{path}{quote(item['name'], safe='')}?generation={item['generation']}" for item in items]

    def memory(self) -> int:
        """Return the bytes of memory of the server."""
        return psutil.Process(self._server.process.pid).memory_info().rss


def test_no_request_gets_a_server_error(tmp_path):
    with running(tmp_path / "server") as server:
        fuzzer = Fuzzer(server)
        fuzzer.send(HOW_MANY // 4)  # caches fill
        before = fuzzer.memory()
        fuzzer.send(HOW_MANY * 3 // 4)
        fuzzer.clean_up()

        assert fuzzer.wrong == []
        assert {200, 204, 400, 403, 404, 412} <= fuzzer.statuses.keys(), fuzzer.statuses
        assert fuzzer.statuses[0] < HOW_MANY / 10, fuzzer.statuses
        assert fuzzer.memory() - before < KEPT_FOR_EACH * HOW_MANY + 2**25
        assert server.client().call("GET", f"/storage/v1/b/{BUCKET}").status == 200
    assert (tmp_path / "server/stderr").read_text() == ""


def test_a_server_error_is_found(tmp_path):
    with running(tmp_path / "server", "crash") as server:
        fuzzer = Fuzzer(server)
        fuzzer.send(1500)

    assert fuzzer.wrong and fuzzer.wrong[0].startswith("500 to ")


@pytest.mark.parametrize("fault", ["leak"])
def test_memory_that_is_kept_is_found(tmp_path, fault):
    with running(tmp_path / "server", fault) as server:
        fuzzer = Fuzzer(server)
        before = fuzzer.memory()
        fuzzer.send(1500)

        assert fuzzer.memory() - before > KEPT_FOR_EACH * 1500 + 2**25
