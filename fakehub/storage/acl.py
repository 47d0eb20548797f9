"""Access control lists, which buckets without uniform access keep beside IAM, and why the others refuse them.

Rights come from the personas alone; a list only shows what Google would show of an object.
"""

from __future__ import annotations

from typing import Any

from fakehub.errors import bad_request, not_answered
from hubfacts.schema import Bucket

_READ_MORE = "Read more at https://cloud.google.com/storage/docs/uniform-bucket-level-access"
UNIFORM_WRITE = f"Cannot use ACL API to update bucket policy when uniform bucket-level access is enabled. {_READ_MORE}"
NEW_OBJECT = f"Cannot insert legacy ACL for an object when uniform bucket-level access is enabled. {_READ_MORE}"
CHANGED_OBJECT = f"Cannot update access control for an object when uniform bucket-level access is enabled. {_READ_MORE}"
UNIFORM_OBJECT_READ = f"Cannot get legacy ACL for an object when uniform bucket-level access is enabled. {_READ_MORE}"
UNIFORM_BUCKET_READ = f"Cannot get legacy ACL for a bucket that has uniform bucket-level access. {_READ_MORE}"

_TEAMS = (("owners", "OWNER"), ("editors", "OWNER"), ("viewers", "READER"))
# How many of the project's teams are in the list that a predefined name stands for.
_LISTED = {"private": 0, "bucketOwnerRead": 1, "bucketOwnerFullControl": 1, "projectPrivate": 3}


def predefined(bucket: Bucket, name: str | None, refusal: str) -> str | None:
    """The predefined list a request asks for; ``None`` for the default.

    Raises ``GoogleError``: 400 with the words ``refusal`` where access is uniform, 501 for a list that would open
    an object to others than those who have rights in the bucket.
    """
    if name is None:
        return None
    if bucket.uniform_access:
        raise bad_request(refusal)
    if name not in _LISTED:
        raise not_answered(f"predefinedAcl={name}")
    return name


def entries(
    bucket: str,
    name: str | None = None,
    generation: int | None = None,
    owner: str | None = None,
    acl: str | None = None,
) -> list[dict[str, Any]]:
    """The access controls of an object, or, without ``name``, those of the bucket."""
    roles = [(f"project-{team}-1", role, team) for team, role in _TEAMS[: _LISTED[acl or "projectPrivate"]]]
    if owner:
        roles.append((f"user-{owner}", "OWNER", None))
    found = []
    for entity, role, team in roles:
        entry: dict[str, Any] = {"kind": "storage#bucketAccessControl", "id": f"{bucket}/{entity}", "bucket": bucket}
        if name is not None:
            entry |= {"kind": "storage#objectAccessControl", "object": name, "generation": str(generation)}
            entry["id"] = f"{bucket}/{name}/{generation}/{entity}"
        entry |= {"entity": entity, "role": role, "etag": "CAE="}
        entry |= {"projectTeam": {"projectNumber": "1", "team": team}} if team else {"email": owner}
        found.append(entry)
    return found
