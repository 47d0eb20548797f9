"""Access control lists, which buckets without uniform access keep beside IAM, and why other buckets refuse them.

Permissions come only from the personas; a list shows what Google would show for an object.
"""

from __future__ import annotations

from typing import NotRequired, TypedDict

from fakehub.errors import bad_request, not_implemented
from hubfacts.schema import Bucket

_READ_MORE = "Read more at https://cloud.google.com/storage/docs/uniform-bucket-level-access"
UNIFORM_WRITE = f"Cannot use ACL API to update bucket policy when uniform bucket-level access is enabled. {_READ_MORE}"
NEW_OBJECT = f"Cannot insert legacy ACL for an object when uniform bucket-level access is enabled. {_READ_MORE}"
CHANGED_OBJECT = f"Cannot update access control for an object when uniform bucket-level access is enabled. {_READ_MORE}"
UNIFORM_OBJECT_READ = f"Cannot get legacy ACL for an object when uniform bucket-level access is enabled. {_READ_MORE}"
UNIFORM_BUCKET_READ = f"Cannot get legacy ACL for a bucket that has uniform bucket-level access. {_READ_MORE}"

_TEAMS = (("owners", "OWNER"), ("editors", "OWNER"), ("viewers", "READER"))
# How many of the project's teams each predefined list contains.
_LISTED = {"private": 0, "bucketOwnerRead": 1, "bucketOwnerFullControl": 1, "projectPrivate": 3}


class ProjectTeam(TypedDict):
    """One of a project's teams: its owners, editors or viewers."""

    projectNumber: str
    team: str


class AccessControl(TypedDict):
    """An entry of an access control list, as the JSON API shows it."""

    kind: str
    entity: str
    role: str
    etag: str
    id: NotRequired[str]
    bucket: NotRequired[str]
    object: NotRequired[str]
    generation: NotRequired[str]
    projectTeam: NotRequired[ProjectTeam]
    email: NotRequired[str]


def predefined(bucket: Bucket, name: str | None, refusal: str) -> str | None:
    """Return the predefined list that a request asks for; ``None`` for the default.

    Raises ``GoogleError``: 400 with the message ``refusal`` where access is uniform, 501 for a list that would open
    an object to anybody without permissions in the bucket.
    """
    if name is None:
        return None
    if bucket.uniform_access:
        raise bad_request(refusal)
    if name not in _LISTED:
        raise not_implemented(f"predefinedAcl={name}")
    return name


def entries(
    bucket: str,
    name: str | None = None,
    generation: int | None = None,
    owner: str | None = None,
    acl: str | None = None,
) -> list[AccessControl]:
    """Return the access controls of an object or, without ``name``, those of the bucket."""
    listed: list[AccessControl] = []
    for team, role in _TEAMS[: _LISTED[acl or "projectPrivate"]]:
        entry = _entry(bucket, f"project-{team}-1", role, name, generation)
        listed.append(entry | {"projectTeam": {"projectNumber": "1", "team": team}})
    if owner:
        listed.append(_entry(bucket, f"user-{owner}", "OWNER", name, generation) | {"email": owner})
    return listed


def _entry(bucket: str, entity: str, role: str, name: str | None, generation: int | None) -> AccessControl:
    if name is None:
        return {
            "kind": "storage#bucketAccessControl",
            "id": f"{bucket}/{entity}",
            "bucket": bucket,
            "entity": entity,
            "role": role,
            "etag": "CAE=",
        }
    return {
        "kind": "storage#objectAccessControl",
        "id": f"{bucket}/{name}/{generation}/{entity}",
        "bucket": bucket,
        "object": name,
        "generation": str(generation),
        "entity": entity,
        "role": role,
        "etag": "CAE=",
    }
