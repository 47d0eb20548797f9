"""The commands that restore deleted objects, against a service that keeps them as Google does, not the stand-in."""

import json
import os
import re
import shutil
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from guide.pages.reader import read_page

pytestmark = pytest.mark.skipif(shutil.which("gcloud") is None, reason="gcloud is not on this machine")

STORE = "funky-user/my-project/run42.zarr"
LIVE = {f"{STORE}/zarr.json": 9, f"{STORE}/sst/c/0": 5}
# An older version of an object that exists, two versions of a chunk that is lost, and a name with a space.
Times = dict[int, tuple[str, str]]  # when the version with this generation was made, and when it was deleted
DELETED = [("zarr.json", 1), ("sst/c/0", 4), ("sst/c/1", 2), ("sst/c/1", 3), ("sea ice/c/2", 7)]


class SoftDelete(ThreadingHTTPServer):
    """A bucket with live and deleted objects, which notes what is restored, under which condition."""

    def __init__(self, live: dict[str, int], deleted: list[tuple[str, int]], times: Times) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.live = dict(live)
        self.deleted = [(f"{STORE}/{name}", generation) for name, generation in deleted]
        self.times = times
        self.restored: list[tuple[str, int, str | None]] = []


class _Answers(BaseHTTPRequestHandler):
    server: SoftDelete

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        query = parse_qs(url.query)
        is_soft = query.get("softDeleted", ["false"])[0].lower() == "true"
        objects = self.server.deleted if is_soft else list(self.server.live.items())
        if url.path.endswith("/o"):
            prefix = query.get("prefix", [""])[0]
            items = [self._object(*each, is_soft) for each in objects if each[0].startswith(prefix)]
            self._answer(200, {"kind": "storage#objects", "items": items})
            return
        name, generation = unquote(url.path.partition("/o/")[2]), query.get("generation")
        found = [each for each in objects if each[0] == name and generation in (None, [str(each[1])])]
        self._answer(200 if found else 404, self._object(*found[-1], is_soft) if found else {"error": {"code": 404}})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        url = urlsplit(self.path)
        query = parse_qs(url.query)
        match = re.search(r"/o/(.*)/restore$", url.path)
        assert match
        name, generation = unquote(match[1]), int(query["generation"][0])
        self.server.restored.append((name, generation, query.get("ifGenerationMatch", [None])[0]))
        self._answer(200, self._object(name, generation + 100, False))

    def _object(self, name: str, generation: int, is_soft: bool) -> dict[str, str]:
        made, gone = self.server.times.get(generation, ("2026-01-01T00:00", "2026-01-02T00:00"))
        times = {"softDeleteTime": f"{gone}:00Z", "hardDeleteTime": "2026-06-09T00:00:00Z"} if is_soft else {}
        about = {"timeCreated": f"{made}:00Z", "size": "1", "storageClass": "STANDARD", "metageneration": "1"}
        return {"bucket": "bucket", "name": name, "generation": str(generation)} | about | times

    def _answer(self, status: int, body: object) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def run_blocks(root: Path, tmp_path: Path, service: SoftDelete, numbers: list[int]) -> None:
    """Run some of the page's blocks in one shell, where gcloud talks to the service."""
    blocks = [
        block.source for block in read_page(root / "book/buckets/backups.md", root).blocks if block.kind == "skip"
    ]
    commands = "\n".join(blocks[number] for number in numbers)
    commands = commands.replace("/tmp/", f"{tmp_path}/").replace("less ", "cat ")
    threading.Thread(target=service.serve_forever, daemon=True).start()
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "PERSISTENT_BUCKET": "gs://bucket/funky-user",
        "STORE": f"gs://bucket/{STORE}",
        "LC_ALL": "C",
        "CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE": f"http://127.0.0.1:{service.server_port}/storage/v1/",
        "CLOUDSDK_AUTH_DISABLE_CREDENTIALS": "true",
        "CLOUDSDK_CORE_PROJECT": "project",
        "CLOUDSDK_CORE_DISABLE_PROMPTS": "1",
    }
    try:
        done = subprocess.run(["bash", "-c", commands], env=env, capture_output=True, text=True, timeout=120)
    finally:
        service.shutdown()
        service.server_close()
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("live", [LIVE, {}], ids=["some objects are lost", "everything is lost"])
def test_the_newest_version_of_what_is_lost_is_restored_and_nothing_is_replaced(root, tmp_path, live):
    service = SoftDelete(live, DELETED, {})

    run_blocks(root, tmp_path, service, [0, 1])

    newest = {f"{STORE}/{name}": generation for name, generation in DELETED}
    wanted = [(name, generation, "0") for name, generation in newest.items() if name not in live]
    assert sorted(service.restored) == sorted(wanted)


def test_a_wrong_write_is_undone_and_nothing_newer_is_replaced(root, tmp_path):
    before, during, later = "2026-05-01T00:00", ["2026-05-12T09:10", "2026-05-12T10:20"], "2026-05-13T00:00"
    times = {  # of each version: when it was made, and when it was deleted
        1: (before, during[0]),  # of a chunk that the program wrote twice
        2: (during[0], during[1]),
        3: (during[1], ""),
        4: (before, during[0]),  # of a chunk that was written again later, with right values
        5: (during[0], later),
        6: (later, ""),
        7: (before, ""),  # of a chunk that the program did not touch
        8: ("2026-04-01T00:00", before),
        9: (during[0], ""),  # of a chunk that is new
    }
    names = {1: "a", 2: "a", 3: "a", 4: "b", 5: "b", 6: "b", 7: "c", 8: "c", 9: "d"}
    live = {f"{STORE}/sst/c/{names[number]}": number for number in (3, 6, 7, 9)}
    deleted = [(f"sst/c/{names[number]}", number) for number in (1, 2, 4, 5, 8)]
    service = SoftDelete(live, deleted, times)

    run_blocks(root, tmp_path, service, [2, 4])

    assert service.restored == [(f"{STORE}/sst/c/a", 1, None)]
