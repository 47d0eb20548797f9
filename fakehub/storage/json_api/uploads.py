"""Objects from a request's body: the simple, the multipart and the resumable upload of ``storage.objects.insert``."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from aiohttp import web

from fakehub.errors import bad_request
from fakehub.storage.json_api.answers import object_response
from fakehub.storage.json_api.call import Answer, Call, Handler
from fakehub.storage.json_api.object_bodies import (
    check_acl,
    check_agreement,
    check_content_type,
    parse_multipart,
    parse_resource,
    texts,
)
from fakehub.storage.service import Storage
from fakehub.storage.spool import Content
from fakehub.storage.stored import NewObject
from fakehub.storage.uploads import Upload, announced_length, hashes_of, headers_of, take_chunk

_NOT_AN_UPLOAD = "Upload requests must include an uploadType URL parameter and a URL path beginning with /upload/"


def insert_without_data(_storage: Storage, _call: Call) -> web.Response:
    """Refuse an insert at the address of listings, as Google does."""
    raise bad_request(_NOT_AN_UPLOAD, "wrongUrlForUpload")


def upload(storage: Storage, call: Call) -> Answer:
    """Answer a request to the upload address; raise ``GoogleError``."""
    query = call.query
    if "upload_id" in query:
        return _continue(storage, call)
    kind = query.get("uploadType")
    if call.method == "DELETE" or kind not in {"media", "multipart", "resumable"}:
        raise bad_request(_NOT_AN_UPLOAD, "wrongUrlForUpload")
    resource: dict[str, Any] = {}
    data: Content
    data, content_type = call.content, call.headers.get("Content-Type")
    if kind == "multipart":
        resource, data, content_type = parse_multipart(call.content, content_type or "")
    elif kind == "resumable":
        resource, data = parse_resource(call.body), b""
        content_type = call.headers.get("X-Upload-Content-Type")
    check_agreement(resource, name=query.get("name"), bucket=call.names[0])
    if kind == "multipart":
        check_content_type(resource, content_type)
    bucket = storage.bucket(call.persona, call.names[0], project=call.project)
    check_acl(bucket.facts, resource, call.persona)
    resource.setdefault("contentType", content_type or "application/octet-stream")
    if query.get("contentEncoding"):
        resource["contentEncoding"] = query["contentEncoding"]
    name = resource.get("name") or query.get("name") or ""
    hashes = hashes_of(resource, call.headers)
    if kind == "resumable":
        bucket.check_new(name, query)
    headers, metadata = headers_of(resource), texts(resource.get("metadata"))
    if kind == "resumable":
        length = announced_length(call.headers)
        held = storage.resumables.hold()
        return _start(storage, call, Upload(bucket, name, headers, metadata, query, hashes, held, length))
    stored = bucket.put(NewObject(name, data, headers, metadata, hashes=hashes), query)
    return object_response(storage.texts, bucket, query, stored)


def _start(storage: Storage, call: Call, upload: Upload) -> web.Response:
    session = storage.resumables.start(upload)
    path = f"/upload/storage/v1/b/{quote(upload.bucket.name, safe='')}/o?uploadType=resumable&upload_id={session}"
    return web.Response(headers={"Location": f"{call.base}{path}", "X-GUploader-UploadID": session})


async def _continue(storage: Storage, call: Call) -> web.Response:
    """Answer a request to the session of a resumable upload: a chunk, a question about its progress, or its end."""
    session = call.query["upload_id"]
    upload = storage.resumables.get(session)
    if call.method == "DELETE":
        storage.resumables.drop(session)
        return web.Response(status=499, reason="Client Closed Request")
    if upload.done is not None:
        again = object_response(storage.texts, upload.bucket, upload.query, upload.done)
        return web.Response(body=again.body, content_type="application/json")
    data = await take_chunk(upload, call.content, call.headers.get("Content-Range"))
    if data is not None:
        stored = upload.finish(data, hashes_of({}, call.headers))
        return object_response(storage.texts, upload.bucket, upload.query, stored)
    headers = {"X-GUploader-UploadID": session} | upload.range()
    if call.headers.get("X-GUploader-No-308", "").lower() == "yes":
        return web.Response(headers=headers | {"X-HTTP-Status-Code-Override": "308"})
    return web.Response(status=308, reason="Resume Incomplete", headers=headers)


ANSWERS: dict[str, Handler] = {"storage.objects.insert": insert_without_data}
