"""Issue access tokens and identity tokens, and identify the sender of a request by its token."""

from __future__ import annotations

import math
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

# The metadata server returns the same token until it expires within this many seconds.
_REUSE_S = 300
# The audience of a token that a service account has signed itself.
_SELF_SIGNED_FOR = "https://storage.googleapis.com/"
# How much a signer's clock may differ from this machine's, in seconds.
_SKEW_S = 300


@dataclass(frozen=True, slots=True)
class AccessToken:
    """An access token's owner, expiry and client, and the ``Grant`` that it belongs to, if any."""

    persona: Persona
    expires: float
    client_id: str
    grant: object = None


class Identities:
    """The personas and their valid access tokens.

    ``keys`` has Google's key, which signs identity tokens, and the keys of the service accounts.
    """

    def __init__(self, facts: Facts, clock: Clock) -> None:
        self._clock = clock
        self.life_s = facts.buckets.identity.token_lives_s
        self.personas = personas(facts)
        self._anonymous = self.personas[ANONYMOUS.name]
        # The first persona of an account represents it; the laptop's copied token belongs to the hub's account.
        self._service_accounts: dict[str, Persona] = {}
        for persona in self.personas.values():
            if persona.is_service_account:
                self._service_accounts.setdefault(str(persona.email), persona)
        self.keys = KeyRing(list(self._service_accounts))
        self._tokens: dict[str, AccessToken] = {}
        self._current: dict[tuple[str, frozenset[str]], str] = {}

    def trust(self, name: str) -> None:
        """Identify requests without a token as the persona ``name``, and accept a persona's name as its token."""
        self._anonymous = self.personas[name]
        # Object stores in Rust send an empty token if they are to send none.
        for token, persona in {**self.personas, "": self._anonymous}.items():
            self._tokens[token] = AccessToken(persona, math.inf, persona.subject)

    def issue(self, name: str, scopes: frozenset[str] | None = None) -> tuple[str, int]:
        """Return an access token for the persona ``name`` and the seconds until it expires.

        Returns the same token until it is about to expire, as a metadata server does. Raises ``KeyError`` for an
        unknown persona.
        """
        persona = self.personas[name]
        scopes = scopes or persona.scopes
        token = self._current.get((name, scopes), "")
        held = self._tokens.get(token)
        if held is None or held.expires - self._clock.now() < _REUSE_S:
            token, _ = self.new_token(persona, scopes)
            self._current[name, scopes] = token
        return token, self.left_s(self._tokens[token])

    def new_token(
        self, persona: Persona, scopes: frozenset[str], client_id: str | None = None, grant: object = None
    ) -> tuple[str, int]:
        """Return a new access token and the seconds until it expires.

        The client defaults to the account itself.
        """
        token = f"ya29.{'a0' if grant else 'c'}.{secrets.token_urlsafe(96)}"
        expires = self._clock.now() + self.life_s
        held = replace(persona, scopes=scopes)
        self._tokens[token] = AccessToken(held, expires, client_id or persona.subject, grant)
        return token, self.left_s(self._tokens[token])

    def left_s(self, token: AccessToken) -> int:
        """Return the whole seconds until the token expires."""
        return int(token.expires - self._clock.now())

    def find(self, token: str) -> AccessToken | None:
        """Return the record of an access token; ``None`` if it has expired, was revoked or was never issued."""
        held = self._tokens.get(token)
        return held if held is not None and held.expires > self._clock.now() else None

    def live_tokens(self) -> list[str]:
        """Return all access tokens that have not expired, without the names that ``trust`` accepts as tokens."""
        return [token for token, held in self._tokens.items() if held.expires != math.inf and self.find(token)]

    def drop(self, grant: object) -> None:
        """Invalidate the access tokens of a revoked grant."""
        self._tokens = {token: held for token, held in self._tokens.items() if held.grant is not grant}

    def bearer(self, authorization: str | None) -> Persona:
        """Identify the sender of a request by its ``Authorization`` header.

        Raises ``GoogleError`` (401) for an invalid token.
        """
        if not authorization:
            return self._anonymous
        token = authorization.partition(" ")[2].strip()
        held = self._tokens.get(token)
        if held is None and token.count(".") == 2:
            held = self._self_signed(token)
        if held is None or held.expires <= self._clock.now():
            raise not_authenticated()
        return held.persona

    def signer(self, email: Any) -> Persona | None:
        """Return the service account with this email address, or ``None``."""
        return self._service_accounts.get(email) if isinstance(email, str) else None

    def public_keys(self, email: str) -> list[RSAPublicKey]:
        """Return the public keys of a service account, none for an unknown one."""
        key = self.keys.account(email)
        return [key.public] if key else []

    def program(self, token: str) -> tuple[Persona, dict[str, Any]]:
        """Return the service account that signed a JSON Web Token about itself, and the token's claims.

        Raises ``ValueError`` with Google's message. The claimed times are compared with this machine's clock instead
        of the stand-in's, because that is the clock of the signer.
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
        """Return the record of a token that a service account has signed itself, or ``None`` if it is invalid."""
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
        held = self._tokens[token] = AccessToken(replace(persona, scopes=scopes), expires, persona.subject)
        return held

    def id_token(self, persona: Persona, audience: str, more: dict[str, Any] | None = None) -> str:
        """Return a JSON Web Token that identifies ``persona`` to ``audience``; it is valid as long as an access token.

        Its times are those of this machine's clock, which is used to verify it.
        """
        now = int(time.time())
        claims: dict[str, Any] = {
            "aud": audience,
            "azp": persona.subject,
            "email": persona.email,
            "email_verified": True,
        }
        claims |= {"exp": now + self.life_s, "iat": now, "iss": ISSUER, "sub": persona.subject}
        return self.keys.google.token(claims | (more or {}))
