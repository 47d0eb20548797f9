"""Kill a server with a state directory under load: every acknowledged change is kept, and nothing is half-written.

``STRESS=all`` kills it 30 times in a row, with the same directory.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import threading
from pathlib import Path

from running import BUCKET, Answer, Client, Running, running

from fakehub.storage.stored import INLINE

KILLS = 30 if "STRESS" in os.environ else 4
CLIENTS = 4
NAMES = 12
# What may be stored under a name: a content, or ``None`` for nothing.
Content = bytes | None


class Owner:
    """A client that alone writes its objects, so it knows what must be there, or may be after an unanswered request."""

    def __init__(self, number: int, seed: int) -> None:
        self._number, self._random = number, random.Random(f"{seed}/{number}")  # noqa: S311 - reproducible
        names = [f"{number}/{index}" for index in range(NAMES)]
        self.may_be: dict[str, set[Content]] = {name: {None} for name in names}
        self.acknowledged = 0

    def work(self, client: Client) -> None:
        """Write and delete until the server is gone."""
        while True:
            name = self._random.choice(list(self.may_be))
            content = self._new_content()
            known = self.may_be[name]
            self.may_be[name] = known | {content}
            try:
                answer = self._write(client, name, content)
            except (OSError, http.client.HTTPException):
                return
            assert answer.status in {200, 204, 404}, answer
            assert answer.status != 404 or content is None
            self.may_be[name] = {content}
            self.acknowledged += 1

    def _new_content(self) -> Content:
        if self._random.random() < 0.2:
            return None
        size = self._random.choice((0, 10, 1000, 300_000, 2_000_000))
        return self._random.randbytes(8) + bytes(size)

    def _write(self, client: Client, name: str, content: Content) -> Answer:
        path = name.replace("/", "%2F")
        if content is None:
            return client.call("DELETE", f"/storage/v1/b/{BUCKET}/o/{path}")
        if self._random.random() < 0.3:
            return client.call("PUT", f"/{BUCKET}/{path}", content)  # the XML API
        return client.call("POST", f"/upload/storage/v1/b/{BUCKET}/o?uploadType=media&name={path}", content)

    def problems(self, stored: dict[str, bytes]) -> list[str]:
        """Return the names of wrong objects; from now on, the stored contents are the expected ones."""
        wrong = [name for name, contents in self.may_be.items() if stored.get(name) not in contents]
        self.may_be = {name: {stored.get(name)} for name in self.may_be}
        return wrong


def load_and_kill(server: Running, owners: list[Owner], seconds: float) -> None:
    """Let all clients write, and kill the server after some time."""
    threads = [threading.Thread(target=owner.work, args=(server.client(),)) for owner in owners]
    timer = threading.Timer(seconds, server.process.kill)
    for thread in (*threads, timer):
        thread.start()
    for thread in (*threads, timer):
        thread.join()


def stored_in(server: Running) -> dict[str, bytes]:
    """Return all objects, each as it was listed, with a content of that size and checksum."""
    client = server.client()
    items = json.loads(client.call("GET", f"/storage/v1/b/{BUCKET}/o").body).get("items", [])
    contents = {}
    for item in items:
        answer = client.call("GET", f"/storage/v1/b/{BUCKET}/o/{item['name'].replace('/', '%2F')}?alt=media")
        assert answer.status == 200 and len(answer.body) == int(item["size"]), item
        assert f"md5={item['md5Hash']}" in answer.headers["x-goog-hash"]
        contents[item["name"]] = answer.body
    return contents


def sizes_of_soft_deleted(server: Running) -> list[int]:
    """Return the sizes of all objects that were deleted or replaced, and can be restored."""
    client, sizes, token = server.client(), [], ""
    while True:
        answer = client.call("GET", f"/storage/v1/b/{BUCKET}/o?softDeleted=true&pageToken={token}")
        assert answer.status == 200, answer.body
        page = json.loads(answer.body)
        sizes += [int(item["size"]) for item in page.get("items", [])]
        if not (token := page.get("nextPageToken", "")):
            return sizes


def lost_after_kills(folder: Path, kills: int, fault: str = "") -> tuple[list[str], int]:
    """Kill servers that share a state directory; return the names of wrong objects and the number of changes."""
    owners, wrong = [Owner(number, seed=2026) for number in range(CLIENTS)], []
    chance = random.Random(2026)  # noqa: S311 - reproducible
    for kill in range(kills + 1):
        with running(folder / str(kill), fault, folder / "state") as server:
            stored = stored_in(server)
            wrong += [f"kill {kill}: {name}" for owner in owners for name in owner.problems(stored)]
            soft_deleted = sizes_of_soft_deleted(server)
            if kill < kills:
                load_and_kill(server, owners, chance.uniform(0.1, 0.6))
    # No file is left of uploads that were broken off.
    large = [size for size in (*map(len, stored.values()), *soft_deleted) if size > INLINE]
    assert fault or len(list((folder / "state/data").iterdir())) == len(large)
    assert fault or len(soft_deleted) > 0
    return wrong, sum(owner.acknowledged for owner in owners)


def test_every_acknowledged_change_survives_kills(tmp_path):
    wrong, changes = lost_after_kills(tmp_path, KILLS)

    assert wrong == []
    assert changes > 10 * KILLS


def test_a_change_that_is_not_recorded_is_found(tmp_path):
    wrong, _ = lost_after_kills(tmp_path, 3, "unrecorded")

    assert wrong != []
