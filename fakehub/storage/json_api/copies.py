"""Create objects from existing ones: compose, copy, rewrite and move."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aiohttp import web

from fakehub.errors import bad_request
from fakehub.storage import conditions
from fakehub.storage.bucket_access import BucketAccess
from fakehub.storage.json_api.answers import object_response, resource_for
from fakehub.storage.json_api.call import Answer, Call, Handler, in_bucket, json_response
from fakehub.storage.json_api.object_bodies import check_acl, check_resource, parse_resource, texts
from fakehub.storage.off_loop import in_thread
from fakehub.storage.service import Storage
from fakehub.storage.spool import IN_MEMORY, Content, discarded, joined
from fakehub.storage.stored import NewObject, Object
from fakehub.storage.uploads import headers_of

# The most objects that one compose joins.
_MOST_SOURCES = 32


def _destination_query(call: Call) -> dict[str, str]:
    """Return the preconditions on the new object and its predefined ACL, under the name that other methods use."""
    query = {name: call.query[name] for name in call.query if name.startswith("if")}
    if "destinationPredefinedAcl" in call.query:
        query["predefinedAcl"] = call.query["destinationPredefinedAcl"]
    return query


def _compose(storage: Storage, call: Call) -> Answer:
    body = parse_resource(call.body)
    destination = body.get("destination") or {}
    if not isinstance(destination, dict):
        raise bad_request("Invalid value for destination: it is an object's resource.")
    sources = _sources(body)
    bucket = storage.bucket(call.persona, call.names[0], "storage.objects.get", call.project)
    parts = [_checked_component(bucket, source) for source in sources]
    check_resource(destination)
    headers, metadata = headers_of(destination), texts(destination.get("metadata"))
    check_acl(bucket.facts, destination, call.persona)
    count = sum(part.components or 1 for part in parts)
    if "contentType" not in destination:
        del headers["contentType"]  # a new composite has none, whatever its parts have

    def store(data: Content) -> web.Response:
        # Checksums in the destination are ignored: Google's clients send those of the object that is replaced.
        new = NewObject(call.names[1], data, headers, metadata, count)
        stored = bucket.put(new, _destination_query(call))
        return object_response(storage.texts, bucket, call.query, stored)

    if sum(part.size for part in parts) > IN_MEMORY:
        return _join(storage, parts, lambda: [_checked_component(bucket, source) for source in sources], store)
    return store(b"".join([part.read() for part in parts]))


async def _join(
    storage: Storage, parts: list[Object], find: Callable[[], list[Object]], store: Callable[[Content], web.Response]
) -> web.Response:
    """Join large ``parts`` in a thread, again if ``find`` returns others when it is done, and ``store`` the result."""
    while True:
        joining = in_thread(joined, [part.open() for part in parts], storage.store.spool(md5=False))
        with discarded(await joining) as content:
            before, parts = parts, find()
            if [part.generation for part in before] == [part.generation for part in parts]:
                return store(content)


def _sources(body: dict[str, Any]) -> list[dict[str, Any]]:
    sources = body.get("sourceObjects")
    if not isinstance(sources, list) or not 1 <= len(sources) <= _MOST_SOURCES:
        raise bad_request(f"The number of source components provided is not between 1 and {_MOST_SOURCES}.")
    for source in sources:
        wanted = source.get("objectPreconditions", {}) if isinstance(source, dict) else None
        if not isinstance(wanted, dict | None) or not isinstance(source.get("name"), str):
            raise bad_request("Invalid value for sourceObjects: each has the name of an object.")
    return sources


def _checked_component(bucket: BucketAccess, source: dict[str, Any]) -> Object:
    stored = bucket.existing(source["name"], str(source["generation"]) if source.get("generation") else None)
    wanted = (source.get("objectPreconditions") or {}).get("ifGenerationMatch")
    if wanted is not None:
        conditions.check({"ifGenerationMatch": str(wanted)}, stored)
    return stored


def _source(call: Call, bucket: BucketAccess) -> Object:
    """Return the object that the path of a copy names in ``bucket``, after its preconditions were checked."""
    source = bucket.existing(call.names[1], call.query.get("sourceGeneration"))
    conditions.check(call.query, source, "ifSource")
    return source


def _store_copy(
    storage: Storage, call: Call, source: Object, resource: dict[str, Any], bucket: BucketAccess, name: str
) -> Object:
    """Store ``source`` as ``name`` in ``bucket``, with the changes in the request's ``resource``."""
    check_acl(bucket.facts, resource, call.persona)
    headers, metadata = dict(source.headers), source.metadata
    if resource:
        headers |= headers_of(resource, headers.get("contentType"))
        metadata = texts(resource["metadata"]) if "metadata" in resource else metadata
    with discarded(storage.store.copied(source)) as content:
        new = NewObject(name, content, headers, metadata, source.components)
        return bucket.put(new, _destination_query(call))


def _copy_source(storage: Storage, call: Call, source_bucket: BucketAccess) -> tuple[BucketAccess, Object]:
    """Make the copy that the path describes; return its bucket and the copy."""
    source = _source(call, source_bucket)
    resource = parse_resource(call.body)
    bucket = storage.bucket(call.persona, call.names[2], project=call.project)
    return bucket, _store_copy(storage, call, source, resource, bucket, call.names[3])


def _copy(storage: Storage, call: Call, source_bucket: BucketAccess) -> web.Response:
    bucket, stored = _copy_source(storage, call, source_bucket)
    return object_response(storage.texts, bucket, call.query, stored)


def _rewrite(storage: Storage, call: Call, source_bucket: BucketAccess) -> web.Response:
    bucket, stored = _copy_source(storage, call, source_bucket)
    sizes = {"totalBytesRewritten": str(stored.size), "objectSize": str(stored.size)}
    resource = resource_for(storage.texts.links, bucket, call.query, stored)
    return json_response({"kind": "storage#rewriteResponse", "done": True, **sizes, "resource": resource}, call.query)


def _move(storage: Storage, call: Call, bucket: BucketAccess) -> web.Response:
    _, name, new_name = call.names
    if name == new_name:
        raise bad_request("The source and the destination of a move are the same object.")
    bucket.check("storage.objects.get")
    source = _source(call, bucket)
    stored = _store_copy(storage, call, source, parse_resource(call.body), bucket, new_name)
    storage.store.delete(source, soft=False)  # its data are not lost, so Google does not keep them twice
    return object_response(storage.texts, bucket, call.query, stored)


ANSWERS: dict[str, Handler] = {
    "storage.objects.compose": _compose,  # checks its body before its bucket
    "storage.objects.copy": in_bucket(_copy, "storage.objects.get"),
    "storage.objects.rewrite": in_bucket(_rewrite, "storage.objects.get"),
    "storage.objects.move": in_bucket(_move, "storage.objects.delete"),
}
