"""Read the access control lists of buckets without uniform access."""

from __future__ import annotations

import functools
from collections.abc import Callable

from aiohttp import web

from fakehub.errors import GoogleError, bad_request
from fakehub.storage import conditions
from fakehub.storage.acl import UNIFORM_BUCKET_READ, UNIFORM_OBJECT_READ, AccessControl, entries
from fakehub.storage.bucket_access import BucketAccess
from fakehub.storage.json_api.call import Call, Handler, in_bucket, json_response
from fakehub.storage.resources import default_object_control
from fakehub.storage.service import Storage

_Controls = Callable[[Call, BucketAccess], list[AccessControl]]


def _of_bucket(_call: Call, bucket: BucketAccess) -> list[AccessControl]:
    if bucket.facts.uniform_access:
        raise bad_request(UNIFORM_BUCKET_READ)
    return entries(bucket.name, acl=bucket.version.acl)


def _of_new_objects(call: Call, bucket: BucketAccess) -> list[AccessControl]:
    if bucket.facts.uniform_access:
        raise bad_request(UNIFORM_BUCKET_READ)
    conditions.check(call.query, bucket.version, reading=True)
    return [default_object_control(entry) for entry in entries(bucket.name, acl=bucket.version.default_acl)]


def _of_object(call: Call, bucket: BucketAccess) -> list[AccessControl]:
    stored = bucket.existing(call.names[1], call.query.get("generation"))
    if bucket.facts.uniform_access:
        raise bad_request(UNIFORM_OBJECT_READ)
    return entries(bucket.name, stored.name, stored.generation, stored.owner, stored.acl)


def _list(kind: str, controls: _Controls, _storage: Storage, call: Call, bucket: BucketAccess) -> web.Response:
    return json_response({"kind": kind, "items": controls(call, bucket)}, call.query)


def _get(controls: _Controls, _storage: Storage, call: Call, bucket: BucketAccess) -> web.Response:
    entity = call.names[-1]
    for entry in controls(call, bucket):
        if entry["entity"] == entity:
            return json_response(entry, call.query)
    raise GoogleError(404, "notFound", f"No such access control: {entity}")


ANSWERS: dict[str, Handler] = {}
for _name, _kind, _controls, _permission in (
    ("bucketAccessControls", "storage#bucketAccessControls", _of_bucket, "storage.buckets.getIamPolicy"),
    ("defaultObjectAccessControls", "storage#objectAccessControls", _of_new_objects, "storage.buckets.getIamPolicy"),
    ("objectAccessControls", "storage#objectAccessControls", _of_object, "storage.objects.getIamPolicy"),
):
    ANSWERS[f"storage.{_name}.list"] = in_bucket(functools.partial(_list, _kind, _controls), _permission)
    ANSWERS[f"storage.{_name}.get"] = in_bucket(functools.partial(_get, _controls), _permission)
