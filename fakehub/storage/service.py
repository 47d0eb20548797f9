"""The storage service below both APIs, which resolves the bucket of a request."""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping

from fakehub.accounts.identities import Persona, hub_email
from fakehub.clock import Clock
from fakehub.errors import bad_request, no_bucket
from fakehub.storage.billing import no_project
from fakehub.storage.bucket_access import BucketAccess, is_bucket_name
from fakehub.storage.resources import ResourceTexts
from fakehub.storage.store import Store
from fakehub.storage.stored import NewObject
from fakehub.storage.uploads import Resumables
from hubfacts.schema import Facts, OtherBucket


class Storage:
    """The objects of a ``Store`` in the buckets of ``facts``, behind permissions and preconditions.

    ``writers_group`` is the group that may write from outside the hub, ``hub_email`` the account of the hub's servers.
    """

    def __init__(self, store: Store, clock: Clock, facts: Facts) -> None:
        self.store = store
        self.writers_group, self.hub_email = facts.buckets.writers_group, hub_email(facts)
        # The hub's own buckets; the store has those of other projects too.
        self.own = facts.buckets.options
        self.location = facts.hub.region.upper()
        self.created = clock.now()
        self.resumables = Resumables(clock)
        self.texts = ResourceTexts()

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
        if facts.requester_pays and project is None:
            raise no_project()
        if permission is not None:
            persona.check(name, permission)
        return BucketAccess(self.store, name, facts, persona)


def store_examples(store: Store, others: Mapping[str, OtherBucket]) -> None:
    """Store the objects that the facts list for the buckets of other projects; skip existing ones."""
    for bucket, other in others.items():
        for name, text in other.objects.items():
            if store.get(bucket, name) is None:
                content_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
                store.put(bucket, NewObject(name, text.encode(), {"contentType": content_type}))
