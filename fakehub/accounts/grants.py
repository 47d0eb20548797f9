"""Grants: what a person has allowed a program, with the codes and refresh tokens for it, until it is revoked."""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass

from fakehub.accounts.errors import OAuthError, invalid_grant
from fakehub.accounts.identities import Identities
from fakehub.accounts.personas import CLOUD_PLATFORM, Persona
from fakehub.clock import Clock

GCLOUD_CLIENT = "32555940559.apps.googleusercontent.com"
# The client of `gcloud auth application-default login`.
DEFAULT_CLIENT = "764086051850-6qr4p6gpi6hn506pt8ejuq83di341hur.apps.googleusercontent.com"
# The known programs by their public client id, with the name that the login page shows. They are installed programs:
# the secret that each one sends is public in its source code and proves nothing, so it is not checked.
CLIENTS = {
    GCLOUD_CLIENT: "Google Cloud SDK",
    DEFAULT_CLIENT: "Google Auth Library",
    "586241054156-9kst7ltfj66svc342pcn43vp6ta3idin.apps.googleusercontent.com": "gcsfs",
    "202264815644.apps.googleusercontent.com": "rclone",
}
_AUTH = "https://www.googleapis.com/auth/"
# The scopes that `gcloud auth application-default login` requests.
DEFAULT_SCOPES = frozenset({"openid", f"{_AUTH}userinfo.email", CLOUD_PLATFORM, f"{_AUTH}sqlservice.login"})
_CODE_LIVES_S = 600


@dataclass(eq=False)
class Grant:
    """The ``scopes`` that ``persona`` has allowed the client, until ``revoked``."""

    persona: Persona
    client_id: str
    scopes: frozenset[str]
    revoked: bool = False

    def narrowed(self, scope: str | None) -> frozenset[str]:
        """Return the requested scopes, or all granted ones; raise ``OAuthError`` for a scope that was not granted.

        The scope of the cloud platform includes those of its storage.
        """
        requested = frozenset((scope or "").split())
        for name in requested - self.scopes:
            part = name.startswith((f"{_AUTH}devstorage.", f"{_AUTH}cloud-platform."))
            if not part or CLOUD_PLATFORM not in self.scopes:
                raise OAuthError(400, "invalid_scope", "Bad Request")
        return requested or self.scopes


@dataclass(frozen=True)
class _Code:
    grant: Grant
    redirect_uri: str
    challenge: str | None
    method: str
    expires: float


class Grants:
    """The codes and refresh tokens that have been issued."""

    def __init__(self, identities: Identities, clock: Clock) -> None:
        self._identities, self._clock = identities, clock
        self._codes: dict[str, _Code] = {}
        self._refresh: dict[str, Grant] = {}

    def code(self, grant: Grant, redirect_uri: str, challenge: str | None, method: str) -> str:
        """Return a code that can be exchanged for tokens once, within ten minutes; ``challenge`` is that of PKCE."""
        code = f"4/0A{secrets.token_urlsafe(48)}"
        self._codes[code] = _Code(grant, redirect_uri, challenge, method, self._clock.now() + _CODE_LIVES_S)
        return code

    def redeem(self, code: str, client_id: str, redirect_uri: str, verifier: str | None) -> Grant:
        """Return the grant for a code; raise ``OAuthError`` unless client, redirect URI and verifier match."""
        held = self._codes.get(code)
        if held is None or held.grant.client_id != client_id or held.expires <= self._clock.now():
            raise invalid_grant("Malformed auth code." if not code.startswith("4/") else "Bad Request")
        if held.redirect_uri != redirect_uri:
            raise OAuthError(400, "redirect_uri_mismatch", "Bad Request")
        if held.challenge is not None:
            if not verifier:
                raise invalid_grant("Missing code verifier.")
            if not secrets.compare_digest(_challenge(verifier, held.method).encode(), held.challenge.encode()):
                raise invalid_grant("Invalid code verifier.")
        del self._codes[code]
        return held.grant

    def refresh_token(self, grant: Grant) -> str:
        """Return a token that fetches access tokens until the grant is revoked."""
        token = f"1//0{secrets.token_urlsafe(64)}"
        self._refresh[token] = grant
        return token

    def refreshed(self, token: str, client_id: str) -> Grant:
        """Return the grant of a refresh token; raise ``OAuthError`` if it is another client's or was revoked."""
        grant = self._refresh.get(token)
        if grant is None:
            raise invalid_grant()
        if grant.client_id != client_id:
            raise OAuthError(401, "unauthorized_client", "Unauthorized")
        if grant.revoked:
            raise invalid_grant("Token has been expired or revoked.")
        return grant

    def revoke(self, token: str) -> None:
        """Revoke the grant of a refresh or access token, with all its tokens; raise ``OAuthError`` if there is none."""
        held = self._identities.find(token)
        grant = held.grant if held else self._refresh.get(token)
        if not isinstance(grant, Grant) or grant.revoked:
            raise OAuthError(400, "invalid_token", "Token expired or revoked")
        grant.revoked = True
        self._identities.drop(grant)


def _challenge(verifier: str, method: str) -> str:
    if method == "plain":
        return verifier
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
