"""Route requests of the XML API, at ``https://storage.googleapis.com/BUCKET/OBJECT``, and identify their senders."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

from aiohttp import web

from fakehub.accounts.identities import Identities, Persona
from fakehub.clock import Clock
from fakehub.errors import GoogleError, not_implemented
from fakehub.hosts import JSON_ONLY, STORAGE_HOSTS, bucket_of
from fakehub.storage.billing import billed_project
from fakehub.storage.encryption import refuse_keys
from fakehub.storage.request_body import decoded, read_body, receive
from fakehub.storage.service import Storage
from fakehub.storage.spool import IN_MEMORY, PIECE, Content, Received, in_memory
from fakehub.storage.uploads import is_whole
from fakehub.storage.xml_api import acl, bucket_parts, listing, objects, project_buckets
from fakehub.storage.xml_api.call import Call, resolve_bucket
from fakehub.storage.xml_api.errors import XmlError, error_response
from fakehub.storage.xml_api.multipart import Multipart
from fakehub.storage.xml_api.resumable import ResumableUploads
from fakehub.storage.xml_api.signed_urls import SignedUrls, is_signed

# Paths of the other protocols on the same host; no bucket has such a name.
_OTHERS = re.compile(r"/(?:storage|upload|download|batch|resumable|discovery|oauth2|google\.storage\.v2\.[^/]+)(?:/|$)")
# Paths of the JSON API at another endpoint than Google's, where the client for Node leaves out ``/storage/v1`` if
# ``STORAGE_EMULATOR_HOST`` is set. No bucket has so short a name.
_SHORT = re.compile(r"/b(?:/|$)")
# Subresources of a bucket or an object, requested by a parameter without a value.
_PARTS = frozenset(
    {"acl", "billing", "compose", "cors", "encryption", "lifecycle", "location", "logging", "retention"}
    | {"storageClass", "tagging", "versioning", "versions", "website"}
)

# An answer, or that of a method that has to wait for something.
Answer = web.StreamResponse | Awaitable[web.StreamResponse]


def is_xml(request: web.BaseRequest) -> bool:
    """Return whether a request to one of the storage's hosts is one of the XML API."""
    host = request.host.partition(":")[0]
    if bucket_of(host):
        return True
    path = request.rel_url.raw_path
    if host == JSON_ONLY or _OTHERS.match(path):
        return False
    return host in STORAGE_HOSTS or not _SHORT.match(path)


class XmlApi:
    """The XML API in front of ``storage``."""

    def __init__(self, storage: Storage, identities: Identities, clock: Clock) -> None:
        self._storage, self._identities = storage, identities
        self._signed = SignedUrls(identities, clock)
        self._multipart = Multipart(clock, storage.store)
        self._resumable = ResumableUploads(clock, storage.store.hold)

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request, a refused one in Google's XML form."""
        if request.method == "OPTIONS":  # a page's preflight; no bucket has CORS rules that would allow anything
            return web.Response()
        try:
            if request.method != "PUT":
                return await self._answer_with(request, await read_body(request))
            content = await self._receive(request)
            try:
                return await self._answer_with(request, content)
            finally:
                if isinstance(content, Received):
                    content.discard()
        except GoogleError as error:
            return error_response(error)

    async def _receive(self, request: web.BaseRequest) -> Content:
        """Return the body of a ``PUT``; a large one is in a file."""
        query, headers = request.rel_url.query, request.headers
        is_chunk = "upload_id" in query and not is_whole(headers.get("Content-Range"))
        most = PIECE if is_chunk or "uploadId" in query else IN_MEMORY
        sha256 = "x-goog-content-sha256" in headers
        return await receive(request, lambda: self._storage.store.spool(most, not is_chunk, sha256))

    async def _answer_with(self, request: web.BaseRequest, content: Content) -> web.StreamResponse:
        answer = self._route(request, content)
        return answer if isinstance(answer, web.StreamResponse) else await answer

    def _route(self, request: web.BaseRequest, content: Content) -> Answer:
        url = request.rel_url
        request["persona"] = persona = self._caller(request, content)
        address, path = f"{request.scheme}://{request.host}", url.raw_path.removeprefix("/")
        bucket_name, name = bucket_of(request.host.partition(":")[0]), path
        if not bucket_name:
            bucket_name, _, name = path.partition("/")
            address += f"/{bucket_name}"
        bucket_name, name = decoded(bucket_name), decoded(name)
        refuse_keys(request.headers, f"{request.method} in the XML API")
        if request.method == "POST" and request.content_type == "multipart/form-data":
            raise not_implemented("a form with a policy document")
        project = billed_project(persona, url.query, request.headers)
        if not bucket_name and request.method == "GET":
            return project_buckets.list_all(self._storage, persona, request.headers)
        if request.method == "PUT" and not name and _PARTS.isdisjoint(url.query):
            return project_buckets.make(self._storage, persona, bucket_name, request.headers, in_memory(content))
        bucket = resolve_bucket(self._storage, persona, bucket_name, project)
        return self._answer(Call(request.method, bucket, name, url.query, request.headers, content, address, project))

    def _caller(self, request: web.BaseRequest, content: Content) -> Persona:
        url = request.rel_url
        if is_signed(url.query):
            return self._signed.caller(request.method, url.raw_path, url.query.items(), request.headers, content)
        if "GoogleAccessId" in url.query:
            raise not_implemented("signed URLs of version 2; sign with version 4")
        persona = self._identities.bearer(request.headers.get("Authorization"))
        return self._resumable.starter(url.query["upload_id"], persona) if "upload_id" in url.query else persona

    def _answer(self, call: Call) -> Answer:
        if call.query:
            if call.method == "GET" and "acl" in call.query:
                return acl.read(call)
            for part in _PARTS & call.query.keys():
                return bucket_parts.answer(self._storage, call, part)
        return self._answer_object(call) if call.name else self._answer_bucket(call)

    def _answer_bucket(self, call: Call) -> web.StreamResponse:
        if call.method == "GET" and "uploads" in call.query:
            return self._multipart.list_uploads(call)
        if call.method == "GET":
            return listing.list_bucket(self._storage, call)
        if call.method == "HEAD":
            call.bucket.check("storage.buckets.get")
            return web.Response()
        if call.method == "POST" and "delete" in call.query:
            return listing.delete_many(self._storage, call)
        if call.method == "DELETE":
            call.bucket.check("storage.buckets.delete")
            call.bucket.delete()
            return web.Response(status=204)
        if call.method == "POST":
            call.bucket.check("storage.objects.create")
        raise not_implemented(f"{call.method} of a bucket")

    def _answer_object(self, call: Call) -> Answer:
        if "upload_id" in call.query:
            return self._resumable.continue_upload(call)
        if "uploadId" in call.query:
            return self._answer_multipart(call)
        if call.method in {"GET", "HEAD"}:
            return objects.get(call)
        if call.method == "PUT":
            return objects.put(self._storage, call)
        if call.method == "DELETE":
            return objects.delete(self._storage, call)
        if call.method == "POST" and "uploads" in call.query:
            return self._multipart.start(call)
        if call.method == "POST" and call.headers.get("x-goog-resumable", "").lower() == "start":
            return self._resumable.start(call)
        raise not_implemented(f"{call.method} of an object")

    def _answer_multipart(self, call: Call) -> Answer:
        methods: dict[str, Callable[[Call], Answer]] = {
            "PUT": self._multipart.put_part,
            "POST": self._multipart.complete,
            "DELETE": self._multipart.abort,
            "GET": self._multipart.list_parts,
        }
        method = methods.get(call.method)
        if method is None:
            raise XmlError(405, "MethodNotAllowed", "The specified method is not allowed against this resource.")
        return method(call)
