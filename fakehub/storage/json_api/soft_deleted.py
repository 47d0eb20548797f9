"""Soft-deleted objects: list, get and restore."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from fakehub.clock import rfc3339
from fakehub.errors import GoogleError, bad_request, no_object
from fakehub.storage import conditions
from fakehub.storage.bucket_access import BucketAccess
from fakehub.storage.conditions import boolean
from fakehub.storage.json_api.answers import object_response, resource_for
from fakehub.storage.json_api.call import Call, Handler, in_bucket, json_response
from fakehub.storage.resources import Links
from fakehub.storage.service import Storage
from fakehub.storage.soft_deleted import SoftDeleted
from fakehub.storage.spool import discarded
from fakehub.storage.stored import NewObject


def wants_soft_deleted(query: Mapping[str, str]) -> bool:
    """Return whether a request is about soft-deleted objects."""
    return boolean(query.get("softDeleted"))


def resource_of(
    links: Links, bucket: BucketAccess, query: Mapping[str, str], deleted: SoftDeleted
) -> dict[str, object]:
    """Return the resource of a soft-deleted object."""
    times = {"softDeleteTime": rfc3339(deleted.when), "hardDeleteTime": rfc3339(deleted.until)}
    return resource_for(links, bucket, query, deleted.stored) | times


def get(storage: Storage, call: Call, bucket: BucketAccess) -> web.Response:
    """Answer ``objects.get`` with ``softDeleted``: metadata only, because the content cannot be read."""
    deleted = _named(storage, call, bucket)
    conditions.check(call.query, deleted.stored, reading=True)
    if call.query.get("alt") == "media":
        raise bad_request("You cannot read the content of a soft-deleted object; restore it first.")
    return json_response(resource_of(storage.texts.links, bucket, call.query, deleted), call.query)


def _named(storage: Storage, call: Call, bucket: BucketAccess) -> SoftDeleted:
    """Return the object that a path and the parameter ``generation`` name, which a bucket has soft-deleted."""
    text, name = call.query.get("generation"), call.names[1]
    if not text:
        raise GoogleError(400, "required", "Required parameter: generation", "generation")
    generation = conditions.number("generation", text)
    deleted = storage.store.find_soft_deleted(bucket.name, name, generation)
    if deleted is None:
        raise no_object(bucket.name, name)
    return deleted


def _restore(storage: Storage, call: Call, bucket: BucketAccess) -> web.Response:
    """Make a copy of a soft-deleted object the live one; preconditions are about the present live one."""
    source = _named(storage, call, bucket).stored
    if boolean(call.query.get("copySourceAcl")):
        bucket.check("storage.objects.setIamPolicy")
    with discarded(storage.store.copied(source)) as content:
        # Its own class, and not that of the bucket, which may have changed.
        headers = {"storageClass": "STANDARD", **source.headers}
        new = NewObject(source.name, content, headers, source.metadata, source.components)
        query = {name: call.query[name] for name in call.query if name.startswith("if")}
        stored = bucket.put(new, query, source.acl if boolean(call.query.get("copySourceAcl")) else None)
    return object_response(storage.texts, bucket, call.query, stored)


ANSWERS: dict[str, Handler] = {"storage.objects.restore": in_bucket(_restore, "storage.objects.restore")}
