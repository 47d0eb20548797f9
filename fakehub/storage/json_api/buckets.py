"""Buckets: what they are, who may use them, and what the project has of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from fakehub.errors import GoogleError, bad_request
from fakehub.storage import conditions
from fakehub.storage.conditions import number
from fakehub.storage.json_api.answers import permissions_resource
from fakehub.storage.json_api.call import Call, json_response
from fakehub.storage.resources import THE_BUCKET, bucket_resource, full_bucket_resource

if TYPE_CHECKING:
    from fakehub.storage.service import Storage

_ROLES = {"write": "roles/storage.objectAdmin", "read": "roles/storage.objectViewer"}


def _list(storage: Storage, call: Call) -> web.Response:
    if not call.query.get("project"):
        raise GoogleError(400, "required", "Required parameter: project", "project")
    call.persona.check("", "storage.buckets.list")
    most = number("maxResults", call.query.get("maxResults") or "1000")
    if most < 1:
        raise bad_request("Invalid value for maxResults: it is at least 1.")
    prefix, after = call.query.get("prefix", ""), call.query.get("pageToken", "")
    names = sorted(name for name in storage.store.buckets if name.startswith(prefix) and name > after)
    resource = {"kind": "storage#buckets"}
    if names[most:]:
        resource["nextPageToken"] = names[most - 1]
    if names:
        full = call.query.get("projection") == "full"
        resource["items"] = [_resource(storage, name, full) for name in names[:most]]
    return json_response(resource, call.query)


def _resource(storage: Storage, name: str, full: bool) -> dict:
    shape = full_bucket_resource if full else bucket_resource
    return shape(name, storage.bucket(name), storage.created, storage.location)


def _get(storage: Storage, call: Call) -> web.Response:
    name = call.parts[0]
    storage.bucket(name)
    call.persona.check(name, "storage.buckets.get")
    conditions.check(call.query, THE_BUCKET, reading=True)
    full = call.query.get("projection") == "full"
    if full:
        full = "storage.buckets.getIamPolicy" in call.persona.rights.get(name, ())
    return json_response(_resource(storage, name, full), call.query)


def _get_iam_policy(storage: Storage, call: Call) -> web.Response:
    name = call.parts[0]
    facts = storage.bucket(name)
    call.persona.check(name, "storage.buckets.getIamPolicy")
    holders = {_ROLES[facts.hub]: [f"serviceAccount:{storage.hub_email}"]}
    if facts.writers_group:
        holders.setdefault(_ROLES["write"], []).append(f"group:{storage.writers_group}")
    bindings = [{"role": role, "members": members} for role, members in holders.items()]
    policy = {"kind": "storage#policy", "resourceId": f"projects/_/buckets/{name}", "version": 1, "etag": "CAE="}
    return json_response(policy | {"bindings": bindings}, call.query)


def _test_permissions(storage: Storage, call: Call) -> web.Response:
    name = call.parts[0]
    storage.bucket(name)
    return json_response(permissions_resource(call, name), call.query)


def _get_layout(storage: Storage, call: Call) -> web.Response:
    name = call.parts[0]
    storage.bucket(name)
    call.persona.check(name, "storage.objects.list")
    layout = {"kind": "storage#storageLayout", "bucket": name, "location": storage.location, "locationType": "region"}
    return json_response(layout | {"hierarchicalNamespace": {"enabled": False}}, call.query)


ANSWERS = {
    "storage.buckets.list": _list,
    "storage.buckets.get": _get,
    "storage.buckets.getIamPolicy": _get_iam_policy,
    "storage.buckets.getStorageLayout": _get_layout,
    "storage.buckets.testIamPermissions": _test_permissions,
}
