"""Objects and buckets as the JSON API shows them."""

from __future__ import annotations

import base64
import json
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

from fakehub.clock import rfc3339
from fakehub.storage.acl import entries
from fakehub.storage.store import Object, checksums
from hubfacts.schema import Bucket

API = "https://www.googleapis.com/storage/v1"
MEDIA = "https://storage.googleapis.com/download/storage/v1"
# What a client may set on an object besides its custom metadata.
HEADERS = (
    "contentType",
    "contentEncoding",
    "contentDisposition",
    "contentLanguage",
    "cacheControl",
    "storageClass",
    "customTime",
)


STORAGE_CLASSES = ("STANDARD", "NEARLINE", "COLDLINE", "ARCHIVE", "MULTI_REGIONAL", "REGIONAL")
PROJECT_NUMBER = "1"
_MOST_KEPT = 10_000
# What conditions on a bucket are compared with: the facts are its first and only version.
THE_BUCKET = SimpleNamespace(generation=1, metageneration=1)


def object_resource(found: Object) -> dict[str, Any]:
    """The ``storage#object`` of one object."""
    bucket, generation = found.bucket, str(found.generation)
    path = quote(found.name, safe="")
    created = rfc3339(found.created)
    resource = {
        "kind": "storage#object",
        "id": f"{bucket}/{found.name}/{generation}",
        "selfLink": f"{API}/b/{bucket}/o/{path}",
        "mediaLink": f"{MEDIA}/b/{bucket}/o/{path}?generation={generation}&alt=media",
        "name": found.name,
        "bucket": bucket,
        "generation": generation,
        "metageneration": str(found.metageneration),
        "storageClass": "STANDARD",
        "size": str(found.size),
        "etag": etag(found),
        "timeCreated": created,
        "updated": created if found.updated == found.created else rfc3339(found.updated),
        "timeStorageClassUpdated": created,
        "timeFinalized": created,
        **checksums(found),
        **found.headers,
    }
    if found.metadata:
        resource["metadata"] = found.metadata
    if found.components:
        resource["componentCount"] = found.components
    if found.deleted is not None:
        resource["timeDeleted"] = rfc3339(found.deleted)
    return resource


class ResourceTexts:
    """Objects' resources as JSON text; those asked for again and again are kept."""

    def __init__(self) -> None:
        self._kept: dict[tuple[int, int, bool], str] = {}

    def of(self, found: Object) -> str:
        """The JSON text of the object's resource."""
        key = (found.generation, found.metageneration, found.deleted is None)
        text = self._kept.get(key)
        if text is None:
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            text = self._kept[key] = json.dumps(object_resource(found))
        return text


def etag(found: Object) -> str:
    """What changes with the content and with the metadata of an object."""
    return base64.b64encode(b"%d/%d" % (found.generation, found.metageneration)).decode()


def full_object_resource(found: Object) -> dict[str, Any]:
    """The resource with who owns the object and its access controls, as ``projection=full`` shows it."""
    owner = {"owner": {"entity": f"user-{found.owner}"}} if found.owner else {}
    controls = entries(found.bucket, found.name, found.generation, found.owner, found.acl)
    return object_resource(found) | owner | {"acl": controls}


def bucket_resource(name: str, bucket: Bucket, created: float, location: str) -> dict[str, Any]:
    """The ``storage#bucket`` of one bucket of the facts; ``created`` in seconds since the epoch."""
    resource: dict[str, Any] = {
        "kind": "storage#bucket",
        "id": name,
        "name": name,
        "selfLink": f"{API}/b/{name}",
        "projectNumber": PROJECT_NUMBER,
        "metageneration": "1",
        "location": location,
        "locationType": "region",
        "storageClass": "STANDARD",
        "etag": "CAE=",
        "timeCreated": rfc3339(created),
        "updated": rfc3339(created),
        "iamConfiguration": {
            "bucketPolicyOnly": {"enabled": bucket.uniform_access},
            "uniformBucketLevelAccess": {"enabled": bucket.uniform_access},
            "publicAccessPrevention": "inherited",
        },
        "softDeletePolicy": {"retentionDurationSeconds": "0"},
    }
    if bucket.versioning:
        resource["versioning"] = {"enabled": True}
    if bucket.delete_after_days:
        rule = {"action": {"type": "Delete"}, "condition": {"age": bucket.delete_after_days}}
        resource["lifecycle"] = {"rule": [rule]}
    return resource


def full_bucket_resource(name: str, bucket: Bucket, created: float, location: str) -> dict[str, Any]:
    """The resource with its owner and its access controls, as ``projection=full`` shows it."""
    resource = bucket_resource(name, bucket, created, location)
    if bucket.uniform_access:
        return resource
    defaults = [default_object_control(entry) for entry in entries(name)]
    owner = {"entity": f"project-owners-{PROJECT_NUMBER}"}
    return resource | {"owner": owner, "acl": entries(name), "defaultObjectAcl": defaults}


def default_object_control(entry: dict[str, Any]) -> dict[str, Any]:
    """A bucket's access control as the one that its new objects get."""
    kept = {key: entry[key] for key in ("entity", "role", "etag", "projectTeam")}
    return {"kind": "storage#objectAccessControl", **kept}
