"""Buckets: their resources, permissions on them, and the list of a project's buckets."""

from __future__ import annotations

from aiohttp import web

from fakehub.errors import GoogleError
from fakehub.storage import conditions
from fakehub.storage.acl import UNIFORM_WRITE, predefined
from fakehub.storage.bucket_access import BucketAccess
from fakehub.storage.bucket_table import OWNED
from fakehub.storage.json_api.answers import permissions_response
from fakehub.storage.json_api.bucket_bodies import control_refusal, parse_change, parse_new
from fakehub.storage.json_api.call import Call, Handler, in_bucket, json_response
from fakehub.storage.listing import MOST
from fakehub.storage.resources import PROJECT_NUMBER, bucket_resource, full_bucket_resource, location_type
from fakehub.storage.service import Storage

_ROLES = {"write": "roles/storage.admin", "read": "roles/storage.objectViewer"}


def _list(storage: Storage, call: Call) -> web.Response:
    storage.check_project(call.persona, _project(storage, call), "storage.buckets.list")
    most = int(call.query.get("maxResults") or MOST)
    prefix, after = call.query.get("prefix", ""), call.query.get("pageToken", "")
    existing = (name for name in storage.store.buckets if storage.is_own(name))
    names = sorted(name for name in existing if name.startswith(prefix) and name > after)
    resource: dict[str, object] = {"kind": "storage#buckets"}
    if names[most:]:
        resource["nextPageToken"] = names[most - 1]
    if names:
        full = call.query.get("projection") == "full"
        resource["items"] = [_resource(storage, name, full) for name in names[:most]]
    return json_response(resource, call.query)


def _project(storage: Storage, call: Call) -> str:
    project = call.query.get("project", "")
    if not project and not storage.any_project:
        raise GoogleError(400, "required", "Required parameter: project", "project")
    return project


def _insert(storage: Storage, call: Call) -> web.Response:
    storage.check_project(call.persona, _project(storage, call), "storage.buckets.create")
    name, (settings, labels) = parse_new(call.body)
    lists = {"acl": "predefinedAcl", "default_acl": "predefinedDefaultObjectAcl"}
    uniform = OWNED.model_copy(update={"uniform_access": settings.get("uniform_access", False)})
    settings |= {key: predefined(uniform, call.query.get(name) or None, UNIFORM_WRITE) for key, name in lists.items()}
    storage.add_bucket(name, settings, labels)
    return _answer(storage, call, storage.bucket(call.persona, name, project=storage.project))


def _resource(storage: Storage, name: str, full: bool) -> dict[str, object]:
    shape = full_bucket_resource if full else bucket_resource
    version = storage.store.buckets.version(name)
    created = storage.created if version.made is None else version.made
    return shape(name, version, created, version.location or storage.location, storage.texts.links)


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
    conditions.check_tags(call.headers, bucket.version.tag, reading=False)
    for name in ("predefinedAcl", "predefinedDefaultObjectAcl"):
        if call.query.get(name):
            raise control_refusal(bucket.version, f"the parameter {name}")
    resource = _resource(storage, bucket.name, full=True)
    bucket.change(*parse_change(call.body, resource, bucket.version, whole))
    return _answer(storage, call, bucket)


def _delete(_storage: Storage, call: Call, bucket: BucketAccess) -> web.Response:
    conditions.check(call.query, bucket.version)
    conditions.check_tags(call.headers, bucket.version.tag, reading=False)
    bucket.delete()
    return web.Response(status=204)


def _get_iam_policy(storage: Storage, call: Call, bucket: BucketAccess) -> web.Response:
    if bucket.version.made is not None:
        return json_response(_new_policy(storage, bucket), call.query)
    holders = {_ROLES[bucket.facts.hub]: [f"serviceAccount:{storage.hub_email}"]}
    if bucket.facts.writers_group:
        holders.setdefault(_ROLES["write"], []).append(f"group:{storage.writers_group}")
    bindings = [{"role": role, "members": members} for role, members in holders.items()]
    return json_response(_policy(bucket, bindings), call.query)


def _new_policy(storage: Storage, bucket: BucketAccess) -> dict[str, object]:
    """Return the permissions that Google gives the teams of a project in each new bucket."""
    teams = {
        "roles/storage.legacyBucketOwner": ("projectEditor", "projectOwner"),
        "roles/storage.legacyBucketReader": ("projectViewer",),
    }
    bindings = [
        {"role": role, "members": [f"{team}:{storage.project}" for team in members]} for role, members in teams.items()
    ]
    return _policy(bucket, bindings)


def _policy(bucket: BucketAccess, bindings: object) -> dict[str, object]:
    resource_id = f"projects/_/buckets/{bucket.name}"
    policy = {"kind": "storage#policy", "resourceId": resource_id, "version": 1, "etag": "CAE="}
    return policy | {"bindings": bindings}


def _test_permissions(_storage: Storage, call: Call, bucket: BucketAccess) -> web.Response:
    return permissions_response(call, bucket)


def _get_layout(storage: Storage, call: Call, bucket: BucketAccess) -> web.Response:
    location = bucket.version.location or storage.location
    layout = {
        "kind": "storage#storageLayout",
        "bucket": bucket.name,
        "location": location,
        "locationType": location_type(location),
        "hierarchicalNamespace": {"enabled": False},
    }
    return json_response(layout, call.query)


def _list_notifications(_storage: Storage, call: Call, _bucket: BucketAccess) -> web.Response:
    """Answer that there is none, as ``notifications.insert`` is not implemented."""
    return json_response({"kind": "storage#notifications"}, call.query)


def _get_service_account(storage: Storage, call: Call) -> web.Response:
    """Answer with the account by which Google's storage itself acts in the project."""
    storage.check_project(call.persona, call.names[0], "resourcemanager.projects.get")
    email = f"service-{PROJECT_NUMBER}@gs-project-accounts.iam.gserviceaccount.com"
    return json_response({"kind": "storage#serviceAccount", "email_address": email}, call.query)


ANSWERS: dict[str, Handler] = {
    "storage.projects.serviceAccount.get": _get_service_account,
    "storage.buckets.insert": _insert,
    "storage.notifications.list": in_bucket(_list_notifications, "storage.buckets.get"),
    "storage.buckets.delete": in_bucket(_delete, "storage.buckets.delete"),
    "storage.buckets.list": _list,
    "storage.buckets.patch": in_bucket(_patch, "storage.buckets.update"),
    "storage.buckets.update": in_bucket(_update, "storage.buckets.update"),
    "storage.buckets.get": in_bucket(_get, "storage.buckets.get"),
    "storage.buckets.getIamPolicy": in_bucket(_get_iam_policy, "storage.buckets.getIamPolicy"),
    "storage.buckets.getStorageLayout": in_bucket(_get_layout, "storage.objects.list"),
    "storage.buckets.testIamPermissions": in_bucket(_test_permissions),
}
