"""Who sends a request, and what they may do in a bucket.

There is one table of people and machines (``PERSONAS``); their rights follow from the buckets of ``hub.yml``.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from fakehub.clock import Clock
from fakehub.errors import GoogleError, not_authenticated
from fakehub.facts import Facts

CLOUD_PLATFORM = "https://www.googleapis.com/auth/cloud-platform"
_STORAGE = "https://www.googleapis.com/auth/devstorage."
# Scopes that allow to read, and those that allow to write as well.
_READ_SCOPES = {
    CLOUD_PLATFORM,
    *(f"{_STORAGE}{name}" for name in ("read_only", "read_write", "full_control")),
}
_WRITE_SCOPES = _READ_SCOPES - {f"{_STORAGE}read_only"}
_READ = frozenset({"storage.objects.get", "storage.objects.list", "storage.buckets.get"})
_WRITE = _READ | {"storage.objects.create", "storage.objects.delete", "storage.objects.update"}
_PROJECT = "storage.buckets.list"
# A metadata server hands out the same token until it has this long to live, in seconds.
_REUSE_S = 300

HUB_EMAIL = "hub-user@leap-pangeo.iam.gserviceaccount.com"
PROJECT = "leap-pangeo"


@dataclass(frozen=True)
class Persona:
    """Somebody who sends requests: ``rights`` maps a bucket's name to the permissions they hold there."""

    name: str
    email: str | None
    rights: dict[str, frozenset[str]] = field(default_factory=dict)
    scopes: frozenset[str] = frozenset({CLOUD_PLATFORM})

    def check(self, bucket: str, permission: str, name: str | None = None) -> None:
        """Raise ``GoogleError`` (401, 403) unless ``permission`` is theirs; ``name`` is the object asked for."""
        needed = _READ_SCOPES if permission in _READ else _WRITE_SCOPES
        if self.email and not self.scopes & needed:
            raise GoogleError(403, "insufficientPermissions", "Request had insufficient authentication scopes.")
        if permission in self.rights.get(bucket, frozenset()):
            return
        who = self.email or "Anonymous caller"
        what = "object" if "objects" in permission and not permission.endswith("list") else "bucket"
        message = (
            f"{who} does not have {permission} access to the Google Cloud Storage {what}. "
            f"Permission '{permission}' denied on resource (or it may not exist)."
        )
        raise GoogleError(403 if self.email else 401, "forbidden" if self.email else "required", message)


ANONYMOUS = Persona("anonymous", None)


def personas(facts: Facts) -> dict[str, Persona]:
    """The table of personas, by name. Rights come from the buckets of ``facts``.

    ``hub`` is the service account that all servers share, ``hpc-member`` somebody with an own account in the
    writers' group, ``hpc-outsider`` the same outside it, ``anonymous`` a request without a token.
    """
    buckets = facts.buckets.options
    hub = {name: _WRITE if bucket.hub == "write" else _READ for name, bucket in buckets.items()}
    member = {name: _WRITE for name, bucket in buckets.items() if bucket.writers_group}
    found = [
        Persona("hub", HUB_EMAIL, hub),
        Persona("hpc-member", "funky-user@example.com", member),
        Persona("hpc-outsider", "outside-user@example.com"),
        ANONYMOUS,
    ]
    return {persona.name: persona for persona in found}


@dataclass(frozen=True)
class _Token:
    persona: Persona
    expires: float


class Identities:
    """Issues access tokens and tells whose a token is."""

    def __init__(self, facts: Facts, clock: Clock) -> None:
        self._clock = clock
        self._life_s = facts.buckets.identity.token_lives_s
        self._personas = personas(facts)
        self._tokens: dict[str, _Token] = {}
        self._current: dict[tuple[str, frozenset[str]], str] = {}

    def issue(self, name: str, scopes: frozenset[str] | None = None) -> tuple[str, int]:
        """An access token for the persona ``name`` and the seconds it has to live.

        The same token comes back until it is about to expire, as a metadata server does. Raises ``KeyError``
        for an unknown persona.
        """
        persona = self._personas[name]
        if scopes:
            persona = Persona(persona.name, persona.email, persona.rights, scopes)
        now = self._clock.now()
        token = self._current.get((name, persona.scopes), "")
        if token not in self._tokens or self._tokens[token].expires - now < _REUSE_S:
            token = f"ya29.c.{secrets.token_urlsafe(48)}"
            self._tokens[token] = _Token(persona, now + self._life_s)
            self._current[name, persona.scopes] = token
        return token, int(self._tokens[token].expires - now)

    def bearer(self, authorization: str | None) -> Persona:
        """Whose request carries this ``Authorization`` header; raises ``GoogleError`` (401) for a bad token."""
        if not authorization:
            return ANONYMOUS
        found = self._tokens.get(authorization.removeprefix("Bearer ").strip())
        if found is None or found.expires <= self._clock.now():
            raise not_authenticated()
        return found.persona
