"""Answers that several methods of the JSON API share."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from fakehub.storage.bucket_access import BucketAccess
from fakehub.storage.json_api.call import Call, json_response, json_text
from fakehub.storage.resources import Links, ResourceTexts, full_object_resource, object_resource
from fakehub.storage.stored import Object


def is_full(bucket: BucketAccess, query: Mapping[str, str]) -> bool:
    """Return whether the answer shows access controls: if the bucket has them and the persona may read them."""
    if query.get("projection") != "full" or bucket.facts.uniform_access:
        return False
    return bucket.holds("storage.objects.getIamPolicy")


def resource_for(links: Links, bucket: BucketAccess, query: Mapping[str, str], stored: Object) -> dict[str, object]:
    """Return the resource of ``stored`` in the projection that ``query`` asks for."""
    return full_object_resource(stored, links) if is_full(bucket, query) else object_resource(stored, links)


def object_response(
    texts: ResourceTexts, bucket: BucketAccess, query: Mapping[str, str], stored: Object
) -> web.Response:
    """Answer a method that returns one object."""
    if "projection" in query or "fields" in query:
        return json_response(resource_for(texts.links, bucket, query, stored), query)
    return json_text(texts.of(stored))


def permissions_response(call: Call, bucket: BucketAccess) -> web.Response:
    """Answer with those of the requested permissions that the persona has in ``bucket``."""
    held = [permission for permission in call.query.getall("permissions", ()) if bucket.holds(permission)]
    resource: dict[str, object] = {"kind": "storage#testIamPermissionsResponse"}
    return json_response(resource | ({"permissions": held} if held else {}), call.query)
