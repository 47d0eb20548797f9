"""Random histories: clients that work at the same time on a few objects, and what each got for an answer."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable
from typing import Any

from linearizability import Operation
from running import BUCKET, Answer, Client, Running

CLIENTS = 8
NAMES = ("a", "b", "c")
JOINED = "joined"
_OBJECTS, _UPLOADS = f"/storage/v1/b/{BUCKET}/o", f"/upload/storage/v1/b/{BUCKET}/o"


def record(server: Running, seed: int, count: int) -> list[Operation]:
    """Let every client do ``count`` random operations; return them all."""
    history: list[Operation] = []
    errors: list[BaseException] = []
    start = threading.Barrier(CLIENTS)

    def work(number: int) -> None:
        try:
            worker = _Worker(number, server.client(), random.Random(f"{seed}/{number}"))  # noqa: S311 - reproducible
            start.wait()
            for _ in range(count):
                history.append(worker.operate())
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return history


class _Worker:
    """One client. It knows the generations that it saw, and uses them in preconditions."""

    def __init__(self, number: int, client: Client, chance: random.Random) -> None:
        self._number, self._client, self._random = number, client, chance
        self._seen: dict[str, int] = {}
        self._written = 0
        kinds = {"put": 5, "conditional": 5, "resumable": 2, "get": 6, "delete": 3, "list": 3, "compose": 2}
        self._kinds, self._weights = list(kinds), list(kinds.values())

    def operate(self) -> Operation:
        """Do a random operation."""
        (kind,) = self._random.choices(self._kinds, self._weights)
        name = self._random.choice(NAMES)
        if kind == "list":
            return self._timed("list", (), self._list)
        if kind == "compose":
            sources = self._random.sample(NAMES, 2)
            return self._timed("compose", (tuple(sources), JOINED), lambda: self._compose(sources))
        if kind == "get":
            name = self._random.choice((*NAMES, JOINED))
            return self._timed("get", (name,), lambda: self._get(name))
        if kind == "delete":
            return self._timed("delete", (name,), lambda: self._call("DELETE", f"{_OBJECTS}/{name}", {204, 404}).status)
        self._written += 1
        content = f"{self._number}/{self._written} ".encode() * self._random.choice((1, 1, 2000))
        expected = None if kind == "put" else self._random.choice((0, self._seen.get(name, 0), self._seen.get(name, 0)))
        store = self._put_resumable if kind == "resumable" else self._put
        return self._timed("put", (name, content, expected), lambda: store(name, content, expected))

    def _timed(self, kind: str, arguments: tuple[Any, ...], act: Callable[[], Any]) -> Operation:
        began = time.perf_counter_ns()
        result = act()
        return Operation(self._number, kind, began, time.perf_counter_ns(), arguments, result)

    def _call(self, method: str, path: str, statuses: set[int], *more: Any) -> Answer:
        answer = self._client.call(method, path, *more)
        assert answer.status in statuses, f"{answer.status} to {method} {path}: {answer.body[:300]!r}"
        return answer

    def _put(self, name: str, content: bytes, expected: int | None) -> int:
        condition = "" if expected is None else f"&ifGenerationMatch={expected}"
        path = f"{_UPLOADS}?uploadType=media&name={name}{condition}"
        return self._stored(name, self._call("POST", path, {200, 412}, content))

    def _put_resumable(self, name: str, content: bytes, expected: int | None) -> int:
        path = f"{_UPLOADS}?uploadType=resumable&name={name}&ifGenerationMatch={expected}"
        started = self._call("POST", path, {200, 412}, b"{}")
        if started.status == 412:
            return 412
        address = started.headers["Location"].partition("/upload")[2]
        return self._stored(name, self._call("PUT", f"/upload{address}", {200, 412}, content))

    def _stored(self, name: str, answer: Answer) -> int:
        if answer.status == 412:
            return 412
        self._seen[name] = answer.generation
        return answer.generation

    def _get(self, name: str) -> Any:
        answer = self._call("GET", f"{_OBJECTS}/{name}?alt=media", {200, 404})
        if answer.status == 404:
            self._seen.pop(name, None)
            return 404
        self._seen[name] = int(answer.headers["x-goog-generation"])
        return self._seen[name], answer.body

    def _list(self) -> dict[str, int]:
        items = json.loads(self._call("GET", _OBJECTS, {200}).body).get("items", [])
        return {item["name"]: int(item["generation"]) for item in items}

    def _compose(self, sources: list[str]) -> int:
        body = json.dumps({"sourceObjects": [{"name": source} for source in sources]}).encode()
        answer = self._call("POST", f"{_OBJECTS}/{JOINED}/compose", {200, 404}, body)
        return 404 if answer.status == 404 else answer.generation
