"""Objects: list, get, change and delete."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from aiohttp import web

from fakehub.storage import conditions, downloads
from fakehub.storage.acl import CHANGED_OBJECT, predefined
from fakehub.storage.json_api.answers import is_full, permissions_resource, resource_for, shown
from fakehub.storage.json_api.call import Call, json_response, json_text
from fakehub.storage.listing import list_objects
from fakehub.storage.resources import HEADERS, etag
from fakehub.storage.uploads import check_acl, headers_of, parse_resource, texts

if TYPE_CHECKING:
    from fakehub.storage.service import Storage


def _list(storage: Storage, call: Call) -> web.Response:
    bucket = call.parts[0]
    storage.bucket(bucket)
    call.persona.check(bucket, "storage.objects.list")
    items, prefixes, token = list_objects(storage.store, bucket, call.query)
    resource: dict[str, Any] = {"kind": "storage#objects"}
    if token:
        resource["nextPageToken"] = token
    if prefixes:
        resource["prefixes"] = prefixes
    if "fields" not in call.query and not is_full(storage, call, bucket):
        texts_of = storage.texts.of
        listed = f', "items": [{", ".join([texts_of(found) for found in items])}]' if items else ""
        return json_text(f"{json.dumps(resource)[:-1]}{listed}}}")
    if items:
        resource["items"] = [resource_for(storage, call, found) for found in items]
    return json_response(resource, call.query)


def _get(storage: Storage, call: Call) -> web.Response:
    bucket, name = call.parts
    found = storage.existing(call.persona, bucket, name, call.query, "storage.objects.get")
    conditions.check(call.query, found, reading=True)
    if call.query.get("alt") == "media":
        return downloads.media(found, call.headers, call.method == "HEAD")
    response = shown(storage, call, found)
    response.headers["ETag"] = etag(found)
    return response


def _change(storage: Storage, call: Call) -> web.Response:
    """``patch``, which keeps what the request does not name, and ``update``, which does not."""
    bucket, name = call.parts
    found = storage.existing(call.persona, bucket, name, call.query, "storage.objects.update")
    conditions.check(call.query, found)
    acl = predefined(storage.bucket(bucket), call.query.get("predefinedAcl"), CHANGED_OBJECT)
    resource = parse_resource(call.body)
    check_acl(storage.bucket(bucket), resource, call.persona)
    keep = call.method == "PATCH"
    headers = dict(found.headers) if keep else {}
    given = {key: resource[key] for key in HEADERS if key in resource}
    headers = headers_of({**headers, **given}, None)
    metadata = dict(found.metadata or {}) if keep else {}
    if "metadata" in resource:
        metadata = {**metadata, **resource["metadata"]} if resource["metadata"] is not None else {}
    return shown(storage, call, storage.store.update(found, headers, texts(metadata), acl))


def _delete(storage: Storage, call: Call) -> web.Response:
    bucket, name = call.parts
    storage.bucket(bucket)
    call.persona.check(bucket, "storage.objects.delete", name)
    if "generation" not in call.query:
        conditions.check(call.query, storage.store.get(bucket, name))
    found = storage.existing(call.persona, bucket, name, call.query, "storage.objects.delete")
    conditions.check(call.query, found)
    storage.store.delete(found, forever="generation" in call.query)
    return web.Response(status=204)


def _test_permissions(storage: Storage, call: Call) -> web.Response:
    bucket = call.parts[0]
    storage.bucket(bucket)
    return json_response(permissions_resource(call, bucket), call.query)


ANSWERS = {
    "storage.objects.get": _get,
    "storage.objects.list": _list,
    "storage.objects.patch": _change,
    "storage.objects.update": _change,
    "storage.objects.delete": _delete,
    "storage.objects.testIamPermissions": _test_permissions,
}
