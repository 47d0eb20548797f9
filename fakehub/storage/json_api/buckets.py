"""Buckets: their resources, permissions on them, and the list of a project's buckets."""

from __future__ import annotations

from aiohttp import web

from fakehub.errors import GoogleError
from fakehub.storage import conditions
from fakehub.storage.bucket_access import BucketAccess
from fakehub.storage.json_api.answers import permissions_response
from fakehub.storage.json_api.bucket_bodies import control_refusal, parse_change
from fakehub.storage.json_api.call import Call, Handler, in_bucket, json_response
from fakehub.storage.listing import MOST
from fakehub.storage.resources import bucket_resource, full_bucket_resource
from fakehub.storage.service import Storage

_ROLES = {"write": "roles/storage.admin", "read": "roles/storage.objectViewer"}


def _list(storage: Storage, call: Call) -> web.Response:
    if not call.query.get("project"):
        raise GoogleError(400, "required", "Required parameter: project", "project")
    call.persona.check("", "storage.buckets.list")
    most = int(call.query.get("maxResults") or MOST)
    prefix, after = call.query.get("prefix", ""), call.query.get("pageToken", "")
    existing = [name for name in storage.own if name in storage.store.buckets]
    names = sorted(name for name in existing if name.startswith(prefix) and name > after)
    resource: dict[str, object] = {"kind": "storage#buckets"}
    if names[most:]:
        resource["nextPageToken"] = names[most - 1]
    if names:
        full = call.query.get("projection") == "full"
        resource["items"] = [_resource(storage, name, full) for name in names[:most]]
    return json_response(resource, call.query)


def _resource(storage: Storage, name: str, full: bool) -> dict[str, object]:
    shape = full_bucket_resource if full else bucket_resource
    return shape(name, storage.store.buckets.version(name), storage.created, storage.location)


def _get(storage: Storage, call: Call, bucket: BucketAccess) -> web.Response:
    conditions.check(call.query, bucket.version, reading=True)
    conditions.check_tags(call.headers, bucket.version.tag, reading=True)
    return _answer(storage, call, bucket)


def _answer(storage: Storage, call: Call, bucket: BucketAccess) -> web.Response:
    full = call.query.get("projection") == "full" and bucket.holds("storage.buckets.getIamPolicy")
    response = json_response(_resource(storage, bucket.name, full), call.query)
    response.headers["ETag"] = bucket.version.tag
    return response


def _patch(storage: Storage, call: Call, bucket: BucketAccess) -> web.Response:
    return _change(storage, call, bucket, whole=False)


def _update(storage: Storage, call: Call, bucket: BucketAccess) -> web.Response:
    return _change(storage, call, bucket, whole=True)


def _change(storage: Storage, call: Call, bucket: BucketAccess, whole: bool) -> web.Response:
    conditions.check(call.query, bucket.version)
    for name in ("predefinedAcl", "predefinedDefaultObjectAcl"):
        if call.query.get(name):
            raise control_refusal(bucket.version, f"the parameter {name}")
    resource = _resource(storage, bucket.name, full=False)
    bucket.change(*parse_change(call.body, resource, bucket.version, whole))
    return _answer(storage, call, bucket)


def _delete(_storage: Storage, call: Call, bucket: BucketAccess) -> web.Response:
    conditions.check(call.query, bucket.version)
    bucket.delete()
    return web.Response(status=204)


def _get_iam_policy(storage: Storage, call: Call, bucket: BucketAccess) -> web.Response:
    holders = {_ROLES[bucket.facts.hub]: [f"serviceAccount:{storage.hub_email}"]}
    if bucket.facts.writers_group:
        holders.setdefault(_ROLES["write"], []).append(f"group:{storage.writers_group}")
    bindings = [{"role": role, "members": members} for role, members in holders.items()]
    resource_id = f"projects/_/buckets/{bucket.name}"
    policy = {"kind": "storage#policy", "resourceId": resource_id, "version": 1, "etag": "CAE="}
    return json_response(policy | {"bindings": bindings}, call.query)


def _test_permissions(_storage: Storage, call: Call, bucket: BucketAccess) -> web.Response:
    return permissions_response(call, bucket)


def _get_layout(storage: Storage, call: Call, bucket: BucketAccess) -> web.Response:
    layout = {
        "kind": "storage#storageLayout",
        "bucket": bucket.name,
        "location": storage.location,
        "locationType": "region",
        "hierarchicalNamespace": {"enabled": False},
    }
    return json_response(layout, call.query)


ANSWERS: dict[str, Handler] = {
    "storage.buckets.delete": in_bucket(_delete, "storage.buckets.delete"),
    "storage.buckets.list": _list,
    "storage.buckets.patch": in_bucket(_patch, "storage.buckets.update"),
    "storage.buckets.update": in_bucket(_update, "storage.buckets.update"),
    "storage.buckets.get": in_bucket(_get, "storage.buckets.get"),
    "storage.buckets.getIamPolicy": in_bucket(_get_iam_policy, "storage.buckets.getIamPolicy"),
    "storage.buckets.getStorageLayout": in_bucket(_get_layout, "storage.objects.list"),
    "storage.buckets.testIamPermissions": in_bucket(_test_permissions),
}
