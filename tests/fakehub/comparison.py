"""What fakes of Google Cloud Storage do with the same requests: the table in ``fakehub/docs/comparison.md``.

``python -m tests.fakehub.comparison`` prints it.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import re
from collections.abc import Callable, Iterator

import requests
from google.api_core.exceptions import GoogleAPICallError, PreconditionFailed
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage

from bench.servers import PEERS, running
from fakehub import Server

OURS = "fakehub"
_SIGNED = (
    "X-Goog-Algorithm=GOOG4-RSA-SHA256&X-Goog-Credential=a%40b.iam.gserviceaccount.com%2F20261130%2Fauto%2Fstorage%2F"
    "goog4_request&X-Goog-Date=20261130T000000Z&X-Goog-Expires=604800&X-Goog-SignedHeaders=host&X-Goog-Signature=00"
)


class Bucket:
    """A new bucket of a server, with the object ``a`` in it."""

    def __init__(self, url: str, name: str) -> None:
        self.url, self.name = url, name
        self("POST", "/storage/v1/b?project=p", json={"name": name})
        self.put("a", b"content")

    def __call__(self, method: str, path: str, **options: object) -> requests.Response:
        """Send a request; ``{}`` in the path is the bucket."""
        return requests.request(method, self.url + path.format(self.name), timeout=20, **options)

    @property
    def client(self) -> storage.Bucket:
        """The bucket in Google's client."""
        options = {"api_endpoint": self.url}
        return storage.Client("p", AnonymousCredentials(), client_options=options).bucket(self.name)

    def resumable(self, name: str) -> str:
        """Start a resumable upload and return its address, at the server's."""
        started = self("POST", f"/upload/storage/v1/b/{{}}/o?uploadType=resumable&name={name}", json={})
        return re.sub(r"^https?://[^/]+", self.url, started.headers["Location"])

    def put(self, name: str, data: bytes, more: str = "", **headers: str) -> requests.Response:
        """Store an object."""
        path = f"/upload/storage/v1/b/{{}}/o?uploadType=media&name={name}{more}"
        return self("POST", path, data=data, headers=headers)


def _wrong_checksum(bucket: Bucket) -> bool:
    resource = json.dumps({"name": "b", "md5Hash": "AAAAAAAAAAAAAAAAAAAAAA=="})
    body = f"--x\r\nContent-Type: application/json\r\n\r\n{resource}\r\n--x\r\nContent-Type: a/b\r\n\r\ndata\r\n--x--"
    headers = {"Content-Type": "multipart/related; boundary=x"}
    return (
        bucket("POST", "/upload/storage/v1/b/{}/o?uploadType=multipart", data=body, headers=headers).status_code == 400
    )


def _create_only(bucket: Bucket) -> bool:
    try:
        bucket.client.blob("a").upload_from_string(b"2", if_generation_match=0)
    except PreconditionFailed:
        return True
    return False


def _conditional_read(bucket: Bucket) -> bool:
    return bucket("GET", "/storage/v1/b/{}/o/a?alt=media&ifGenerationMatch=1").status_code == 412


def _token(bucket: Bucket) -> bool:
    headers = {"Authorization": "Bearer ya29.not-issued"}
    return bucket("GET", "/storage/v1/b/{}/o", headers=headers).status_code == 401


def _signature(bucket: Bucket) -> bool:
    return bucket("GET", "/{}/a?" + _SIGNED).status_code in {400, 403}


def _pages(bucket: Bucket) -> bool:
    bucket.put("b", b"1")
    first = bucket("GET", "/storage/v1/b/{}/o?maxResults=1").json()
    token = first.get("nextPageToken")
    second = bucket("GET", f"/storage/v1/b/{{}}/o?maxResults=1&pageToken={token}").json()
    return [[item["name"] for item in page["items"]] for page in (first, second)] == [["a"], ["b"]]


def _glob(bucket: Bucket) -> bool:
    bucket.put("dir%2Fb.nc", b"1")
    items = bucket("GET", "/storage/v1/b/{}/o?matchGlob=**%2F*.nc").json()["items"]
    return [item["name"] for item in items] == ["dir/b.nc"]


def _compose(bucket: Bucket) -> bool:
    body = {"sourceObjects": [{"name": "a"}, {"name": "a"}], "destination": {"contentType": "a/b"}}
    bucket("POST", "/storage/v1/b/{}/o/joined/compose", json=body)
    return bucket("GET", "/storage/v1/b/{}/o/joined?alt=media").content == b"contentcontent"


def _batch(bucket: Bucket) -> bool:
    blob = bucket.client.blob("a")
    with blob.client.batch():
        blob.metadata = {"key": "value"}
        blob.patch()
    return bucket("GET", "/storage/v1/b/{}/o/a").json()["metadata"] == {"key": "value"}


def _versions(bucket: Bucket) -> bool:
    bucket("PATCH", "/storage/v1/b/{}", json={"versioning": {"enabled": True}})
    bucket.put("a", b"2")
    items = bucket("GET", "/storage/v1/b/{}/o?versions=true").json()["items"]
    read = [
        bucket("GET", f"/storage/v1/b/{{}}/o/a?alt=media&generation={item['generation']}").content for item in items
    ]
    return sorted(read) == [b"2", b"content"]


def _chunks(bucket: Bucket) -> bool:
    place, size = bucket.resumable("c"), 256 * 1024
    half = requests.put(place, b"x" * size, headers={"Content-Range": f"bytes 0-{size - 1}/{size + 1}"}, timeout=20)
    requests.put(place, b"y", headers={"Content-Range": f"bytes {size}-{size}/{size + 1}"}, timeout=20)
    return half.status_code == 308 and bucket("GET", "/storage/v1/b/{}/o/c?alt=media").content == b"x" * size + b"y"


def _progress(bucket: Bucket) -> bool:
    place, size = bucket.resumable("c"), 256 * 1024
    requests.put(place, b"x" * size, headers={"Content-Range": f"bytes 0-{size - 1}/{size + 1}"}, timeout=20)
    asked = requests.put(place, headers={"Content-Range": f"bytes */{size + 1}"}, timeout=20)
    return (asked.status_code, asked.headers.get("Range")) == (308, f"bytes=0-{size - 1}")


def _range(bucket: Bucket) -> bool:
    part = bucket("GET", "/storage/v1/b/{}/o/a?alt=media", headers={"Range": "bytes=1-2"})
    beyond = bucket("GET", "/storage/v1/b/{}/o/a?alt=media", headers={"Range": "bytes=100-"})
    return (part.status_code, part.content, beyond.status_code) == (206, b"on", 416)


def _gzip(bucket: Bucket) -> bool:
    bucket.put("z", gzip.compress(b"plain"), "&contentEncoding=gzip")
    answer = bucket("GET", "/storage/v1/b/{}/o/z?alt=media", headers={"Accept-Encoding": "identity"})
    return answer.content == b"plain"


def _xml(bucket: Bucket) -> bool:
    bucket("PUT", "/{}/x", data=b"1")
    return bucket("GET", "/{}/x").content == b"1"


def _xml_list(bucket: Bucket) -> bool:
    return "<Key>a</Key>" in bucket("GET", "/{}").text


def _xml_parts(bucket: Bucket) -> bool:
    upload = re.search("<UploadId>(.+)</UploadId>", bucket("POST", "/{}/m?uploads").text)
    if not upload:
        return False
    part = bucket("PUT", f"/{{}}/m?partNumber=1&uploadId={upload[1]}", data=b"1").headers["ETag"]
    body = (
        f"<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{part}</ETag></Part></CompleteMultipartUpload>"
    )
    bucket("POST", f"/{{}}/m?uploadId={upload[1]}", data=body)
    return bucket("GET", "/storage/v1/b/{}/o/m?alt=media").content == b"1"


def _foreign_host(bucket: Bucket) -> bool:
    return bucket("GET", "/storage/v1/b/{}/o", headers={"Host": "evil.example"}).status_code >= 400


def _copy_condition(bucket: Bucket) -> bool:
    path = "/storage/v1/b/{0}/o/a/rewriteTo/b/{0}/o/b?ifGenerationMatch=0"
    made = bucket("POST", path.format(bucket.name), json={})
    return (made.status_code, bucket("POST", path.format(bucket.name), json={}).status_code) == (200, 412)


QUESTIONS: dict[str, Callable[[Bucket], bool]] = {
    "refuses data with a wrong MD5": _wrong_checksum,
    "stores only if there is no such object (`ifGenerationMatch=0`)": _create_only,
    "the same for a copy": _copy_condition,
    "reads only a certain generation": _conditional_read,
    "refuses a token that was never issued": _token,
    "refuses a signed URL with a wrong signature": _signature,
    "refuses a foreign `Host`, as of a page in a browser": _foreign_host,
    "lists in pages": _pages,
    "lists by pattern (`matchGlob`)": _glob,
    "composes objects": _compose,
    "answers batch requests": _batch,
    "keeps old versions": _versions,
    "takes resumable uploads in chunks": _chunks,
    "says how much of a resumable upload has arrived": _progress,
    "answers ranges, and refuses those beyond the end": _range,
    "decompresses gzip for clients that do not accept it": _gzip,
    "XML API: stores and reads": _xml,
    "XML API: lists": _xml_list,
    "XML API: multipart uploads": _xml_parts,
}


@contextlib.contextmanager
def served(name: str) -> Iterator[str]:
    """Start a fake and yield its address; raise ``bench.servers.ServerError`` if it does not run here."""
    if name == OURS:
        with Server() as server:
            yield server.url
        return
    with running(name, set()) as peer:
        yield f"http://127.0.0.1:{peer.addresses[name].port}"


def answers(name: str) -> list[bool]:
    """Return what a fake does, in the order of ``QUESTIONS``."""
    found = []
    with served(name) as url:
        for number, question in enumerate(QUESTIONS.values()):
            try:
                found.append(question(Bucket(url, f"question-{number}")))
            except (GoogleAPICallError, requests.RequestException, ValueError, KeyError, TypeError):
                found.append(False)
    return found


def table(columns: dict[str, list[bool]]) -> str:
    """Return the table in Markdown."""
    lines = [f"| | {' | '.join(columns)} |", f"|{' --- |' * (len(columns) + 1)}"]
    for number, question in enumerate(QUESTIONS):
        cells = ["yes" if column[number] else "no" for column in columns.values()]
        lines.append(f"| {question} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table({name: answers(name) for name in (OURS, *PEERS)}))
