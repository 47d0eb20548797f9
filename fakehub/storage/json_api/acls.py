"""Access control lists of buckets without uniform access: reading them."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from aiohttp import web

from fakehub.errors import GoogleError, bad_request
from fakehub.storage import conditions
from fakehub.storage.acl import UNIFORM_BUCKET_READ, UNIFORM_OBJECT_READ, entries
from fakehub.storage.json_api.call import Call, json_response
from fakehub.storage.resources import THE_BUCKET, default_object_control

if TYPE_CHECKING:
    from fakehub.storage.service import Storage


def _of_bucket(storage: Storage, call: Call) -> list[dict[str, Any]]:
    bucket = call.parts[0]
    facts = storage.bucket(bucket)
    call.persona.check(bucket, "storage.buckets.getIamPolicy")
    if facts.uniform_access:
        raise bad_request(UNIFORM_BUCKET_READ)
    return entries(bucket)


def _of_new_objects(storage: Storage, call: Call) -> list[dict[str, Any]]:
    entries_of_bucket = _of_bucket(storage, call)
    conditions.check(call.query, THE_BUCKET, reading=True)
    return [default_object_control(entry) for entry in entries_of_bucket]


def _of_object(storage: Storage, call: Call) -> list[dict[str, Any]]:
    bucket, name = call.parts[:2]
    found = storage.existing(call.persona, bucket, name, call.query, "storage.objects.getIamPolicy")
    if storage.bucket(bucket).uniform_access:
        raise bad_request(UNIFORM_OBJECT_READ)
    return entries(bucket, name, found.generation, found.owner, found.acl)


def _listed(kind: str, controls, storage: Storage, call: Call) -> web.Response:
    return json_response({"kind": kind, "items": controls(storage, call)}, call.query)


def _one(controls, storage: Storage, call: Call) -> web.Response:
    entity = call.parts[-1]
    for entry in controls(storage, call):
        if entry["entity"] == entity:
            return json_response(entry, call.query)
    raise GoogleError(404, "notFound", f"No such access control: {entity}")


ANSWERS = {}
for _name, _kind, _controls in (
    ("bucketAccessControls", "storage#bucketAccessControls", _of_bucket),
    ("defaultObjectAccessControls", "storage#objectAccessControls", _of_new_objects),
    ("objectAccessControls", "storage#objectAccessControls", _of_object),
):
    ANSWERS[f"storage.{_name}.list"] = functools.partial(_listed, _kind, _controls)
    ANSWERS[f"storage.{_name}.get"] = functools.partial(_one, _controls)
