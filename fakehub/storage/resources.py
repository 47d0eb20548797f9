"""Objects and buckets as the JSON API shows them, whole or by the ``fields`` a client asks for."""

from __future__ import annotations

import base64
import fnmatch
from typing import Any
from urllib.parse import quote

from fakehub.clock import rfc3339
from fakehub.errors import bad_request
from fakehub.facts import Bucket
from fakehub.storage.objects import Object, checksums

API = "https://www.googleapis.com/storage/v1"
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


def object_resource(found: Object) -> dict[str, Any]:
    """The ``storage#object`` of one object."""
    path = quote(found.name, safe="")
    identity = f"{found.bucket}/{found.name}/{found.generation}"
    resource = {
        "kind": "storage#object",
        "id": identity,
        "selfLink": f"{API}/b/{found.bucket}/o/{path}",
        "mediaLink": f"https://storage.googleapis.com/download/storage/v1/b/{found.bucket}/o/{path}"
        f"?generation={found.generation}&alt=media",
        "name": found.name,
        "bucket": found.bucket,
        "generation": str(found.generation),
        "metageneration": str(found.metageneration),
        "storageClass": "STANDARD",
        "size": str(found.size),
        "etag": base64.b64encode(f"{found.generation}/{found.metageneration}".encode()).decode(),
        "timeCreated": rfc3339(found.created),
        "updated": rfc3339(found.updated),
        "timeStorageClassUpdated": rfc3339(found.created),
        "timeFinalized": rfc3339(found.created),
        **checksums(found),
        **found.headers,
    }
    if found.metadata:
        resource["metadata"] = found.metadata
    if found.components:
        resource["componentCount"] = found.components
    return resource


def bucket_resource(name: str, bucket: Bucket, created: float) -> dict[str, Any]:
    """The ``storage#bucket`` of one bucket of the facts; ``created`` in seconds since the epoch."""
    resource: dict[str, Any] = {
        "kind": "storage#bucket",
        "id": name,
        "name": name,
        "selfLink": f"{API}/b/{name}",
        "projectNumber": "1",
        "metageneration": "1",
        "location": "US-CENTRAL1",
        "locationType": "region",
        "storageClass": "STANDARD",
        "etag": "CAE=",
        "timeCreated": rfc3339(created),
        "updated": rfc3339(created),
        "iamConfiguration": {"uniformBucketLevelAccess": {"enabled": bucket.uniform_access}},
        "softDeletePolicy": {"retentionDurationSeconds": "0"},
    }
    if bucket.delete_after_days:
        rule = {"action": {"type": "Delete"}, "condition": {"age": bucket.delete_after_days}}
        resource["lifecycle"] = {"rule": [rule]}
    return resource


def only_fields(resource: Any, fields: str | None) -> Any:
    """The part of ``resource`` that ``fields`` names, such as ``items(name,size),nextPageToken``."""
    if not fields or fields == "*":
        return resource
    return _select(resource, _parse(fields))


def _parse(text: str) -> dict[str, Any]:
    """Field names with what is wanted of each: ``{"items": {"name": {}}}``; an empty dict is all of it."""
    root: dict[str, Any] = {}
    stack, start = [root], root
    word = ""
    for char in [*text, ","]:
        if char not in ",()":
            word += char
            continue
        if word.strip():
            start = stack[-1]
            for part in word.strip().split("/"):
                start = start.setdefault(part, {})
            word = ""
        if char == "(":
            stack.append(start)
        elif char == ")":
            if len(stack) == 1:
                raise bad_request(f"Invalid field selection {text}")
            start = stack.pop()
    if len(stack) != 1:
        raise bad_request(f"Invalid field selection {text}")
    return root


def _select(resource: Any, wanted: dict[str, Any]) -> Any:
    if not wanted or "*" in wanted:
        return resource
    if isinstance(resource, list):
        return [_select(item, wanted) for item in resource]
    if not isinstance(resource, dict):
        return resource
    return {key: _select(value, wanted[key]) for key, value in resource.items() if key in wanted}


def glob_matches(name: str, pattern: str) -> bool:
    """Whether ``name`` matches a ``matchGlob``: ``*`` within a part of the path, ``**`` across parts, ``{a,b}``."""
    import re

    for alternative in _braces(pattern):
        parts = re.split(r"(\*\*/?)", alternative)
        regex = "".join(
            ".*" if part.startswith("**") else fnmatch.translate(part)[4:-3].replace(".*", "[^/]*") for part in parts
        )
        if re.fullmatch(regex, name, re.DOTALL):
            return True
    return False


def _braces(pattern: str) -> list[str]:
    head, brace, rest = pattern.partition("{")
    middle, closing, tail = rest.partition("}")
    if not brace or not closing:
        return [pattern]
    return [head + choice + end for choice in middle.split(",") for end in _braces(tail)]
