"""The rules of Cloud Storage that both APIs share: buckets, existing objects, and what a new object must satisfy."""

from __future__ import annotations

from collections.abc import Mapping

from fakehub.accounts.identities import Persona, hub_email
from fakehub.clock import Clock
from fakehub.errors import GoogleError, bad_request, no_bucket, no_object
from fakehub.storage import conditions
from fakehub.storage.acl import NEW_OBJECT, predefined
from fakehub.storage.resources import ResourceTexts
from fakehub.storage.store import Object, Store
from fakehub.storage.uploads import Resumables
from hubfacts.schema import Bucket, Facts

# The longest name of an object, in bytes of UTF-8.
LONGEST_NAME = 1024


class Storage:
    """The objects of a ``Store`` in the buckets of ``facts``, behind permissions and preconditions.

    ``writers_group`` is the group that may write from outside, ``hub_email`` the account of the hub's servers.
    """

    def __init__(self, store: Store, clock: Clock, facts: Facts) -> None:
        self.store = store
        self.writers_group, self.hub_email = facts.buckets.writers_group, hub_email(facts)
        self.location = facts.hub.region.upper()
        self.created = clock.now()
        self.resumables = Resumables(clock)
        self.texts = ResourceTexts()

    def bucket(self, name: str) -> Bucket:
        """The facts of a bucket; raises ``GoogleError`` (404) for an unknown one."""
        found = self.store.buckets.get(name)
        if found is None:
            raise no_bucket()
        return found

    def existing(self, persona: Persona, bucket: str, name: str, query: Mapping[str, str], permission: str) -> Object:
        """The object that is there, the generation that ``query`` asks for or the live one.

        Raises ``GoogleError``: 401 or 403 when ``persona`` lacks ``permission`` (``storage.objects.get`` or the
        like) in the bucket, 404 for no such bucket, object or generation. Preconditions are not looked at.
        """
        self.bucket(bucket)
        persona.check(bucket, permission, name)
        wanted = query.get("generation")
        found = self.store.get(bucket, name, conditions.number("generation", wanted) if wanted else None)
        if found is None:
            raise no_object(bucket, name)
        return found

    def put_object(
        self,
        persona: Persona,
        bucket: str,
        name: str,
        query: Mapping[str, str],
        data: bytes,
        headers: dict[str, str],
        metadata: dict[str, str] | None,
        components: int | None = None,
        hashes: Mapping[str, str] | None = None,
    ) -> Object:
        """Check everything about a new object, then store it as the live generation.

        ``query`` may hold preconditions (``ifGenerationMatch`` and the like) and ``predefinedAcl``; ``headers``
        are ``contentType`` and what else the API names (see ``uploads.headers_of``); ``components`` is the number
        of a composite's parts; ``hashes`` what the client says the data have, ``md5`` and ``crc32c`` in base64.
        Raises ``GoogleError``: 400 for a bad name or checksum, 401 or 403 without the right to create (and, where
        there is one already, to delete), 404 for no bucket, 412 for a precondition, 507 for a full disk. A refused
        object changes nothing.
        """
        acl = self.check_new(persona, bucket, name, query)
        return self.store.put(
            bucket, name, data, headers, metadata, components, hashes=hashes, owner=persona.email, acl=acl
        )

    def check_new(self, persona: Persona, bucket: str, name: str, query: Mapping[str, str]) -> str | None:
        """Raise ``GoogleError`` where ``put_object`` would, its data aside; the access control list asked for."""
        _check_name(name)
        facts = self.bucket(bucket)
        persona.check(bucket, "storage.objects.create", name)
        existing = self.store.get(bucket, name)
        if existing is not None:
            persona.check(bucket, "storage.objects.delete", name)
        conditions.check(query, existing)
        return predefined(facts, query.get("predefinedAcl"), NEW_OBJECT)


def _check_name(name: str) -> None:
    """Raise ``GoogleError`` (400) unless ``name`` can name an object."""
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
