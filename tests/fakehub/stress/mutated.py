"""Valid requests of both APIs, and random changes to them: a seed always gives the same requests."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, replace
from urllib.parse import quote

from hostile import HEADERS, NAMES, TEXTS, XML_HEADERS, XML_PARAMETERS
from running import BUCKET

_O, _U, _D = f"/storage/v1/b/{BUCKET}/o", f"/upload/storage/v1/b/{BUCKET}/o", f"/download/storage/v1/b/{BUCKET}/o"
_JSON = {"Content-Type": "application/json"}
_PARTS = b"--b\r\nContent-Type: application/json\r\n\r\n%s\r\n--b\r\nContent-Type: text/plain\r\n\r\ndata\r\n--b--"
_CALL = b"--b\r\nContent-Type: application/http\r\nContent-ID: <1>\r\n\r\n%s HTTP/1.1\r\n\r\n%s\r\n--b--"


@dataclass(frozen=True)
class Request:
    """One request."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    @property
    def target(self) -> str:
        """The path with its query."""
        query = "&".join(f"{name}={quote(value, safe='')}" if value else name for name, value in self.query)
        return f"{self.path}?{query}" if query else self.path


def _json(method: str, path: str, resource: object, **query: str) -> Request:
    return Request(method, path, tuple(query.items()), tuple(_JSON.items()), json.dumps(resource).encode())


def _get(path: str, **query: str) -> Request:
    return Request("GET", path, tuple(query.items()))


_MULTIPART = (("Content-Type", 'multipart/related; boundary="b"'),)
_BATCH = (("Content-Type", "multipart/mixed; boundary=b"),)
VALID = [
    _json("POST", "/storage/v1/b", {"name": "another"}, project="p"),
    _get("/storage/v1/b", project="p", maxResults="10", prefix="a"),
    _get(f"/storage/v1/b/{BUCKET}", projection="full"),
    _json("PATCH", f"/storage/v1/b/{BUCKET}", {"labels": {"a": "b"}}, ifMetagenerationMatch="1"),
    _json("PUT", f"/storage/v1/b/{BUCKET}", {"versioning": {"enabled": True}}),
    Request("DELETE", "/storage/v1/b/another"),
    _get(f"/storage/v1/b/{BUCKET}/iam"),
    _get(f"/storage/v1/b/{BUCKET}/iam/testPermissions", permissions="storage.objects.get"),
    Request("POST", _U, (("uploadType", "media"), ("name", "plain")), (("Content-Type", "text/plain"),), b"data"),
    Request("POST", _U, (("uploadType", "multipart"),), _MULTIPART, _PARTS % b'{"name": "plain"}'),
    _json("POST", _U, {"name": "a/b/c", "metadata": {"k": "v"}}, uploadType="resumable"),
    Request(
        "PUT", _U, (("uploadType", "resumable"), ("upload_id", "none")), (("Content-Range", "bytes 0-3/4"),), b"data"
    ),
    _get(_O, delimiter="/", prefix="a", maxResults="2", matchGlob="**/c", versions="true", fields="items(name)"),
    _get(f"{_O}/plain"),
    _get(f"{_O}/plain", alt="media"),
    Request("GET", f"{_D}/plain", (("alt", "media"),), (("Range", "bytes=1-2"),)),
    _json("PATCH", f"{_O}/plain", {"contentType": "text/x", "metadata": {"k": None}}, ifGenerationMatch="0"),
    _json("POST", f"{_O}/plain/rewriteTo/b/{BUCKET}/o/copy", {}, ifSourceGenerationNotMatch="0"),
    _json("POST", f"{_O}/plain/copyTo/b/{BUCKET}/o/copy", {}),
    _json("POST", f"{_O}/copy/moveTo/o/moved", {}),
    _json(
        "POST", f"{_O}/joined/compose", {"sourceObjects": [{"name": "plain"}], "destination": {"contentType": "a/b"}}
    ),
    Request("DELETE", f"{_O}/plain", (("generation", "1"),)),
    Request("POST", "/batch/storage/v1", (), _BATCH, _CALL % (b"GET " + _O.encode() + b"/plain", b"")),
    Request(
        "PUT", f"/{BUCKET}/plain", (), (("x-goog-meta-a", "b"), ("Content-MD5", "jXd/OF09/siBXSD3SWAm3A==")), b"data"
    ),
    Request("GET", f"/{BUCKET}", (("list-type", "2"), ("delimiter", "/"), ("max-keys", "1"))),
    Request("GET", f"/{BUCKET}/plain", (("response-content-type", "a/b"),), (("If-None-Match", '"x"'),)),
    Request("PUT", f"/{BUCKET}/copy", (), (("x-goog-copy-source", f"/{BUCKET}/plain"),)),
    Request("POST", f"/{BUCKET}/parts", (("uploads", ""),)),
    Request("PUT", f"/{BUCKET}/parts", (("uploadId", "none"), ("partNumber", "1")), (), b"data"),
    Request("POST", f"/{BUCKET}", (("delete", ""),), (), b"<Delete><Object><Key>plain</Key></Object></Delete>"),
    Request("POST", f"/{BUCKET}/begun", (), (("x-goog-resumable", "start"),)),
    Request("DELETE", f"/{BUCKET}/plain", (), (("x-goog-if-generation-match", "0"),)),
]
_PIECES = ["%00", "%", "%ff", "/", "//", "..", "?", "\u00e9", "%2F", "b", "o", "acl", "x" * 2000]
_METHODS = ["GET", "HEAD", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "TRACE", "get"]


class Mutations:
    """Changes valid requests at random places."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - reproducible

    def next(self) -> Request:
        """Return a valid request with up to four changes."""
        request = self._random.choice(VALID)
        for _ in range(self._random.choice((0, 1, 1, 2, 4))):
            change = self._random.choice((self._method, self._path, self._query, self._headers, self._body))
            request = change(request)
        return request

    def _method(self, request: Request) -> Request:
        return replace(request, method=self._random.choice(_METHODS))

    def _path(self, request: Request) -> Request:
        segments = request.path.split("/")
        at = self._random.randrange(1, len(segments))
        name = quote(self._random.choice(NAMES), safe="")
        segments[at : at + self._random.choice((0, 1, 1))] = [
            self._random.choice((name, *_PIECES)).encode().decode("latin-1")
        ]
        return replace(request, path=quote("/".join(segments), safe="/%?"))

    def _query(self, request: Request) -> Request:
        query = list(request.query)
        if query and self._random.random() < 0.6:
            at = self._random.randrange(len(query))
            query[at : at + 1] = self._random.choice(
                ([], [query[at]] * 2, [(query[at][0], self._random.choice(TEXTS))])
            )
        else:
            query.append((self._random.choice(XML_PARAMETERS), self._random.choice(TEXTS)))
        return replace(request, query=tuple(query))

    def _headers(self, request: Request) -> Request:
        value = self._random.choice(TEXTS).translate({10: None, 13: None, 0: None}).encode().decode("latin-1")
        headers = [header for header in request.headers if self._random.random() < 0.7]
        return replace(request, headers=(*headers, (self._random.choice([*HEADERS, *XML_HEADERS]), value)))

    def _body(self, request: Request) -> Request:
        body = bytearray(request.body or b'{"name": "plain"}')
        for _ in range(self._random.choice((1, 1, 5))):
            at = self._random.randrange(len(body) or 1)
            match self._random.randrange(5):
                case 0:
                    body[at : at + 1] = self._random.randbytes(1)
                case 1:
                    del body[at : at + self._random.randrange(1, 20)]
                case 2:
                    body[at:at] = self._random.choice(
                        (b"\r\n", b"\0", b"<a>", b"&#1;", b"[" * 3000, b"null", b"\xed\xa0\x80")
                    )
                case 3:
                    body += body[at:]
                case 4:
                    body[at:] = self._random.choice((b"", b"1e999", b'"\\ud800"', b"-1}", b"[]"))
        return replace(request, body=bytes(body[:20_000]))
