"""Route requests of the JSON API to the method that answers them."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from fakehub.accounts.identities import Identities
from fakehub.errors import GoogleError
from fakehub.storage.billing import billed_project
from fakehub.storage.json_api import acls, buckets, copies, cors, objects, soft_deleted, uploads
from fakehub.storage.json_api.batch import Sender, answer_batch
from fakehub.storage.json_api.call import Answer, Call, Handler
from fakehub.storage.json_api.method_table import find
from fakehub.storage.json_api.multipart_body import MultipartSink, boundary_of
from fakehub.storage.json_api.parameters import refuse_unanswered
from fakehub.storage.json_api.refusals import refuse
from fakehub.storage.request_body import Gunzip, decoded, decompressed, is_gzip, read_body, receive
from fakehub.storage.resources import GOOGLE
from fakehub.storage.service import Storage, StorageAt
from fakehub.storage.spool import IN_MEMORY, PIECE, Content, Received, Sink
from fakehub.storage.uploads import is_whole

_API, _DOWNLOADS, _BATCH = "/storage/v1/", "/download/storage/v1/", "/batch/storage/v1"
_UPLOADS = ("/upload/storage/v1/", "/resumable/upload/storage/v1/")

# Paths without ``/storage/v1``, as the client for Node sends them if ``STORAGE_EMULATOR_HOST`` is set.
_SHORT = "/b"

# The handler of each method that is answered, by the method's id.
ANSWERS: dict[str, Handler] = {
    **objects.ANSWERS,
    **copies.ANSWERS,
    **buckets.ANSWERS,
    **soft_deleted.ANSWERS,
    **acls.ANSWERS,
    **uploads.ANSWERS,
}


class JsonApi:
    """The JSON API in front of ``storage``."""

    def __init__(self, storage: Storage) -> None:
        self._storage, self._at = storage, StorageAt(storage)

    async def handle(self, request: web.BaseRequest, identities: Identities) -> web.StreamResponse:
        """Answer one request and set its sender in ``request["persona"]``.

        Raises ``GoogleError`` for a refused request, except for one from a web page: its answer needs headers that
        let the page read it.
        """
        origin = request.headers.get("Origin")
        if origin is None:
            return await self._read_and_answer(request, identities)
        if request.method == "OPTIONS":
            return cors.preflight(request, origin)
        try:
            response = await self._read_and_answer(request, identities)
        except GoogleError as error:
            response = error.response()
        cors.allow(response, origin)
        return response

    async def _read_and_answer(self, request: web.BaseRequest, identities: Identities) -> web.Response:
        persona = request["persona"] = identities.bearer(request.headers.get("Authorization"))
        path, query, base = request.rel_url.raw_path, request.rel_url.query, f"{request.scheme}://{request.host}"
        content: Content
        if path.startswith(_UPLOADS):
            content = await self._receive(request, query)
        else:
            content = await read_body(request)
            if "Content-Encoding" in request.headers:
                content = decompressed(content, request.headers["Content-Encoding"])
            if path.startswith(_BATCH):
                content_type = request.headers.get("Content-Type", "")
                return await answer_batch(self.answer, content, content_type, Sender(persona, base))
        try:
            answer = self.answer(Call(request.method, path, query, request.headers, content, persona, base))
            return answer if isinstance(answer, web.Response) else await answer
        finally:
            if isinstance(content, Received):
                content.discard()

    async def _receive(self, request: web.BaseRequest, query: Mapping[str, str]) -> Content:
        """Return the body of an upload; a large one is in a file, without the metadata before the data."""
        packed = is_gzip(request.headers.get("Content-Encoding"))
        # The checksums of an object in several chunks are computed where these are joined.
        is_chunk = "upload_id" in query and not is_whole(request.headers.get("Content-Range"))
        most = PIECE if is_chunk else IN_MEMORY

        def open_sink() -> Sink:
            sink: Sink = self._storage.store.spool(most, not is_chunk)
            if query.get("uploadType") == "multipart":
                sink = MultipartSink(sink, boundary_of(request.headers.get("Content-Type", "")))
            return Gunzip(sink) if packed else sink

        return await receive(request, open_sink, always=packed)

    def answer(self, call: Call) -> Answer:
        """Answer a request whose body has arrived; raise ``GoogleError``."""
        method, path = call.method, call.path
        call.project = billed_project(call.persona, call.query, call.headers)
        storage = self._at[call.base]
        if path.startswith(_API):
            return _answer_method(storage, call, path[len(_API) :])
        if path.startswith(_SHORT) and storage.texts.links != GOOGLE:
            return _answer_method(storage, call, path[1:])
        for prefix in _UPLOADS:
            if path.startswith(prefix):
                match = find("POST", path[len(prefix) :].split("/"))
                if method in {"POST", "PUT", "DELETE"} and match and match[0].id == "storage.objects.insert":
                    refuse_unanswered(match[0], call.query, call.headers)
                    call.names = (decoded(match[1][0]),)
                    return uploads.upload(storage, call)
        if path.startswith(_DOWNLOADS) and method in {"GET", "HEAD"}:
            return _answer_method(storage, call, path[len(_DOWNLOADS) :])
        raise GoogleError(404, "notFound", "Not Found")


def _answer_method(storage: Storage, call: Call, path: str) -> Answer:
    match = find("GET" if call.method == "HEAD" else call.method, path.split("/"))
    if match is None:
        raise GoogleError(404, "notFound", "Not Found")
    method, names = match
    call.names = tuple([decoded(name) for name in names])
    handler = ANSWERS.get(method.id)
    if handler is None:
        refuse(storage, call, method)
    refuse_unanswered(method, call.query, call.headers)
    return handler(storage, call)
