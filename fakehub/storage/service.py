"""The storage service below both APIs, which resolves the bucket of a request."""

from __future__ import annotations

import copy
import mimetypes
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fakehub.accounts.identities import Persona, hub_email
from fakehub.accounts.personas import BILLING_ASSIGNMENT, PROJECT
from fakehub.clock import Clock
from fakehub.errors import bad_request, bucket_exists, no_bucket
from fakehub.storage.billing import no_project
from fakehub.storage.bucket_access import BucketAccess, is_bucket_name
from fakehub.storage.bucket_table import OWNED, BucketVersion
from fakehub.storage.resources import GOOGLE, PROJECT_NUMBER, ResourceTexts, links_at
from fakehub.storage.store import Store
from fakehub.storage.stored import NewObject
from fakehub.storage.uploads import Resumables
from hubfacts.schema import Facts, OtherBucket


class Storage:
    """The objects of a ``Store`` in the buckets of ``facts``, behind permissions and preconditions.

    ``writers_group`` is the group that may write from outside the hub, ``hub_email`` the account of the hub's servers.
    With ``any_project``, a request about the project may give it any name, or none.
    """

    def __init__(self, store: Store, clock: Clock, facts: Facts, any_project: bool = False) -> None:
        self.store, self.any_project = store, any_project
        self.writers_group, self.hub_email = facts.buckets.writers_group, hub_email(facts)
        self.project, self.clock = facts.hub.project, clock
        # The hub's buckets of the facts; the store has those of other projects too.
        self._of_facts = facts.buckets.options
        self.location = facts.hub.region.upper()
        self.created = clock.now()
        self.resumables = Resumables(clock, store.hold)
        self.texts = ResourceTexts(GOOGLE)

    def bucket(
        self, persona: Persona, name: str, permission: str | None = None, project: str | None = None
    ) -> BucketAccess:
        """Resolve the bucket of a request, which bills ``project``, and check ``permission``, if given, in it.

        Raises ``GoogleError``: 404 for an unknown bucket, 400 for one that requires a project to bill, 401 or 403 if
        ``persona`` does not have the permission.
        """
        facts = self.store.buckets.get(name)
        if facts is None:
            raise no_bucket() if is_bucket_name(name) else bad_request(f"Invalid bucket name: '{name}'")
        if facts.requester_pays and project is None and not self._is_billed(persona, name):
            raise no_project()
        access = BucketAccess(self.store, name, facts, persona)
        if permission is not None:
            access.check(permission)
        return access

    def _is_billed(self, persona: Persona, bucket: str) -> bool:
        """Return whether the bucket's own project is billed for the persona's requests, although requesters pay."""
        return self.is_own(bucket) and BILLING_ASSIGNMENT in persona.rights.get(PROJECT, ())

    def check_project(self, persona: Persona, project: str | None, permission: str) -> None:
        """Raise ``GoogleError`` (401, 403) unless the persona has ``permission`` in the project, which is the hub's."""
        persona.check(PROJECT, permission)
        if not self.any_project and project not in {self.project, PROJECT_NUMBER}:
            persona.refuse(PROJECT, permission)

    def add_bucket(self, name: str, settings: Mapping[str, Any], labels: dict[str, str]) -> None:
        """Make a bucket of the hub's project with these settings (see ``BucketVersion.changed``).

        Raises ``GoogleError``: 400 for a name that a bucket cannot have, 409 for one that is taken.
        """
        if not is_bucket_name(name) or name.startswith("goog") or "google" in name:
            raise bad_request(f"Invalid bucket name: '{name}'")
        if name in self.store.buckets:
            raise bucket_exists(self.is_own(name))
        now = self.clock.now()
        version = BucketVersion(OWNED, made=now).changed(now, settings, labels)
        self.store.add_bucket(name, replace(version, metageneration=1))

    def is_own(self, name: str) -> bool:
        """Return whether an existing bucket belongs to the hub's project."""
        return name in self._of_facts or self.store.buckets.version(name).made is not None


class StorageAt(dict[str, Storage]):
    """The same storage for each address that clients use it at, with links to that address in its resources."""

    _MOST = 16

    def __init__(self, storage: Storage) -> None:
        super().__init__()
        self._storage = storage

    def __missing__(self, base: str) -> Storage:
        """Return the storage for clients that use the server at ``base``."""
        links = links_at(base)
        if links == GOOGLE:
            seen = self._storage
        else:
            seen = copy.copy(self._storage)
            seen.texts = ResourceTexts(links)
        if len(self) >= self._MOST:  # clients choose the port in their Host header
            self.clear()
        self[base] = seen
        return seen


def store_examples(store: Store, others: Mapping[str, OtherBucket]) -> None:
    """Store the objects that the facts list for the buckets of other projects; skip existing ones."""
    for bucket, other in others.items():
        for name, text in other.objects.items():
            if store.get(bucket, name) is None:
                content_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
                store.put(bucket, NewObject(name, text.encode(), {"contentType": content_type}))
