"""Objects: list, get, change and delete."""

from __future__ import annotations

import json

from aiohttp import web

from fakehub.errors import bad_request, no_object
from fakehub.storage import conditions, downloads
from fakehub.storage.acl import CHANGED_OBJECT, predefined
from fakehub.storage.bucket_access import BucketAccess
from fakehub.storage.conditions import boolean
from fakehub.storage.json_api import soft_deleted
from fakehub.storage.json_api.answers import is_full, object_response, permissions_response, resource_for
from fakehub.storage.json_api.call import Call, Handler, in_bucket, json_response, json_text
from fakehub.storage.json_api.object_bodies import check_acl, parse_resource, texts
from fakehub.storage.json_api.soft_deleted import wants_soft_deleted
from fakehub.storage.listing import list_objects, list_soft_deleted
from fakehub.storage.resources import HEADERS, etag
from fakehub.storage.service import Storage
from fakehub.storage.uploads import check_custom_time, headers_of


def _list(storage: Storage, call: Call, bucket: BucketAccess) -> web.Response:
    if wants_soft_deleted(call.query):
        return _list_soft_deleted(storage, call, bucket)
    items, prefixes, token = list_objects(storage.store, bucket.name, call.query)
    resource = _page(prefixes, token)
    if "fields" not in call.query and not is_full(bucket, call.query):
        text_of = storage.texts.of
        listed = f', "items": [{", ".join([text_of(stored) for stored in items])}]' if items else ""
        return json_text(f"{json.dumps(resource)[:-1]}{listed}}}")
    if items:
        resource["items"] = [resource_for(storage.texts.links, bucket, call.query, stored) for stored in items]
    return json_response(resource, call.query)


def _list_soft_deleted(storage: Storage, call: Call, bucket: BucketAccess) -> web.Response:
    if boolean(call.query.get("versions")):
        raise bad_request("You cannot list all versions of objects and soft-deleted objects at the same time.")
    found, prefixes, token = list_soft_deleted(storage.store, bucket.name, call.query)
    resource = _page(prefixes, token)
    if found:
        resource["items"] = [soft_deleted.resource_of(storage.texts.links, bucket, call.query, one) for one in found]
    return json_response(resource, call.query)


def _page(prefixes: list[str], token: str | None) -> dict[str, object]:
    """Return the resource of a page of a listing, without its objects."""
    resource: dict[str, object] = {"kind": "storage#objects"}
    if token:
        resource["nextPageToken"] = token
    if prefixes:
        resource["prefixes"] = prefixes
    return resource


def _get(storage: Storage, call: Call, bucket: BucketAccess) -> web.Response:
    query = call.query
    if wants_soft_deleted(query):
        return soft_deleted.get(storage, call, bucket)
    stored = bucket.existing(call.names[1], query.get("generation"))
    conditions.check(query, stored, reading=True)
    tag = etag(stored)
    conditions.check_tags(call.headers, tag, reading=True)
    if query.get("alt") == "media":
        response = downloads.media(stored, call.headers, call.method == "HEAD")
    else:
        response = object_response(storage.texts, bucket, query, stored)
    response.headers["ETag"] = tag
    return response


def _change(storage: Storage, call: Call, bucket: BucketAccess) -> web.Response:
    """Answer ``patch``, which keeps properties that the request does not name, and ``update``, which resets them."""
    stored = bucket.existing(call.names[1], call.query.get("generation"))
    conditions.check(call.query, stored)
    conditions.check_tags(call.headers, etag(stored), reading=False)
    acl = predefined(bucket.facts, call.query.get("predefinedAcl"), CHANGED_OBJECT)
    resource = parse_resource(call.body)
    check_acl(bucket.facts, resource, call.persona)
    keep = call.method == "PATCH"
    headers = dict(stored.headers) if keep else {}
    # Only a rewrite changes the storage class. Here it is ignored, like everything else that cannot change.
    given = {key: resource[key] for key in HEADERS if key in resource and key != "storageClass"}
    headers = headers_of({**headers, **given})
    if "storageClass" in stored.headers:
        headers["storageClass"] = stored.headers["storageClass"]
    check_custom_time(stored.headers.get("customTime"), headers.get("customTime"))
    metadata: dict[str, object] = dict(stored.metadata or {}) if keep else {}
    if "metadata" in resource:
        metadata = {**metadata, **resource["metadata"]} if resource["metadata"] is not None else {}
    changed = storage.store.update(stored, headers, texts(metadata), acl)
    return object_response(storage.texts, bucket, call.query, changed)


def _delete(storage: Storage, call: Call, bucket: BucketAccess) -> web.Response:
    name, query = call.names[1], call.query
    stored = bucket.find(name, query.get("generation"))
    # Without a generation, a precondition may be about an object that does not exist; it is checked before the 404.
    if stored is not None or "generation" not in query:
        conditions.check(query, stored)
    if stored is None:
        raise no_object(bucket.name, name)
    conditions.check_tags(call.headers, etag(stored), reading=False)
    storage.store.delete(stored, forever="generation" in query)
    return web.Response(status=204)


def _test_permissions(_storage: Storage, call: Call, bucket: BucketAccess) -> web.Response:
    return permissions_response(call, bucket)


ANSWERS: dict[str, Handler] = {
    "storage.objects.get": in_bucket(_get, "storage.objects.get"),
    "storage.objects.list": in_bucket(_list, "storage.objects.list"),
    "storage.objects.patch": in_bucket(_change, "storage.objects.update"),
    "storage.objects.update": in_bucket(_change, "storage.objects.update"),
    "storage.objects.delete": in_bucket(_delete, "storage.objects.delete"),
    "storage.objects.testIamPermissions": in_bucket(_test_permissions),
}
