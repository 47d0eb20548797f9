"""Google's JSON API: which method a request calls, and the rules that every method keeps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web

from fakehub.clock import Clock
from fakehub.errors import GoogleError, bad_request, no_bucket, no_object, not_answered
from fakehub.facts import Bucket, Facts
from fakehub.identity import Identities, Persona, hub_email
from fakehub.storage import (
    acl_methods,
    bucket_methods,
    conditions,
    copy_methods,
    cors,
    object_methods,
    upload_methods,
)
from fakehub.storage.acl import NEW_OBJECT, UNIFORM_WRITE, predefined
from fakehub.storage.batch import answer_batch
from fakehub.storage.call import Call, decoded, decompressed, read_body
from fakehub.storage.methods import find
from fakehub.storage.objects import Object, Store
from fakehub.storage.parameters import refuse_unanswered
from fakehub.storage.resources import ResourceTexts
from fakehub.storage.uploads import Resumables

# The longest name of an object, in bytes of UTF-8.
LONGEST_NAME = 1024
_API, _DOWNLOADS, _BATCH = "/storage/v1/", "/download/storage/v1/", "/batch/storage/v1"
_UPLOADS = ("/upload/storage/v1/", "/resumable/upload/storage/v1/")

# What answers a method, by its id.
ANSWERS: dict[str, Callable[[Storage, Call], web.Response]] = {
    **object_methods.ANSWERS,
    **copy_methods.ANSWERS,
    **bucket_methods.ANSWERS,
    **acl_methods.ANSWERS,
    **upload_methods.ANSWERS,
}


class Storage:
    """Answers the JSON API's requests from a ``Store`` with the buckets of ``facts``.

    ``writers_group`` is the group that may write from outside, ``hub_email`` the account of the hub's servers.
    """

    def __init__(self, store: Store, clock: Clock, facts: Facts) -> None:
        self.store = store
        self.writers_group, self.hub_email = facts.buckets.writers_group, hub_email(facts)
        self.location = facts.hub.region.upper()
        self.created = clock.now()
        self.resumables = Resumables(clock)
        self.texts = ResourceTexts()

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
            return answer_batch(self, body, request.headers.get("Content-Type", ""), persona, base)
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
                    return upload_methods.upload(
                        self, Call(method, (decoded(found[1][0]),), query, headers, body, persona, base)
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
            if "AccessControls" in method.id and self.bucket(call.parts[0]).uniform_access:
                raise bad_request(UNIFORM_WRITE)
            raise not_answered(method.id)
        return answer(self, call)

    # What other protocols share with this one.

    def bucket(self, name: str) -> Bucket:
        """The facts of a bucket; raises ``GoogleError`` (404) for an unknown one."""
        found = self.store.buckets.get(name)
        if found is None:
            raise no_bucket()
        return found

    def existing(self, persona: Persona, bucket: str, name: str, query: Mapping[str, str], permission: str) -> Object:
        """The object that is there, the generation that ``query`` asks for or the live one.

        Raises ``GoogleError``: 401 or 403 when ``persona`` lacks ``permission`` (``storage.objects.get`` or the
        like) in the bucket, 404 for no such bucket, object or generation. Preconditions are not looked at.
        """
        self.bucket(bucket)
        persona.check(bucket, permission, name)
        wanted = query.get("generation")
        found = self.store.get(bucket, name, conditions.number("generation", wanted) if wanted else None)
        if found is None:
            raise no_object(bucket, name)
        return found

    def put_object(
        self,
        persona: Persona,
        bucket: str,
        name: str,
        query: Mapping[str, str],
        data: bytes,
        headers: dict[str, str],
        metadata: dict[str, str] | None,
        components: int | None = None,
        hashes: Mapping[str, str] | None = None,
    ) -> Object:
        """Check everything about a new object, then store it as the live generation.

        ``query`` may hold preconditions (``ifGenerationMatch`` and the like) and ``predefinedAcl``; ``headers``
        are ``contentType`` and what else the API names (see ``uploads.headers_of``); ``components`` is the number
        of a composite's parts; ``hashes`` what the client says the data have, ``md5`` and ``crc32c`` in base64.
        Raises ``GoogleError``: 400 for a bad name or checksum, 401 or 403 without the right to create (and, where
        there is one already, to delete), 404 for no bucket, 412 for a precondition, 507 for a full disk. A refused
        object changes nothing.
        """
        acl = self.check_new(persona, bucket, name, query)
        return self.store.put(
            bucket, name, data, headers, metadata, components, hashes=hashes, owner=persona.email, acl=acl
        )

    def check_new(self, persona: Persona, bucket: str, name: str, query: Mapping[str, str]) -> str | None:
        """Raise ``GoogleError`` where ``put_object`` would, its data aside; the access control list asked for."""
        _check_name(name)
        facts = self.bucket(bucket)
        persona.check(bucket, "storage.objects.create", name)
        existing = self.store.get(bucket, name)
        if existing is not None:
            persona.check(bucket, "storage.objects.delete", name)
        conditions.check(query, existing)
        return predefined(facts, query.get("predefinedAcl"), NEW_OBJECT)


def _check_name(name: str) -> None:
    """Raise ``GoogleError`` (400) unless ``name`` can name an object."""
    if not name:
        raise GoogleError(400, "required", "Required parameter: name", "name")
    try:
        size = len(name.encode())
    except UnicodeEncodeError:
        raise bad_request("An object's name is UTF-8.") from None
    if size > LONGEST_NAME:
        raise bad_request(f"The maximum object length is {LONGEST_NAME} characters, but got a name with {size} bytes.")
    if "\r" in name or "\n" in name or name in {".", ".."} or name.startswith(".well-known/acme-challenge/"):
        raise bad_request(f"Disallowed unicode characters present in object name {name!r}")
