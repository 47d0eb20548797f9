"""The hub's buckets: settings, permissions, and what a server may do in the reader's own prefix."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from hubcheck.common import API, UPLOADS, Answer, Hub, Observation, unseen

CONTENT = b"Is this guide right about your hub?"
# Permissions that nothing harmless exercises.
PERMISSIONS = ("storage.buckets.delete", "storage.buckets.update", "storage.objects.setIamPolicy")


def object_url(bucket: str, name: str, **query: str) -> str:
    """Return the address of an object in the JSON API."""
    return f"{API}/b/{bucket}/o/{quote(name, safe='')}" + (f"?{urlencode(query)}" if query else "")


def create(hub: Hub, bucket: str, name: str, data: bytes = CONTENT) -> Answer:
    """Write an object that does not exist yet."""
    query = urlencode({"uploadType": "media", "name": name, "ifGenerationMatch": "0"})
    return hub.call("POST", f"{UPLOADS}/b/{bucket}/o?{query}", data, Content_Type="text/plain")


def delete(hub: Hub, bucket: str, name: str, created: Answer) -> Answer:
    """Delete what ``create`` wrote, and nothing that was written since."""
    generation = str(created.json().get("generation", "0"))
    return hub.call("DELETE", object_url(bucket, name, ifGenerationMatch=generation))


def listed(hub: Hub, bucket: str, prefix: str) -> Answer:
    """List at most ten objects under a prefix."""
    return hub.call("GET", f"{API}/b/{bucket}/o?{urlencode({'prefix': prefix, 'maxResults': '10'})}")


def denied(permission: str, kind: str) -> str:
    """Return the refusal of a permission on a bucket or an object."""
    refused = f"Permission '{permission}' denied on resource (or it may not exist)."
    return f"403 ACCOUNT does not have {permission} access to the Google Cloud Storage {kind}. {refused}"


def buckets(hub: Hub) -> Iterator[Observation]:
    """Compare each bucket of the hub with the guide."""
    for bucket, says in hub.guide["buckets"].items():
        yield from _settings(hub, bucket, says)
        yield from _permissions(hub, bucket, says)
        yield from (_written(hub, bucket) if says["hub"] == "write" else _read_only(hub, bucket))


def _settings(hub: Hub, bucket: str, says: Mapping[str, Any]) -> Iterator[Observation]:
    answer, name = hub.call("GET", f"{API}/b/{bucket}"), f"bucket.{bucket}"
    may_look = says["hub"] == "write"
    yield hub.observed(
        f"{name}.settings", "200" if may_look else denied("storage.buckets.get", "bucket"), answer.summary
    )
    if not may_look:
        return
    found = _found_settings(answer.json())
    for setting, value in _said_settings(hub, says).items():
        if answer.status == 200:
            yield hub.observed(f"{name}.{setting}", value, found[setting])
        else:
            yield unseen(f"{name}.{setting}", value, "the settings cannot be read")


def _said_settings(hub: Hub, says: Mapping[str, Any]) -> dict[str, str]:
    days = says["delete_after_days"]
    return {
        "location": hub.guide["region"],
        "lifecycle": f"objects are deleted after {days} days" if days else "objects stay",
        "soft-delete": f"{says['soft_delete_days']} days",
        "access": "uniform" if says["uniform_access"] else "fine-grained",
        "versioning": "on" if says["versioning"] else "off",
        "requester-pays": "on" if says["requester_pays"] else "off",
    }


def _found_settings(resource: Mapping[str, Any]) -> dict[str, str]:
    rules = resource.get("lifecycle", {}).get("rule", [])
    by_age = [
        one for one in rules if one.get("action") == {"type": "Delete"} and list(one.get("condition", {})) == ["age"]
    ]
    kept = "objects stay" if not rules else "other rules: " + json.dumps(rules, sort_keys=True)
    seconds = int(resource.get("softDeletePolicy", {}).get("retentionDurationSeconds", 0))
    uniform = resource.get("iamConfiguration", {}).get("uniformBucketLevelAccess", {}).get("enabled")
    return {
        "location": str(resource.get("location", "")).lower(),
        "lifecycle": f"objects are deleted after {by_age[0]['condition']['age']} days" if by_age else kept,
        "soft-delete": f"{seconds / 86400:g} days",
        "access": "uniform" if uniform else "fine-grained",
        "versioning": "on" if resource.get("versioning", {}).get("enabled") else "off",
        "requester-pays": "on" if resource.get("billing", {}).get("requesterPays") else "off",
    }


def _permissions(hub: Hub, bucket: str, says: Mapping[str, Any]) -> Iterator[Observation]:
    """Ask which permissions the server has, which changes nothing."""
    query = urlencode([("permissions", permission) for permission in PERMISSIONS])
    answer = hub.call("GET", f"{API}/b/{bucket}/iam/testPermissions?{query}")
    held = answer.json().get("permissions", []) if answer.status == 200 else []
    for permission in PERMISSIONS:
        seen = ("allowed" if permission in held else "refused") if answer.status == 200 else answer.summary
        expected = "allowed" if says["hub"] == "write" else "refused"
        yield hub.observed(f"bucket.{bucket}.{permission}", expected, seen)


def _written(hub: Hub, bucket: str) -> Iterator[Observation]:
    """Write an object in the reader's own prefix, use it and delete it."""
    name, path = f"bucket.{bucket}", f"{hub.folder}written"
    created = create(hub, bucket, path)
    yield hub.observed(f"{name}.create", "200", created.summary)
    if created.status != 200:
        for what, says in (("read", "200"), ("list", "200"), ("delete", "204")):
            yield unseen(f"{name}.{what}", says, "nothing could be written")
        return
    try:
        read = hub.call("GET", object_url(bucket, path, alt="media"))
        same = read.status != 200 or read.body == CONTENT
        yield hub.observed(f"{name}.read", "200", read.summary if same else "200 with other content")
        found = listed(hub, bucket, path)
        missing = found.status == 200 and len(found.json().get("items", [])) != 1
        yield hub.observed(f"{name}.list", "200", "200 without the object" if missing else found.summary)
    finally:
        gone = delete(hub, bucket, path, created)
    yield hub.observed(f"{name}.delete", "204", gone.summary)


def _read_only(hub: Hub, bucket: str) -> Iterator[Observation]:
    """List a bucket, and try to write an object, which should be refused."""
    name, path = f"bucket.{bucket}", f"{hub.folder}refused"
    yield hub.observed(f"{name}.list", "200", listed(hub, bucket, path).summary)
    created = create(hub, bucket, path)
    if created.status == 200:
        delete(hub, bucket, path, created)
    yield hub.observed(f"{name}.create", denied("storage.objects.create", "object"), created.summary)
