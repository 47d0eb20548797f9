"""Route requests of the JSON API to the method that answers them."""

from __future__ import annotations

from aiohttp import web

from fakehub.accounts.identities import Identities
from fakehub.errors import GoogleError
from fakehub.storage.billing import billed_project
from fakehub.storage.json_api import acls, buckets, copies, cors, objects, uploads
from fakehub.storage.json_api.batch import Sender, answer_batch
from fakehub.storage.json_api.call import Call, Handler
from fakehub.storage.json_api.method_table import find
from fakehub.storage.json_api.parameters import refuse_unanswered
from fakehub.storage.json_api.refusals import refuse
from fakehub.storage.request_body import decoded, decompressed, read_body
from fakehub.storage.resources import GOOGLE
from fakehub.storage.service import Storage, StorageAt

_API, _DOWNLOADS, _BATCH = "/storage/v1/", "/download/storage/v1/", "/batch/storage/v1"
_UPLOADS = ("/upload/storage/v1/", "/resumable/upload/storage/v1/")

# Paths without ``/storage/v1``, as the client for Node sends them if ``STORAGE_EMULATOR_HOST`` is set.
_SHORT = "/b"

# The handler of each method that is answered, by the method's id.
ANSWERS: dict[str, Handler] = {
    **objects.ANSWERS,
    **copies.ANSWERS,
    **buckets.ANSWERS,
    **acls.ANSWERS,
    **uploads.ANSWERS,
}


class JsonApi:
    """The JSON API in front of ``storage``."""

    def __init__(self, storage: Storage) -> None:
        self._storage = StorageAt(storage)

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
        body = await read_body(request)
        if "Content-Encoding" in request.headers:
            body = decompressed(body, request.headers["Content-Encoding"])
        url = request.rel_url
        path, base = url.raw_path, f"{request.scheme}://{request.host}"
        if path.startswith(_BATCH):
            content_type = request.headers.get("Content-Type", "")
            return answer_batch(self.answer, body, content_type, Sender(persona, base))
        return self.answer(Call(request.method, path, url.query, request.headers, body, persona, base))

    def answer(self, call: Call) -> web.Response:
        """Answer a request whose body has arrived; raise ``GoogleError``."""
        method, path = call.method, call.path
        call.project = billed_project(call.persona, call.query, call.headers)
        storage = self._storage[call.base]
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


def _answer_method(storage: Storage, call: Call, path: str) -> web.Response:
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
