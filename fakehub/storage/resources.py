"""Objects and buckets as the JSON API shows them."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from urllib.parse import quote

from fakehub.clock import rfc3339
from fakehub.storage.acl import AccessControl, entries
from fakehub.storage.bucket_table import DAY_S, BucketVersion
from fakehub.storage.stored import Object, checksums

# The headers that a client may set on an object besides its custom metadata.
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
# Locations that contain many regions.
_AREAS = frozenset({"ASIA", "EU", "US"})
_MOST_TEXTS = 10_000


@dataclass(frozen=True)
class Links:
    """The addresses in resources: ``api`` leads to a resource, ``media`` to the content of an object."""

    api: str
    media: str


GOOGLE = Links("https://www.googleapis.com/storage/v1", "https://storage.googleapis.com/download/storage/v1")


def links_at(base: str) -> Links:
    """Return the addresses for a client that uses the server at ``base``: Google's, unless it is another host."""
    if base.partition("://")[2].partition(":")[0].endswith(".googleapis.com"):
        return GOOGLE
    return Links(f"{base}/storage/v1", f"{base}/download/storage/v1")


def object_resource(stored: Object, links: Links) -> dict[str, object]:
    """Return the ``storage#object`` of an object."""
    bucket, generation = stored.bucket, str(stored.generation)
    path = quote(stored.name, safe="")
    created = rfc3339(stored.created)
    resource: dict[str, object] = {
        "kind": "storage#object",
        "id": f"{bucket}/{stored.name}/{generation}",
        "selfLink": f"{links.api}/b/{bucket}/o/{path}",
        "mediaLink": f"{links.media}/b/{bucket}/o/{path}?generation={generation}&alt=media",
        "name": stored.name,
        "bucket": bucket,
        "generation": generation,
        "metageneration": str(stored.metageneration),
        "storageClass": "STANDARD",
        "size": str(stored.size),
        "etag": etag(stored),
        "timeCreated": created,
        "updated": created if stored.updated == stored.created else rfc3339(stored.updated),
        "timeStorageClassUpdated": created,
        "timeFinalized": created,
        **checksums(stored),
        **stored.headers,
    }
    if stored.metadata:
        resource["metadata"] = stored.metadata
    if stored.components:
        resource["componentCount"] = stored.components
    if stored.deleted is not None:
        resource["timeDeleted"] = rfc3339(stored.deleted)
    return resource


class ResourceTexts:
    """A cache of objects' resources as JSON text, with these ``links``."""

    def __init__(self, links: Links) -> None:
        self.links = links
        self._texts: dict[tuple[int, int, bool], str] = {}

    def of(self, stored: Object) -> str:
        """Return the JSON text of the object's resource."""
        if stored.crc32c is None:  # a part of it is missing
            return json.dumps(object_resource(stored, self.links))
        key = (stored.generation, stored.metageneration, stored.deleted is None)
        text = self._texts.get(key)
        if text is None:
            if len(self._texts) >= _MOST_TEXTS:
                self._texts.clear()
            text = self._texts[key] = json.dumps(object_resource(stored, self.links))
        return text


def etag(stored: Object) -> str:
    """Return an entity tag that changes with an object's content and with its metadata."""
    return base64.b64encode(b"%d/%d" % (stored.generation, stored.metageneration)).decode()


def full_object_resource(stored: Object, links: Links) -> dict[str, object]:
    """Return the resource with the object's owner and access controls, as ``projection=full`` shows it."""
    owner = {"owner": {"entity": f"user-{stored.owner}"}} if stored.owner else {}
    controls = entries(stored.bucket, stored.name, stored.generation, stored.owner, stored.acl)
    return object_resource(stored, links) | owner | {"acl": controls}


def bucket_resource(
    name: str, version: BucketVersion, created: float, location: str, links: Links
) -> dict[str, object]:
    """Return the ``storage#bucket`` of a bucket; ``created`` is in seconds since the epoch."""
    bucket = version.facts
    resource: dict[str, object] = {
        "kind": "storage#bucket",
        "id": name,
        "name": name,
        "selfLink": f"{links.api}/b/{name}",
        "projectNumber": PROJECT_NUMBER,
        "metageneration": str(version.metageneration),
        "location": location,
        "locationType": location_type(location),
        "storageClass": version.storage_class,
        "etag": version.tag,
        "timeCreated": rfc3339(created),
        "updated": rfc3339(created if version.updated is None else version.updated),
        "iamConfiguration": {
            "bucketPolicyOnly": {"enabled": bucket.uniform_access},
            "uniformBucketLevelAccess": {"enabled": bucket.uniform_access},
            "publicAccessPrevention": "enforced" if version.prevents_public_access else "inherited",
        },
        "softDeletePolicy": _soft_delete_policy(version, created),
    }
    if resource["locationType"] != "region":
        resource["rpo"] = "DEFAULT"
    if version.names_flat:
        resource["hierarchicalNamespace"] = {"enabled": False}
    if bucket.versioning:
        resource["versioning"] = {"enabled": True}
    if bucket.requester_pays:
        resource["billing"] = {"requesterPays": True}
    if version.labels:
        resource["labels"] = dict(version.labels)
    if bucket.delete_after_days is not None:
        rule = {"action": {"type": "Delete"}, "condition": {"age": bucket.delete_after_days}}
        resource["lifecycle"] = {"rule": [rule]}
    return resource


def _soft_delete_policy(version: BucketVersion, created: float) -> dict[str, str]:
    """Return how long a bucket keeps deleted objects, and since when; a policy that is off has no such time."""
    policy = {"retentionDurationSeconds": str(round(version.facts.soft_delete_days * DAY_S))}
    since = created if version.soft_delete_since is None else version.soft_delete_since
    return policy | ({"effectiveTime": rfc3339(since)} if version.facts.soft_delete_days else {})


def location_type(location: str) -> str:
    """Return whether a location is a region, a pair of them or a large area."""
    if location in _AREAS:
        return "multi-region"
    return "region" if "-" in location else "dual-region"


def full_bucket_resource(
    name: str, version: BucketVersion, created: float, location: str, links: Links
) -> dict[str, object]:
    """Return the resource with the bucket's owner and access controls, as ``projection=full`` shows it."""
    resource = bucket_resource(name, version, created, location, links)
    if version.facts.uniform_access:
        return resource
    defaults = [default_object_control(entry) for entry in entries(name, acl=version.default_acl)]
    owner = {"entity": f"project-owners-{PROJECT_NUMBER}"}
    return resource | {"owner": owner, "acl": entries(name, acl=version.acl), "defaultObjectAcl": defaults}


def default_object_control(entry: AccessControl) -> AccessControl:
    """Turn a bucket's access control into the one that its new objects get."""
    return {
        "kind": "storage#objectAccessControl",
        "entity": entry["entity"],
        "role": entry["role"],
        "etag": entry["etag"],
        "projectTeam": entry["projectTeam"],
    }
