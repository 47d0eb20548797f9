"""Objects made from objects: compose, copy, rewrite and move."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from fakehub.errors import bad_request
from fakehub.storage import conditions
from fakehub.storage.json_api.answers import resource_for, shown
from fakehub.storage.json_api.call import Call, json_response
from fakehub.storage.store import Object
from fakehub.storage.uploads import check_acl, check_resource, headers_of, parse_resource, texts

if TYPE_CHECKING:
    from fakehub.storage.service import Storage

# The most objects that are put together at once.
_MOST_SOURCES = 32


def _destination_query(call: Call) -> dict[str, str]:
    """The conditions on the new object, and its access controls under the name they have elsewhere."""
    query = {name: call.query[name] for name in call.query if name.startswith("if")}
    if "destinationPredefinedAcl" in call.query:
        query["predefinedAcl"] = call.query["destinationPredefinedAcl"]
    return query


def _compose(storage: Storage, call: Call) -> web.Response:
    bucket, name = call.parts
    body = parse_resource(call.body)
    destination = body.get("destination") or {}
    if not isinstance(destination, dict):
        raise bad_request("Invalid value for destination: it is an object's resource.")
    parts = [_component(storage, call, bucket, source) for source in _sources(body)]
    check_resource(destination)
    headers, metadata = headers_of(destination, None), texts(destination.get("metadata"))
    check_acl(storage.bucket(bucket), destination, call.persona)
    data = b"".join([part.read() for part in parts])
    count = sum(part.components or 1 for part in parts)
    if "contentType" not in destination:
        headers["contentType"] = parts[0].headers["contentType"]
    stored = storage.put_object(call.persona, bucket, name, _destination_query(call), data, headers, metadata, count)
    return shown(storage, call, stored)


def _sources(body: dict[str, Any]) -> list[dict[str, Any]]:
    sources = body.get("sourceObjects")
    if not isinstance(sources, list) or not 1 <= len(sources) <= _MOST_SOURCES:
        raise bad_request(f"The number of source components provided is not between 1 and {_MOST_SOURCES}.")
    for source in sources:
        wanted = source.get("objectPreconditions", {}) if isinstance(source, dict) else None
        if not isinstance(wanted, dict | None) or not isinstance(source.get("name"), str):
            raise bad_request("Invalid value for sourceObjects: each has the name of an object.")
    return sources


def _component(storage: Storage, call: Call, bucket: str, source: dict[str, Any]) -> Object:
    query = {"generation": str(source["generation"])} if source.get("generation") else {}
    found = storage.existing(call.persona, bucket, source["name"], query, "storage.objects.get")
    wanted = (source.get("objectPreconditions") or {}).get("ifGenerationMatch")
    if wanted is not None:
        conditions.check({"ifGenerationMatch": str(wanted)}, found)
    return found


def _copied(storage: Storage, call: Call, bucket: str, name: str) -> tuple[Object, Object]:
    """Copy an object; the source and what was stored."""
    source_bucket, source_name = call.parts[:2]
    query = {"generation": call.query["sourceGeneration"]} if call.query.get("sourceGeneration") else {}
    source = storage.existing(call.persona, source_bucket, source_name, query, "storage.objects.get")
    conditions.check(call.query, source, "ifSource")
    resource = parse_resource(call.body)
    check_acl(storage.bucket(bucket), resource, call.persona)
    headers, metadata = dict(source.headers), source.metadata
    if resource:
        headers |= headers_of(resource, headers["contentType"])
        metadata = texts(resource["metadata"]) if "metadata" in resource else metadata
    data, count = source.read(), source.components
    stored = storage.put_object(call.persona, bucket, name, _destination_query(call), data, headers, metadata, count)
    return source, stored


def _copy(storage: Storage, call: Call) -> web.Response:
    _, stored = _copied(storage, call, call.parts[2], call.parts[3])
    return shown(storage, call, stored)


def _rewrite(storage: Storage, call: Call) -> web.Response:
    _, stored = _copied(storage, call, call.parts[2], call.parts[3])
    sizes = {"totalBytesRewritten": str(stored.size), "objectSize": str(stored.size)}
    done = {"kind": "storage#rewriteResponse", "done": True, **sizes, "resource": resource_for(storage, call, stored)}
    return json_response(done, call.query)


def _move(storage: Storage, call: Call) -> web.Response:
    bucket, name, new_name = call.parts
    storage.bucket(bucket)
    call.persona.check(bucket, "storage.objects.delete", name)
    if name == new_name:
        raise bad_request("The source and the destination of a move are the same object.")
    source, stored = _copied(storage, call, bucket, new_name)
    storage.store.delete(source)
    return shown(storage, call, stored)


ANSWERS = {
    "storage.objects.compose": _compose,
    "storage.objects.copy": _copy,
    "storage.objects.rewrite": _rewrite,
    "storage.objects.move": _move,
}
