"""Answers that several methods of the JSON API share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from fakehub.storage.json_api.call import Call, json_response, json_text
from fakehub.storage.resources import full_object_resource, object_resource
from fakehub.storage.store import Object

if TYPE_CHECKING:
    from fakehub.storage.service import Storage


def is_full(storage: Storage, call: Call, bucket: str) -> bool:
    """Whether the answer shows access controls: where a bucket has them and the persona may read them."""
    if call.query.get("projection") != "full" or storage.bucket(bucket).uniform_access:
        return False
    return "storage.objects.getIamPolicy" in call.persona.rights.get(bucket, ())


def resource_for(storage: Storage, call: Call, found: Object) -> dict[str, Any]:
    """The resource of ``found`` as the request wants it."""
    return full_object_resource(found) if is_full(storage, call, found.bucket) else object_resource(found)


def shown(storage: Storage, call: Call, found: Object) -> web.Response:
    """The answer of a method that gives one object."""
    if "projection" in call.query or "fields" in call.query:
        return json_response(resource_for(storage, call, found), call.query)
    return json_text(storage.texts.of(found))


def permissions_resource(call: Call, bucket: str) -> dict[str, Any]:
    """Which of the permissions asked for the persona holds in ``bucket``."""
    have = call.persona.rights.get(bucket, ())
    held = [permission for permission in call.query.getall("permissions", ()) if permission in have]
    resource: dict[str, Any] = {"kind": "storage#testIamPermissionsResponse"}
    return resource | ({"permissions": held} if held else {})
