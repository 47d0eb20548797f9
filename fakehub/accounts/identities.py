"""Whose a request is: gives out access tokens and identity tokens, and tells whose a token is."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, replace
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from fakehub.accounts.keys import ISSUER, KeyRing, unverified
from fakehub.accounts.personas import ANONYMOUS, CLOUD_PLATFORM, Persona, hub_email, personas
from fakehub.clock import Clock
from fakehub.errors import not_authenticated
from hubfacts.schema import Facts

__all__ = ["ANONYMOUS", "CLOUD_PLATFORM", "AccessToken", "Identities", "Persona", "hub_email", "personas"]

# A metadata server hands out the same token until it has this long to live, in seconds.
_REUSE_S = 300
# Whom a service account's own token, signed without asking Google, is for.
_SELF_SIGNED_FOR = "https://storage.googleapis.com/"
# How far a signer's clock may be off, in seconds.
_SKEW_S = 300


@dataclass(frozen=True, slots=True)
class AccessToken:
    """Whose token it is, until when, for which client, and what was granted for it to exist (see ``Grant``)."""

    persona: Persona
    expires: float
    client_id: str
    grant: object = None


class Identities:
    """Issues access tokens and tells whose a token is.

    ``keys`` holds the keys that sign identity tokens and those of the service accounts.
    """

    def __init__(self, facts: Facts, clock: Clock) -> None:
        self._clock = clock
        self.life_s = facts.buckets.identity.token_lives_s
        self.personas = personas(facts)
        programs = [persona for persona in self.personas.values() if persona.is_service_account]
        self.keys = KeyRing([persona.email for persona in programs])
        # A copied token is the same account's, so the account is its first persona.
        self._programs = {persona.email: persona for persona in reversed(programs)}
        self._tokens: dict[str, AccessToken] = {}
        self._current: dict[tuple[str, frozenset[str]], str] = {}

    def issue(self, name: str, scopes: frozenset[str] | None = None) -> tuple[str, int]:
        """An access token for the persona ``name`` and the seconds it has to live.

        The same token comes back until it is about to expire, as a metadata server does. Raises ``KeyError``
        for an unknown persona.
        """
        persona = self.personas[name]
        scopes = scopes or persona.scopes
        token = self._current.get((name, scopes), "")
        found = self._tokens.get(token)
        if found is None or found.expires - self._clock.now() < _REUSE_S:
            token, _ = self.new_token(persona, scopes)
            self._current[name, scopes] = token
        return token, self.left_s(self._tokens[token])

    def new_token(
        self, persona: Persona, scopes: frozenset[str], client_id: str | None = None, grant: object = None
    ) -> tuple[str, int]:
        """A new access token and the seconds it has to live; without a client it is the account's own."""
        token = f"ya29.{'a0' if grant else 'c'}.{secrets.token_urlsafe(96)}"
        expires = self._clock.now() + self.life_s
        held = replace(persona, scopes=scopes)
        self._tokens[token] = AccessToken(held, expires, client_id or persona.subject, grant)
        return token, self.left_s(self._tokens[token])

    def left_s(self, token: AccessToken) -> int:
        """Whole seconds the token has to live."""
        return int(token.expires - self._clock.now())

    def find(self, token: str) -> AccessToken | None:
        """What is known of an access token; ``None`` for one that has expired, was revoked or never issued."""
        found = self._tokens.get(token)
        return found if found is not None and found.expires > self._clock.now() else None

    def drop(self, grant: object) -> None:
        """Forget the access tokens of a grant that was revoked."""
        self._tokens = {token: held for token, held in self._tokens.items() if held.grant is not grant}

    def bearer(self, authorization: str | None) -> Persona:
        """Whose request carries this ``Authorization`` header; raises ``GoogleError`` (401) for a bad token."""
        if not authorization:
            return ANONYMOUS
        token = authorization.partition(" ")[2].strip()
        found = self._tokens.get(token)
        if found is None and token.count(".") == 2:
            found = self._self_signed(token)
        if found is None or found.expires <= self._clock.now():
            raise not_authenticated()
        return found.persona

    def signer(self, email: Any) -> Persona | None:
        """The service account of that address, or ``None``."""
        return self._programs.get(email) if isinstance(email, str) else None

    def public_keys(self, email: str) -> list[RSAPublicKey]:
        """The keys whose signatures are that service account's."""
        key = self.keys.account(email)
        return [key.public] if key else []

    def program(self, token: str) -> tuple[Persona, dict[str, Any]]:
        """The service account that signed a JSON Web Token about itself, and what it claims.

        Raises ``ValueError`` with Google's words. The signer's clock is this machine's, which the stand-in's
        does not move: so the times it claims are compared with that one.
        """
        claims = unverified(token)
        persona, key = self.signer(claims.get("iss")), self.keys.account(claims.get("iss"))
        if persona is None or key is None:
            raise ValueError("Invalid grant: account not found")
        try:
            key.claims(token)
        except ValueError:
            raise ValueError("Invalid JWT Signature.") from None
        now, start, end = time.time(), claims.get("iat"), claims.get("exp")
        if (
            not isinstance(start, int | float)
            or not isinstance(end, int | float)
            or start > now + _SKEW_S
            or end < now - _SKEW_S
            or end - start > self.life_s + _SKEW_S
        ):
            raise ValueError(
                "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. "
                "Check your iat and exp values in the JWT claim."
            )
        return persona, claims

    def _self_signed(self, token: str) -> AccessToken | None:
        try:
            persona, claims = self.program(token)
        except ValueError:
            return None
        scope = claims.get("scope")
        if isinstance(scope, str):
            scopes = frozenset(scope.split())
        elif str(claims.get("aud")).rstrip("/") == _SELF_SIGNED_FOR.rstrip("/"):
            scopes = persona.scopes
        else:
            return None
        expires = self._clock.now() + claims["exp"] - time.time()
        found = AccessToken(replace(persona, scopes=scopes), expires, persona.subject)
        self._tokens[token] = found
        return found

    def id_token(self, persona: Persona, audience: str, more: dict[str, Any] | None = None) -> str:
        """A JSON Web Token by which ``persona`` shows who they are to ``audience``; lives as an access token does.

        Its times are this machine's, as those who verify it go by that clock.
        """
        now = int(time.time())
        claims = {"aud": audience, "azp": persona.subject, "email": persona.email, "email_verified": True}
        claims |= {"exp": now + self.life_s, "iat": now, "iss": ISSUER, "sub": persona.subject}
        return self.keys.google.token(claims | (more or {}))
