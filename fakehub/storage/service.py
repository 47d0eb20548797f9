"""The storage service below both APIs, which resolves the bucket of a request."""

from __future__ import annotations

from fakehub.accounts.identities import Persona, hub_email
from fakehub.clock import Clock
from fakehub.errors import no_bucket
from fakehub.storage.bucket_access import BucketAccess
from fakehub.storage.resources import ResourceTexts
from fakehub.storage.store import Store
from fakehub.storage.uploads import Resumables
from hubfacts.schema import Facts


class Storage:
    """The objects of a ``Store`` in the buckets of ``facts``, behind permissions and preconditions.

    ``writers_group`` is the group that may write from outside the hub, ``hub_email`` the account of the hub's servers.
    """

    def __init__(self, store: Store, clock: Clock, facts: Facts) -> None:
        self.store = store
        self.writers_group, self.hub_email = facts.buckets.writers_group, hub_email(facts)
        self.location = facts.hub.region.upper()
        self.created = clock.now()
        self.resumables = Resumables(clock)
        self.texts = ResourceTexts()

    def bucket(self, persona: Persona, name: str, permission: str | None = None) -> BucketAccess:
        """Resolve the bucket of a request and check ``permission``, if given, in it.

        Raises ``GoogleError``: 404 for an unknown bucket, 401 or 403 if ``persona`` does not have the permission.
        """
        facts = self.store.buckets.get(name)
        if facts is None:
            raise no_bucket()
        if permission is not None:
            persona.check(name, permission)
        return BucketAccess(self.store, name, facts, persona)
