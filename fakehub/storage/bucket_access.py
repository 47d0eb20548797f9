"""Access to a bucket: the rules of Cloud Storage that both APIs share."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from fakehub.accounts.identities import Persona
from fakehub.errors import GoogleError, bad_request, no_bucket, no_object
from fakehub.storage import conditions
from fakehub.storage.acl import NEW_OBJECT, predefined
from fakehub.storage.bucket_table import BucketVersion
from fakehub.storage.store import Store
from fakehub.storage.stored import NewObject, Object
from hubfacts.schema import Bucket

# The longest name of an object, in bytes of UTF-8.
LONGEST_NAME = 1024


# Names of buckets: https://cloud.google.com/storage/docs/buckets#naming
_BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]*[a-z0-9]")
_LONGEST_PART, _LONGEST_DOTTED = 63, 222


def is_bucket_name(name: str) -> bool:
    """Return whether a bucket may have this name: 3 to 63 characters or, with dots, 222, each part at most 63."""
    if not _BUCKET_NAME.fullmatch(name) or not 3 <= len(name) <= _LONGEST_DOTTED:
        return False
    return all(1 <= len(part) <= _LONGEST_PART for part in name.split("."))


class BucketAccess:
    """One persona's access to one bucket.

    Each request resolves its bucket into one of these (see ``Storage.bucket``) and asks it for everything else:
    permissions, objects, and whether a new object may be stored. ``facts`` are the bucket's in ``hub.yml``.
    """

    __slots__ = ("_store", "facts", "name", "persona")

    def __init__(self, store: Store, name: str, facts: Bucket, persona: Persona) -> None:
        self._store = store
        self.name = name
        self.facts = facts
        self.persona = persona

    def check(self, permission: str) -> None:
        """Raise ``GoogleError`` (401, 403) unless the persona has ``permission`` (``storage.objects.get`` etc.)."""
        self.persona.check(self._store.buckets.rights_key(self.name), permission)

    def holds(self, permission: str) -> bool:
        """Return whether the persona has ``permission``, whatever the scopes of the access token."""
        return permission in self.persona.rights.get(self._store.buckets.rights_key(self.name), ())

    def find(self, name: str, generation: str | None = None) -> Object | None:
        """Return an object, live or at the generation that a request asks for; ``None`` if there is none.

        Raises ``GoogleError`` (400) for a generation that is not a number.
        """
        wanted = conditions.number("generation", generation) if generation else None
        return self._store.get(self.name, name, wanted)

    def existing(self, name: str, generation: str | None = None) -> Object:
        """Return an object as ``find`` does; raise ``GoogleError`` (404) if it does not exist."""
        stored = self.find(name, generation)
        if stored is None:
            raise no_object(self.name, name)
        return stored

    @property
    def version(self) -> BucketVersion:
        """The bucket's present version."""
        return self._store.buckets.version(self.name)

    def change(self, settings: Mapping[str, Any], labels: dict[str, str]) -> None:
        """Change the bucket's settings (see ``BucketVersion``) and give it these labels."""
        self._store.change_bucket(self.name, settings, labels)

    def delete(self) -> None:
        """Delete the bucket; raise ``GoogleError`` (409) if it has objects."""
        if not self._store.is_empty(self.name):
            raise GoogleError(409, "conflict", "The bucket you tried to delete is not empty.")
        self._store.delete_bucket(self.name)

    def put(self, new: NewObject, query: Mapping[str, str], own_acl: str | None = None) -> Object:
        """Check everything about a new object, then store it as the live generation.

        ``query`` may hold preconditions (``ifGenerationMatch`` etc.) and ``predefinedAcl``; without it, the object gets
        the list ``own_acl``, or else that of the bucket. Raises ``GoogleError``:
        400 for a bad name or checksum, 401 or 403 without permission, 412 for a precondition, 507 for a full disk. An
        existing object requires permission to delete as well. A refused object changes nothing.
        """
        acl = self.check_new(new.name, query) or own_acl or self.version.default_acl
        default_class = self.version.storage_class
        if default_class != "STANDARD" and "storageClass" not in new.headers:
            new.headers = {**new.headers, "storageClass": default_class}
        return self._store.put(self.name, new, self.persona.email, acl)

    def check_new(self, name: str, query: Mapping[str, str]) -> str | None:
        """Raise ``GoogleError`` where ``put`` would, except for the data; return the access control list asked for.

        A bucket that was deleted in the meantime is 404.
        """
        _check_name(name)
        if self.name not in self._store.buckets:  # deleted while an upload was in progress
            raise no_bucket()
        self.check("storage.objects.create")
        current = self._store.get(self.name, name)
        if current is not None:
            self.check("storage.objects.delete")
        conditions.check(query, current)
        return predefined(self.facts, query.get("predefinedAcl"), NEW_OBJECT)


def _check_name(name: str) -> None:
    """Raise ``GoogleError`` (400) unless ``name`` is a valid name of an object."""
    if not name:
        raise GoogleError(400, "required", "Required parameter: name", "name")
    try:
        size = len(name.encode())
    except UnicodeEncodeError:
        raise bad_request("An object's name is UTF-8.") from None
    if size > LONGEST_NAME:
        raise bad_request(f"The maximum object length is {LONGEST_NAME} characters, but got a name with {size} bytes.")
    if "\r" in name or "\n" in name or name in {".", ".."} or name.startswith(".well-known/acme-challenge/"):
        raise bad_request(f"Disallowed unicode characters present in object name {name!r}")
