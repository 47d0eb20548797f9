"""Objects from outside: the simple, the multipart and the resumable upload of ``storage.objects.insert``."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from aiohttp import web

from fakehub.errors import bad_request
from fakehub.storage.json_api.answers import shown
from fakehub.storage.json_api.call import Call
from fakehub.storage.uploads import (
    Upload,
    check_acl,
    hashes_of,
    headers_of,
    parse_multipart,
    parse_resource,
    take_chunk,
    texts,
)

if TYPE_CHECKING:
    from fakehub.storage.service import Storage

_NOT_AN_UPLOAD = "Upload requests must include an uploadType URL parameter and a URL path beginning with /upload/"


def insert_without_data(_storage: Storage, _call: Call) -> web.Response:
    """An insert at the address of listings, which Google refuses."""
    raise bad_request(_NOT_AN_UPLOAD, "wrongUrlForUpload")


def upload(storage: Storage, call: Call) -> web.Response:
    """Answer a request to the upload address; raises ``GoogleError``."""
    if "upload_id" in call.query:
        return _chunk(storage, call)
    kind = call.query.get("uploadType")
    if call.method == "DELETE" or kind not in {"media", "multipart", "resumable"}:
        raise bad_request(_NOT_AN_UPLOAD, "wrongUrlForUpload")
    resource, data, content_type = {}, call.body, call.headers.get("Content-Type")
    if kind == "multipart":
        resource, data, content_type = parse_multipart(call.body, content_type or "")
    elif kind == "resumable":
        resource, data = parse_resource(call.body), b""
        content_type = call.headers.get("X-Upload-Content-Type")
    bucket = call.parts[0]
    check_acl(storage.bucket(bucket), resource, call.persona)
    resource.setdefault("contentType", content_type or "application/octet-stream")
    if call.query.get("contentEncoding"):
        resource["contentEncoding"] = call.query["contentEncoding"]
    name = resource.get("name") or call.query.get("name") or ""
    hashes = hashes_of(resource, call.headers.get("x-goog-hash"))
    one = Upload(bucket, name, resource, call.query, hashes, call.persona)
    if kind != "resumable":
        return _finish(storage, call, one, data)
    return _start(storage, call, one)


def _start(storage: Storage, call: Call, one: Upload) -> web.Response:
    storage.check_new(one.persona, one.bucket, one.name, one.query)
    headers_of(one.resource, None)
    session = storage.resumables.start(one)
    where = f"{call.base}/upload/storage/v1/b/{quote(one.bucket, safe='')}/o?uploadType=resumable&upload_id={session}"
    return web.Response(headers={"Location": where, "X-GUploader-UploadID": session})


def _finish(storage: Storage, call: Call, one: Upload, data: bytes) -> web.Response:
    headers = headers_of(one.resource, None)
    metadata = texts(one.resource.get("metadata"))
    stored = storage.put_object(
        one.persona, one.bucket, one.name, one.query, data, headers, metadata, hashes=one.hashes
    )
    return shown(storage, Call(call.method, (), one.query, call.headers, b"", one.persona, call.base), stored)


def _chunk(storage: Storage, call: Call) -> web.Response:
    """A request to the session of a resumable upload: a chunk, a question how far it got, or its end."""
    session = call.query["upload_id"]
    one = storage.resumables.get(session)
    if call.method == "DELETE":
        storage.resumables.drop(session)
        return web.Response(status=499, reason="Client Closed Request")
    if one.done is not None:
        return web.Response(body=one.done, content_type="application/json")
    if call.headers.get("x-goog-hash"):
        one.hashes |= hashes_of({}, call.headers["x-goog-hash"])
    data = take_chunk(one, call.body, call.headers.get("Content-Range"))
    if data is not None:
        response = _finish(storage, call, one, data)
        one.done = response.body
        one.data.clear()
        return response
    headers = {"X-GUploader-UploadID": session}
    if one.data:
        headers["Range"] = f"bytes=0-{len(one.data) - 1}"
    if call.headers.get("X-GUploader-No-308", "").lower() == "yes":
        return web.Response(headers=headers | {"X-HTTP-Status-Code-Override": "308"})
    return web.Response(status=308, reason="Resume Incomplete", headers=headers)


ANSWERS = {"storage.objects.insert": insert_without_data}
