"""The JSON API: which method a request calls, and what each does to the objects."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

from aiohttp import web

from fakehub.clock import Clock
from fakehub.errors import GoogleError, bad_request, no_bucket, no_object, not_answered
from fakehub.identity import Persona
from fakehub.storage import conditions, downloads
from fakehub.storage.listing import list_objects
from fakehub.storage.objects import Object, Store
from fakehub.storage.resources import HEADERS, bucket_resource, object_resource, only_fields
from fakehub.storage.uploads import (
    Resumables,
    Upload,
    check_hashes,
    headers_of,
    parse_multipart,
    parse_resource,
    take_chunk,
)

# The longest name of an object, in bytes of UTF-8.
LONGEST_NAME = 1024


@dataclass(frozen=True, slots=True)
class Call:
    """One request, taken apart: ``parts`` are the names in its path, ``base`` the address the client used."""

    method: str
    parts: tuple[str, ...]
    query: dict[str, str]
    headers: Any
    body: bytes
    persona: Persona
    base: str


def json_response(resource: Any, query: dict[str, str], status: int = 200) -> web.Response:
    """A resource, or the fields of it that were asked for."""
    body = json.dumps(only_fields(resource, query.get("fields"))).encode()
    return web.Response(status=status, body=body, content_type="application/json", charset="UTF-8")


class Storage:
    """Answers the JSON API's requests from a ``Store``."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._created = clock.now()
        self._resumables = Resumables()
        handlers: list[tuple[str, str, Callable[[Call], web.StreamResponse]]] = [
            (r"GET", r"/storage/v1/b", self._list_buckets),
            (r"GET", r"/storage/v1/b/([^/]+)", self._get_bucket),
            (r"GET", r"/storage/v1/b/([^/]+)/iam/testPermissions", self._test_permissions),
            (r"GET", r"/storage/v1/b/([^/]+)/o", self._list),
            (r"GET|HEAD", r"(?:/download)?/storage/v1/b/([^/]+)/o/(.+)", self._get),
            (r"PATCH|PUT", r"/storage/v1/b/([^/]+)/o/([^/]+)", self._patch),
            (r"DELETE", r"/storage/v1/b/([^/]+)/o/([^/]+)", self._delete),
            (r"POST", r"/storage/v1/b/([^/]+)/o/([^/]+)/compose", self._compose),
            (r"POST", r"/storage/v1/b/([^/]+)/o/([^/]+)/rewriteTo/b/([^/]+)/o/([^/]+)", self._rewrite),
            (r"POST", r"/storage/v1/b/([^/]+)/o/([^/]+)/copyTo/b/([^/]+)/o/([^/]+)", self._copy),
            (r"POST", r"/storage/v1/b/([^/]+)/o/([^/]+)/moveTo/o/([^/]+)", self._move),
            (r"POST|PUT|DELETE", r"(?:/resumable)?/upload/storage/v1/b/([^/]+)/o", self._upload),
        ]
        self._routes = [(re.compile(method), re.compile(path), handler) for method, path, handler in handlers]

    async def handle(self, request: web.BaseRequest, persona: Persona) -> web.StreamResponse:
        """Answer one request; raises ``GoogleError`` for what is refused."""
        body = await request.content.read(-1) if request.can_read_body else b""
        path = request.rel_url.raw_path
        query = dict(request.rel_url.query)
        base = f"{request.scheme}://{request.host}"
        if path.startswith("/batch/storage/v1"):
            from fakehub.storage.batch import answer_batch

            return answer_batch(self, body, request.headers.get("Content-Type", ""), persona, base)
        return self.answer(request.method, path, query, request.headers, body, persona, base)

    def answer(
        self,
        method: str,
        path: str,
        query: dict[str, str],
        headers: Any,
        body: bytes,
        persona: Persona,
        base: str,
    ) -> web.StreamResponse:
        """Answer a request that is wholly there; raises ``GoogleError``."""
        known = False
        for methods, pattern, handler in self._routes:
            found = pattern.fullmatch(path)
            if not found:
                continue
            known = True
            if methods.fullmatch(method):
                parts = tuple(_decoded(part) for part in found.groups())
                return handler(Call(method, parts, query, headers, body, persona, base))
        if known or re.match(r"/storage/v1/(b|projects)(/|$)", path):
            raise not_answered(f"{method} {path}")
        raise GoogleError(404, "notFound", "Not Found")

    # Buckets

    def _bucket(self, name: str) -> str:
        if name not in self._store.buckets:
            raise no_bucket()
        return name

    def _list_buckets(self, call: Call) -> web.Response:
        call.persona.check("", "storage.buckets.list")
        raise not_answered("a listing of buckets")

    def _get_bucket(self, call: Call) -> web.Response:
        name = self._bucket(call.parts[0])
        call.persona.check(name, "storage.buckets.get")
        return json_response(bucket_resource(name, self._store.buckets[name], self._created), call.query)

    def _test_permissions(self, call: Call) -> web.Response:
        name = self._bucket(call.parts[0])
        have = call.persona.rights.get(name, frozenset())
        asked = re.split(r"[,&]", call.query.get("permissions", ""))
        resource = {
            "kind": "storage#testIamPermissionsResponse",
            "permissions": [p for p in asked if p in have],
        }
        return json_response(resource, call.query)

    # Objects

    def _list(self, call: Call) -> web.Response:
        name = self._bucket(call.parts[0])
        call.persona.check(name, "storage.objects.list")
        items, prefixes, token = list_objects(self._store, name, call.query)
        resource: dict[str, Any] = {"kind": "storage#objects"}
        resource |= {"items": [object_resource(found) for found in items]} if items else {}
        resource |= {"prefixes": prefixes} if prefixes else {}
        resource |= {"nextPageToken": token} if token else {}
        return json_response(resource, call.query)

    def _existing(self, call: Call, permission: str) -> Object:
        bucket, name = self._bucket(call.parts[0]), call.parts[1]
        call.persona.check(bucket, permission, name)
        found = self._store.get(bucket, name)
        wanted = call.query.get("generation")
        if found is None or (wanted and conditions.number("generation", wanted) != found.generation):
            raise no_object(bucket, name)
        return found

    def _get(self, call: Call) -> web.StreamResponse:
        found = self._existing(call, "storage.objects.get")
        conditions.check(call.query, found, reading=True)
        if call.query.get("alt") == "media":
            return downloads.media(found, call.headers, call.method == "HEAD")
        return json_response(object_resource(found), call.query)

    def _patch(self, call: Call) -> web.Response:
        found = self._existing(call, "storage.objects.update")
        conditions.check(call.query, found)
        resource = parse_resource(call.body)
        keep = call.method == "PATCH"
        headers = dict(found.headers) if keep else {"contentType": "application/octet-stream"}
        for name in HEADERS:
            if name in resource:
                headers.pop(name, None)
                headers |= {name: str(resource[name])} if resource[name] is not None else {}
        metadata = dict(found.metadata or {}) if keep else {}
        if "metadata" in resource:
            metadata = metadata | resource["metadata"] if resource["metadata"] else {}
        metadata = {key: str(value) for key, value in metadata.items() if value is not None}
        return json_response(object_resource(self._store.update(found, headers, metadata or None)), call.query)

    def _delete(self, call: Call) -> web.Response:
        bucket, name = self._bucket(call.parts[0]), call.parts[1]
        call.persona.check(bucket, "storage.objects.delete", name)
        conditions.check(call.query, self._store.get(bucket, name))
        self._store.delete(self._existing(call, "storage.objects.delete"))
        return web.Response(status=204)

    def _put(
        self,
        persona: Persona,
        bucket: str,
        name: str,
        query: dict[str, str],
        data: bytes,
        headers: dict[str, str],
        metadata: dict[str, str] | None,
        components: int | None = None,
    ) -> Object:
        """Check everything about a new object, then store it."""
        if not name or len(name.encode("utf-8", "surrogatepass")) > LONGEST_NAME or "\r" in name or "\n" in name:
            raise bad_request(f"A name has 1 to {LONGEST_NAME} bytes and no line break.")
        persona.check(bucket, "storage.objects.create", name)
        existing = self._store.get(bucket, name)
        if existing is not None:
            persona.check(bucket, "storage.objects.delete", name)
        conditions.check(query, existing)
        return self._store.put(bucket, name, data, headers, metadata, components)

    def _compose(self, call: Call) -> web.Response:
        bucket, name = self._bucket(call.parts[0]), call.parts[1]
        body = parse_resource(call.body)
        sources = body.get("sourceObjects") or []
        if not 1 <= len(sources) <= 32:
            raise bad_request("The number of source components provided is not between 1 and 32.")
        parts = []
        for source in sources:
            found = self._existing(
                Call("GET", (bucket, source.get("name", "")), {}, {}, b"", call.persona, call.base),
                "storage.objects.get",
            )
            wanted = (source.get("objectPreconditions") or {}).get("ifGenerationMatch")
            conditions.check({} if wanted is None else {"ifGenerationMatch": str(wanted)}, found)
            parts.append(found)
        destination = body.get("destination") or {}
        data = b"".join(part.read() for part in parts)
        count = sum(part.components or 1 for part in parts)
        metadata = destination.get("metadata")
        stored = self._put(call.persona, bucket, name, call.query, data, headers_of(destination, None), metadata, count)
        return json_response(object_resource(stored), call.query)

    def _copied(self, call: Call, bucket: str, name: str) -> tuple[Object, Object]:
        """Copy an object; the source and what was stored."""
        source = self._existing(call, "storage.objects.get")
        conditions.check(call.query, source, "ifSource")
        wanted = call.query.get("sourceGeneration")
        if wanted and conditions.number("sourceGeneration", wanted) != source.generation:
            raise no_object(source.bucket, source.name)
        resource = parse_resource(call.body)
        headers, metadata = dict(source.headers), source.metadata
        if resource:
            headers |= headers_of(resource, headers["contentType"])
            metadata = resource.get("metadata", metadata)
        data, count = source.read(), source.components
        return source, self._put(call.persona, bucket, name, call.query, data, headers, metadata, count)

    def _copy(self, call: Call) -> web.Response:
        _, stored = self._copied(call, self._bucket(call.parts[2]), call.parts[3])
        return json_response(object_resource(stored), call.query)

    def _rewrite(self, call: Call) -> web.Response:
        _, stored = self._copied(call, self._bucket(call.parts[2]), call.parts[3])
        sizes = {"totalBytesRewritten": str(stored.size), "objectSize": str(stored.size)}
        done = {"kind": "storage#rewriteResponse", "done": True, **sizes, "resource": object_resource(stored)}
        return json_response(done, call.query)

    def _move(self, call: Call) -> web.Response:
        call.persona.check(self._bucket(call.parts[0]), "storage.objects.delete", call.parts[1])
        source, stored = self._copied(call, call.parts[0], call.parts[2])
        self._store.delete(source)
        return json_response(object_resource(stored), call.query)

    # Uploads

    def _upload(self, call: Call) -> web.StreamResponse:
        bucket = self._bucket(call.parts[0])
        if "upload_id" in call.query:
            return self._chunk(call)
        kind = call.query.get("uploadType")
        if call.method == "DELETE" or kind not in {"media", "multipart", "resumable"}:
            raise bad_request("uploadType is media, multipart or resumable.")
        resource, data, content_type = {}, call.body, call.headers.get("Content-Type")
        if kind == "multipart":
            resource, data, content_type = parse_multipart(call.body, content_type or "")
        elif kind == "resumable":
            resource, data = parse_resource(call.body), b""
            content_type = call.headers.get("X-Upload-Content-Type")
        name = resource.get("name") or call.query.get("name") or ""
        upload = Upload(bucket, resource | {"name": name}, call.query, {}, call.persona)
        upload.resource.setdefault("contentType", content_type or "application/octet-stream")
        upload.hashes["goog"] = call.headers.get("x-goog-hash", "")
        if kind == "resumable":
            call.persona.check(bucket, "storage.objects.create", name)
            session = self._resumables.start(upload)
            location = f"{call.base}/upload/storage/v1/b/{quote(bucket)}/o?uploadType=resumable&upload_id={session}"
            return web.Response(headers={"Location": location, "X-GUploader-UploadID": session})
        return self._finish(upload, data)

    def _finish(self, upload: Upload, data: bytes) -> web.Response:
        check_hashes(data, upload.resource, upload.hashes.get("goog", ""))
        headers = headers_of(upload.resource, None)
        metadata = upload.resource.get("metadata")
        stored = self._put(
            upload.persona, upload.bucket, upload.resource["name"], upload.query, data, headers, metadata
        )
        response = json_response(object_resource(stored), upload.query)
        upload.done = response.body
        return response

    def _chunk(self, call: Call) -> web.StreamResponse:
        session = call.query["upload_id"]
        upload = self._resumables.get(session)
        if call.method == "DELETE":
            self._resumables.drop(session)
            return web.Response(status=499, reason="Client Closed Request")
        if upload.done is not None:
            return web.Response(body=upload.done, content_type="application/json")
        if call.headers.get("x-goog-hash"):
            upload.hashes["goog"] = call.headers["x-goog-hash"]
        if take_chunk(upload, call.body, call.headers.get("Content-Range")):
            data = bytes(upload.data)
            upload.data.clear()
            return self._finish(upload, data)
        headers = {"X-GUploader-UploadID": session}
        headers |= {"Range": f"bytes=0-{len(upload.data) - 1}"} if upload.data else {}
        if call.headers.get("X-GUploader-No-308", "").lower() == "yes":
            return web.Response(headers=headers | {"X-HTTP-Status-Code-Override": "308"})
        return web.Response(status=308, reason="Resume Incomplete", headers=headers)


def _decoded(part: str) -> str:
    try:
        return unquote(part, errors="strict")
    except UnicodeDecodeError:
        raise bad_request("A name is UTF-8, percent-encoded.") from None
