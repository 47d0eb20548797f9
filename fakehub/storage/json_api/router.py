"""Route requests of the JSON API to the method that answers them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web

from fakehub.accounts.identities import Identities, Persona
from fakehub.errors import GoogleError, bad_request, not_answered
from fakehub.storage.acl import UNIFORM_WRITE
from fakehub.storage.json_api import acls, buckets, copies, cors, objects, uploads
from fakehub.storage.json_api.batch import answer_batch
from fakehub.storage.json_api.call import Call
from fakehub.storage.json_api.method_table import find
from fakehub.storage.json_api.parameters import refuse_unanswered
from fakehub.storage.request_body import decoded, decompressed, read_body
from fakehub.storage.service import Storage

_API, _DOWNLOADS, _BATCH = "/storage/v1/", "/download/storage/v1/", "/batch/storage/v1"
_UPLOADS = ("/upload/storage/v1/", "/resumable/upload/storage/v1/")

# What answers a method, by its id.
ANSWERS: dict[str, Callable[[Storage, Call], web.Response]] = {
    **objects.ANSWERS,
    **copies.ANSWERS,
    **buckets.ANSWERS,
    **acls.ANSWERS,
    **uploads.ANSWERS,
}


class JsonApi:
    """Answer the JSON API's requests from ``storage``."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    async def handle(self, request: web.BaseRequest, identities: Identities) -> web.StreamResponse:
        """Answer one request, whose persona is left in ``request["persona"]``.

        Raises ``GoogleError`` for what is refused, unless a page asks, which must be allowed to read the refusal.
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
            return answer_batch(self.answer, body, request.headers.get("Content-Type", ""), persona, base)
        return self.answer(request.method, path, url.query, request.headers, body, persona, base)

    def answer(
        self,
        method: str,
        path: str,
        query: Any,
        headers: Mapping[str, str],
        body: bytes,
        persona: Persona,
        base: str,
    ) -> web.Response:
        """Answer a request that is wholly there; raises ``GoogleError``.

        ``path`` is still encoded, ``query`` a multidict, and ``headers`` do not mind upper and lower case.
        """
        if path.startswith(_API):
            return self._answer_method(method, path[len(_API) :], query, headers, body, persona, base)
        for prefix in _UPLOADS:
            if path.startswith(prefix):
                found = find("POST", path[len(prefix) :].split("/"))
                if method in {"POST", "PUT", "DELETE"} and found and found[0].id == "storage.objects.insert":
                    refuse_unanswered(found[0], query, headers)
                    return uploads.upload(
                        self._storage, Call(method, (decoded(found[1][0]),), query, headers, body, persona, base)
                    )
        if path.startswith(_DOWNLOADS) and method in {"GET", "HEAD"}:
            return self._answer_method(method, path[len(_DOWNLOADS) :], query, headers, body, persona, base)
        raise GoogleError(404, "notFound", "Not Found")

    def _answer_method(
        self, verb: str, path: str, query: Any, headers: Mapping[str, str], body: bytes, persona: Persona, base: str
    ) -> web.Response:
        found = find("GET" if verb == "HEAD" else verb, path.split("/"))
        if found is None:
            raise GoogleError(404, "notFound", "Not Found")
        method, names = found
        refuse_unanswered(method, query, headers)
        call = Call(verb, tuple([decoded(name) for name in names]), query, headers, body, persona, base)
        answer = ANSWERS.get(method.id)
        if answer is None:
            if "AccessControls" in method.id and self._storage.bucket(call.parts[0]).uniform_access:
                raise bad_request(UNIFORM_WRITE)
            raise not_answered(method.id)
        return answer(self._storage, call)
