"""Large objects: they arrive and leave whole by every way, while other clients are answered, and nothing else stays."""

from __future__ import annotations

import base64
import contextlib
import gzip
import hashlib
import os
import random
import resource
import socket
import ssl
import threading
import time
import zlib
from pathlib import Path

import google_crc32c
import pytest
from api_client import UPLOAD, Api, object_path
from waiting import until
from xml_client import Upload

pytestmark = pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
BUCKET, MIB = "leap-scratch", 1024**2
# More than the server keeps in memory of one body.
LARGE = random.Random(5).randbytes(9 * MIB + 12345)  # noqa: S311 - repeatable, not secret
SUM = base64.b64encode(google_crc32c.value(LARGE).to_bytes(4, "big")).decode()
MD5 = base64.b64encode(hashlib.md5(LARGE, usedforsecurity=False).digest()).decode()


@pytest.fixture
def running(start_server, tmp_path):
    """Run servers with the test's state directory, each until it is killed: ``with running() as (api, server)``."""
    count = 0

    @contextlib.contextmanager
    def run(state=True):
        nonlocal count
        count += 1
        options = {"state": str(tmp_path / "state")} if state else {}
        server = start_server(tmp_path / f"server-{count}", **options)
        try:
            yield Api(server), server
        finally:
            server.process.kill()
            server.process.wait()

    return run


@pytest.fixture(scope="module")
def api(server) -> Api:
    return Api(server)


def files(folder: Path) -> list[str]:
    """Return the names of the files with large data."""
    return sorted(path.name for path in folder.iterdir())


def left(server) -> list[str]:
    """Return the files that belong to no object."""
    return [name for name in files(server.folder / "spill") if not name.isdigit()]


def by_media(api, name):
    return api.put(BUCKET, name, LARGE)


def by_multipart(line):
    def upload(api, name):
        lines = [b"--cut", b"Content-Type: application/json", b"", b'{"metadata": {"a": "b"}}']
        head = line.join([*lines, b"--cut", b"Content-Type: text/plain", b"", b""])
        body = head + LARGE + line + b"--cut--"
        headers = {"Content-Type": "multipart/related; boundary=cut"}
        return api.call("POST", f"{UPLOAD}/{BUCKET}/o?uploadType=multipart&name={name}", data=body, headers=headers)

    return upload


def by_packed_body(api, name):
    path, headers = f"{UPLOAD}/{BUCKET}/o?uploadType=media&name={name}", {"Content-Encoding": "gzip"}
    return api.call("POST", path, data=gzip.compress(LARGE, 1), headers=headers)


def by_session(api, name):
    return api.call("PUT", started(api, name), data=LARGE)


def started(api, name) -> str:
    """Start a resumable upload and return its address."""
    path = f"{UPLOAD}/{BUCKET}/o?uploadType=resumable&name={name}"
    return api.call("POST", path, data=b"{}").headers["Location"]


def chunk(api, address, start, stop, size="*"):
    """Send a chunk of an upload."""
    headers = {"Content-Range": f"bytes {start}-{stop - 1}/{size}"}
    return api.call("PUT", address, data=LARGE[start:stop], headers=headers)


def by_chunks(api, name):
    address = started(api, name)
    # Small and large ones; the third repeats a part of the second, as after a lost answer.
    for start, stop in ((0, 256 * 1024), (256 * 1024, 4 * MIB), (2 * MIB, 5 * MIB)):
        answer = chunk(api, address, start, stop)
        assert (answer.status_code, answer.headers["Range"]) == (308, f"bytes=0-{stop - 1}")
    return chunk(api, address, 5 * MIB, len(LARGE), len(LARGE))


def by_xml(api, name):
    return api.call("PUT", f"/{BUCKET}/{name}", data=LARGE)


WAYS = {
    "media": by_media,
    "multipart": by_multipart(b"\r\n"),
    "multipart-lf": by_multipart(b"\n"),
    "packed": by_packed_body,
    "session": by_session,
    "chunks": by_chunks,
    "xml": by_xml,
}


@pytest.mark.parametrize("way", WAYS)
def test_a_large_object_arrives_whole_by_every_way(api, server, way):
    answer = WAYS[way](api, way)
    resource = api.get(BUCKET, way).json()
    download = api.get(BUCKET, way, alt="media")

    assert answer.status_code == 200, answer.text
    assert (resource["size"], resource["crc32c"], resource["md5Hash"]) == (str(len(LARGE)), SUM, MD5)
    assert download.content == LARGE
    assert resource.get("metadata") == ({"a": "b"} if "multipart" in way else None)
    assert left(server) == []


def test_an_object_of_large_parts_is_joined(server, api):
    upload = Upload(server, f"/{BUCKET}/of-parts")
    upload.part(2, LARGE[: 5 * MIB + 1])  # replaced by the next
    second, first = upload.part(2, LARGE[5 * MIB :]), upload.part(1, LARGE[: 5 * MIB])
    done = upload.complete((1, first.headers["ETag"]), (2, second.headers["ETag"]))

    assert done.status_code == 200, done.text
    assert api.get(BUCKET, "of-parts", alt="media").content == LARGE
    assert api.get(BUCKET, "of-parts").json()["crc32c"] == SUM
    assert left(server) == []


def test_an_upload_in_parts_that_is_given_up_leaves_nothing(server):
    upload = Upload(server, f"/{BUCKET}/given-up")
    upload.part(1, LARGE)
    kept = left(server)
    aborted = server.call("DELETE", f"/{BUCKET}/given-up?uploadId={upload.id}")

    assert (len(kept), aborted.status_code, left(server)) == (1, 204, [])


@pytest.mark.parametrize("span", [(0, 10), (5 * MIB, 5 * MIB + 1), (17, 8 * MIB), (len(LARGE) - 3, len(LARGE))])
def test_a_range_of_a_large_object_is_read_from_its_file(api, span):
    by_media(api, "ranges")
    headers = {"Range": f"bytes={span[0]}-{span[1] - 1}"}

    answer = api.call("GET", f"{object_path(BUCKET, 'ranges')}?alt=media", headers=headers)

    assert (answer.status_code, answer.content) == (206, LARGE[slice(*span)])
    assert answer.headers["Content-Length"] == str(span[1] - span[0])


def test_a_large_object_that_is_stored_compressed_is_decompressed_while_it_is_sent(api):
    text = base64.b64encode(LARGE)
    path = f"{UPLOAD}/{BUCKET}/o?uploadType=media&name=packed-text&contentEncoding=gzip"
    api.call("POST", path, data=gzip.compress(text, 1))

    plain = api.call("GET", f"{object_path(BUCKET, 'packed-text')}?alt=media", headers={"Accept-Encoding": "identity"})

    assert plain.content == text
    assert "Content-Encoding" not in plain.headers


def test_a_small_object_that_decompresses_to_a_huge_one_takes_little_memory(running):
    size = 256 * MIB
    gzip_of_zeros = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    bomb = b"".join([*(gzip_of_zeros.compress(bytes(MIB)) for _ in range(size // MIB)), gzip_of_zeros.flush()])
    assert len(bomb) < MIB
    with running(state=False) as (api, server):
        path = f"{UPLOAD}/{BUCKET}/o?uploadType=media&name=bomb&contentEncoding=gzip"
        api.call("POST", path, data=bomb)
        before = peak(server.process)

        headers = {"Accept-Encoding": "identity"}
        download = api.call("GET", f"{object_path(BUCKET, 'bomb')}?alt=media", headers=headers, stream=True)
        received = sum(len(piece) for piece in download.iter_content(MIB))

        assert received == size
        assert peak(server.process) - before < 100 * MIB


def test_copies_of_large_objects_do_not_depend_on_the_original(server, api):
    by_media(api, "original")
    path = object_path(BUCKET, "original")
    api.call("POST", f"{path}/copyTo/b/{BUCKET}/o/copied")
    api.call("POST", f"{path}/rewriteTo/b/{BUCKET}/o/rewritten")
    api.call("PUT", f"/{BUCKET}/xml-copied", headers={"x-goog-copy-source": f"/{BUCKET}/original"})
    sources = {"sourceObjects": [{"name": "original"}, {"name": "copied"}]}
    composed = api.call("POST", f"{object_path(BUCKET, 'composed')}/compose", json=sources)
    api.call("DELETE", object_path(BUCKET, "original"))

    for name in ("copied", "rewritten", "xml-copied"):
        assert api.get(BUCKET, name, alt="media").content == LARGE
        assert api.get(BUCKET, name).json()["md5Hash"] == MD5
    assert composed.json()["componentCount"] == 2
    assert api.get(BUCKET, "composed", alt="media").content == LARGE * 2
    assert left(server) == []


def test_a_download_ends_although_the_object_is_deleted_meanwhile(api):
    by_media(api, "read-on")
    reader = api.call("GET", f"{object_path(BUCKET, 'read-on')}?alt=media", stream=True)
    api_of_another = Api(api._server)
    api_of_another.call("DELETE", object_path(BUCKET, "read-on"))

    assert reader.content == LARGE


REFUSED = {
    "wrong md5": (400, {"x-goog-hash": "md5=AAAAAAAAAAAAAAAAAAAAAA=="}, ""),
    "wrong crc32c": (400, {"x-goog-hash": "crc32c=AAAAAA=="}, ""),
    "precondition": (412, {}, "&ifGenerationMatch=7"),
    "no bucket": (404, {}, ""),
    "not gzip": (400, {"Content-Encoding": "gzip"}, ""),
    "multipart": (400, {"Content-Type": "multipart/related; boundary=cut"}, ""),
}


@pytest.mark.parametrize("why", REFUSED)
def test_a_large_object_that_is_refused_leaves_nothing(api, server, why):
    status, headers, query = REFUSED[why]
    bucket = "no-such-bucket" if why == "no bucket" else BUCKET
    path = f"{UPLOAD}/{bucket}/o?uploadType={'multipart' if why == 'multipart' else 'media'}&name=refused{query}"
    before = files(server.folder / "spill")

    answer = api.call("POST", path, data=LARGE, headers=headers)

    assert answer.status_code == status, answer.text
    assert api.get(BUCKET, "refused").status_code == 404
    assert files(server.folder / "spill") == before


def test_a_broken_connection_leaves_nothing(server, api):
    before = files(server.folder / "spill")
    context = ssl.create_default_context(cafile=server.folder / "ca.pem")
    path = f"{UPLOAD}/{BUCKET}/o?uploadType=media&name=broken-off"
    lines = [f"POST {path} HTTP/1.1", "Host: storage.googleapis.com", f"Authorization: Bearer {server.token()}"]
    head = "\r\n".join([*lines, f"Content-Length: {len(LARGE)}", "", ""]).encode()
    with (
        socket.create_connection(("127.0.0.1", server.ports["tls"])) as plain,
        context.wrap_socket(plain, server_hostname="storage.googleapis.com") as connection,
    ):
        connection.sendall(head + LARGE[: 8 * MIB])
        until(lambda: left(server))

    until(lambda: files(server.folder / "spill") == before)
    assert api.get(BUCKET, "broken-off").status_code == 404


def test_a_full_disk_refuses_a_large_object_and_leaves_nothing(running):
    with running(state=False) as (api, server):
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (6 * MIB, resource.RLIM_INFINITY))
        whole, address = by_media(api, "refused"), started(api, "in-chunks")
        first = chunk(api, address, 0, 5 * MIB)
        second = chunk(api, address, 5 * MIB, len(LARGE), len(LARGE))
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        again = chunk(api, address, 5 * MIB, len(LARGE), len(LARGE))

        assert (whole.status_code, first.status_code, second.status_code, again.status_code) == (507, 308, 507, 200)
        assert whole.json()["error"]["message"].startswith("The stand-in's disk is full: ")
        assert api.get(BUCKET, "refused").status_code == 404
        assert api.get(BUCKET, "in-chunks", alt="media").content == LARGE
        assert left(server) == []


def test_a_kill_during_a_large_upload_leaves_neither_an_object_nor_a_file(running, tmp_path):
    data = tmp_path / "state/data"
    with running() as (api, server):
        by_media(api, "before")
        complete = files(data)
        address = started(api, "unfinished")
        chunk(api, address, 0, 5 * MIB)

        def upload():
            with contextlib.suppress(OSError):  # the server is killed
                Api(server).call("PUT", address, data=slowly())

        def slowly():
            for start in range(0, len(LARGE), MIB):
                yield LARGE[start : start + MIB]
                time.sleep(0.1)

        uploading = threading.Thread(target=upload)
        uploading.start()
        until(lambda: len([name for name in files(data) if not name.isdigit()]) == 2)
        server.process.kill()
        uploading.join()

    with running() as (api, _):
        names = [item["name"] for item in api.listing(BUCKET)["items"]]
        assert names == ["before"]
        assert api.get(BUCKET, "before", alt="media").content == LARGE
        assert files(data) == complete


def peak(process) -> int:
    """Return the most bytes of memory that a process had at once."""
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


def random_pieces(size: int):
    """Yield so many bytes."""
    data = os.urandom(MIB)
    for _ in range(size // MIB):
        yield data


def test_other_clients_are_answered_during_a_large_upload_which_takes_little_memory(running):
    size = int(os.environ.get("LARGE", "256")) * MIB
    with running(state=False) as (api, server):
        api.put(BUCKET, "small")
        before, answered = peak(server.process), []
        other, ended = Api(server), threading.Event()

        def ask():
            while not ended.is_set():
                began = time.perf_counter()
                other.get(BUCKET, "small", alt="media")
                answered.append(time.perf_counter() - began)

        asking = threading.Thread(target=ask)
        asking.start()
        path = f"{UPLOAD}/{BUCKET}/o?uploadType=media&name=large"
        uploaded = api.call("POST", path, data=random_pieces(size), timeout=600)
        during = len(answered)
        download = api.call("GET", f"{object_path(BUCKET, 'large')}?alt=media", stream=True)
        received = sum(len(piece) for piece in download.iter_content(MIB))
        ended.set()
        asking.join()

        assert (uploaded.json()["size"], received) == (str(size), size)
        assert during > size // MIB / 8
        assert peak(server.process) - before < 100 * MIB


def test_two_requests_of_one_upload_do_not_mix_their_chunks(api):
    address, answers = started(api, "twice"), []

    def send() -> None:
        answers.append(chunk(Api(api._server), address, 0, 8 * MIB).status_code)

    sending = [threading.Thread(target=send) for _ in range(4)]
    for thread in sending:
        thread.start()
    for thread in sending:
        thread.join()
    done = chunk(api, address, 8 * MIB, len(LARGE), len(LARGE))

    assert 308 in answers and set(answers) <= {308, 503}
    assert done.json()["md5Hash"] == MD5
    assert api.get(BUCKET, "twice", alt="media").content == LARGE
