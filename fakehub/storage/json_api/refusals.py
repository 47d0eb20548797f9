"""Refuse the methods that the stand-in does not implement as Google would refuse them, as far as that goes.

Most of them are not allowed to anybody on the hub: a missing bucket, object or permission comes first. Only then does
the refusal say that it is the stand-in's.
"""

from __future__ import annotations

from typing import NoReturn

from fakehub.errors import bad_request, not_implemented
from fakehub.storage.acl import UNIFORM_WRITE
from fakehub.storage.json_api.call import Call
from fakehub.storage.json_api.method_table import Method
from fakehub.storage.service import Storage

# The last word of a permission where it is not the name of the method.
_VERBS = {"insert": "create", "patch": "update", "deleteRecursive": "delete"}
# Permissions that do not follow from the name of the method, by the beginning of the name.
_PERMISSIONS = (
    ("bucketAccessControls.", "buckets.setIamPolicy"),
    ("defaultObjectAccessControls.", "buckets.setIamPolicy"),
    ("objectAccessControls.", "objects.setIamPolicy"),
    ("buckets.lockRetentionPolicy", "buckets.update"),
    ("buckets.operations.advanceRelocateBucket", "bucketOperations.advanceRelocateBucket"),
    ("buckets.operations.cancel", "bucketOperations.cancel"),
    ("buckets.operations.get", "bucketOperations.get"),
    ("buckets.operations.list", "bucketOperations.list"),
    ("managedFolders.testIamPermissions", ""),
    ("notifications.delete", "buckets.update"),
    ("notifications.insert", "buckets.update"),
    ("notifications.", "buckets.get"),
    ("objects.bulkRestore", "objects.restore"),
    ("objects.viewFullContext", "objects.get"),
    ("projects.hmacKeys.", "hmacKeys."),
)


def permission_for(method: Method) -> str | None:
    """Return the permission that a method requires, ``None`` if it requires none."""
    name = method.id.removeprefix("storage.")
    verb = name.rpartition(".")[2]
    for beginning, permission in _PERMISSIONS:
        if name.startswith(beginning):
            return f"storage.{permission}{verb if permission.endswith('.') else ''}" if permission else None
    return f"storage.{name.partition('.')[0]}.{_VERBS.get(verb, verb)}"


def refuse(storage: Storage, call: Call, method: Method) -> NoReturn:
    """Raise ``GoogleError``, 400 if nothing but the stand-in is in the way of this call."""
    permission = permission_for(method)
    if not method.path.startswith("b/"):
        call.persona.check("", str(permission))
        raise not_implemented(method.id)
    bucket = storage.bucket(call.persona, call.names[0], project=call.project)
    if "AccessControls" in method.id and bucket.facts.uniform_access:
        raise bad_request(UNIFORM_WRITE)
    if permission:
        bucket.check(permission)
    if method.path.startswith("b/{bucket}/o/{object}/"):
        bucket.existing(call.names[1], call.query.get("generation"))
    raise not_implemented(method.id)
