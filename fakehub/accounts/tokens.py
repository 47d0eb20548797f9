"""Google's token endpoints, which issue, revoke and describe tokens."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import BasicAuth, web

from fakehub.accounts.errors import OAuthError, invalid_grant, invalid_request
from fakehub.accounts.forms import form_of, needed, query_of
from fakehub.accounts.grants import CLIENTS, Grant, Grants
from fakehub.accounts.identities import AccessToken, Identities
from fakehub.accounts.personas import Persona

_JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
# The allowed audiences of a service account's assertion.
_AUDIENCES = {
    "https://oauth2.googleapis.com/token",
    "https://www.googleapis.com/oauth2/v4/token",
    "https://accounts.google.com/o/oauth2/token",
}
# Answers under these paths use older names.
_FIRST_VERSIONS = ("/oauth2/v1/", "/oauth2/v2/")
_EMAIL_SCOPES = {"email", "https://www.googleapis.com/auth/userinfo.email"}


def json_answer(value: dict[str, Any]) -> web.Response:
    """Return a JSON response that must not be cached."""
    body = json.dumps(value, indent=2).encode()
    headers = {"Cache-Control": "no-store"}
    return web.Response(body=body, content_type="application/json", charset="utf-8", headers=headers)


class Tokens:
    """The handlers of Google's token endpoints."""

    def __init__(self, identities: Identities, grants: Grants) -> None:
        self._identities, self._grants = identities, grants

    async def token(self, request: web.BaseRequest) -> web.Response:
        """Handle ``POST /token``: issue an access token for a code, a refresh token or an assertion."""
        form = await form_of(request)
        kind = needed(form, "grant_type")
        if kind == _JWT_BEARER:
            return self._for_service_account(request, needed(form, "assertion"))
        if kind not in {"authorization_code", "refresh_token"}:
            raise OAuthError(400, "unsupported_grant_type", f"Invalid grant_type: {kind}")
        client_id = _client(request, form)
        if kind == "refresh_token":
            grant = self._grants.refreshed(needed(form, "refresh_token"), client_id)
            return self._answer(request, grant, grant.narrowed(form.get("scope")))
        verifier = form.get("code_verifier")
        grant = self._grants.redeem(needed(form, "code"), client_id, form.get("redirect_uri", ""), verifier)
        return self._answer(request, grant, grant.scopes, {"refresh_token": self._grants.refresh_token(grant)})

    def _answer(
        self, request: web.BaseRequest, grant: Grant, scopes: frozenset[str], more: dict[str, str] | None = None
    ) -> web.Response:
        persona = request["persona"] = grant.persona
        token, left_s = self._identities.new_token(persona, scopes, grant.client_id, grant)
        answer = {"access_token": token, "expires_in": left_s, "scope": " ".join(sorted(scopes))}
        answer |= {"token_type": "Bearer"} | (more or {})
        if "openid" in scopes:
            answer["id_token"] = self._identities.id_token(persona, grant.client_id, {"azp": grant.client_id})
        return json_answer(answer)

    def _for_service_account(self, request: web.BaseRequest, assertion: str) -> web.Response:
        try:
            persona, claims = self._identities.program(assertion)
        except ValueError as error:
            words = str(error)
            raise invalid_grant(words if words.startswith("Invalid") else "Bad Request") from None
        request["persona"] = persona
        audience = claims.get("aud")
        if not isinstance(audience, str) or audience not in _AUDIENCES:
            raise invalid_grant("Invalid JWT: Failed audience check.")
        if claims.get("sub", persona.email) != persona.email:
            raise OAuthError(
                401,
                "unauthorized_client",
                "Client is unauthorized to retrieve access tokens using this method, "
                "or client not authorized for any of the scopes requested.",
            )
        target, scope = claims.get("target_audience"), claims.get("scope")
        if isinstance(target, str) and target:
            return json_answer({"id_token": self._identities.id_token(persona, target)})
        if not isinstance(scope, str) or not scope.split():
            raise OAuthError(400, "invalid_scope", "Invalid OAuth scope or ID token audience provided.")
        token, left_s = self._identities.new_token(persona, frozenset(scope.split()))
        return json_answer({"access_token": token, "expires_in": left_s, "token_type": "Bearer"})

    async def revoke(self, request: web.BaseRequest) -> web.Response:
        """Handle ``/revoke``: revoke a refresh or access token, and the whole grant that it belongs to."""
        self._grants.revoke(needed(await form_of(request), "token"))
        return json_answer({})

    async def info(self, request: web.BaseRequest) -> web.Response:
        """Handle ``/tokeninfo``: describe an access or identity token, in older versions with older names."""
        form = await form_of(request)
        first = request.rel_url.path.startswith(_FIRST_VERSIONS)
        if form.get("id_token"):
            try:
                claims = self._identities.keys.google.claims(form["id_token"])
            except ValueError:
                raise OAuthError(400, "invalid_token", "Invalid Value") from None
            return json_answer({name: _text(value) for name, value in claims.items()})
        if not form.get("access_token"):
            raise invalid_request("either access_token, id_token, or token_handle required")
        held = self._identities.find(form["access_token"])
        if held is None:
            raise OAuthError(400, "invalid_token", "Invalid Value")
        request["persona"] = held.persona
        return json_answer(self._info_v1(held) if first else self._info_v3(held))

    def _info_v1(self, held: AccessToken) -> dict[str, Any]:
        persona, left_s = held.persona, self._identities.left_s(held)
        answer: dict[str, Any] = {"issued_to": held.client_id, "audience": held.client_id}
        if _shows_email(persona):
            answer |= {"user_id": persona.subject, "email": persona.email, "verified_email": True}
        answer |= {"scope": " ".join(sorted(persona.scopes)), "expires_in": left_s}
        return answer | {"access_type": "offline" if held.grant else "online"}

    def _info_v3(self, held: AccessToken) -> dict[str, Any]:
        persona, left_s = held.persona, self._identities.left_s(held)
        answer: dict[str, Any] = {"azp": held.client_id, "aud": held.client_id}
        answer |= {"scope": " ".join(sorted(persona.scopes)), "exp": str(int(held.expires)), "expires_in": str(left_s)}
        if _shows_email(persona):
            answer |= {"sub": persona.subject, "email": persona.email, "email_verified": "true"}
        return answer | {"access_type": "offline" if held.grant else "online"}

    async def user(self, request: web.BaseRequest) -> web.Response:
        """Handle ``/userinfo``: describe the owner of the request's access token."""
        token = request.headers.get("Authorization", "").partition(" ")[2].strip()
        held = self._identities.find(token or query_of(request).get("access_token", ""))
        if held is None:
            raise OAuthError(401, "invalid_request", "Invalid Credentials")
        persona = request["persona"] = held.persona
        first = request.rel_url.path.startswith(_FIRST_VERSIONS)
        answer: dict[str, Any] = {"id" if first else "sub": persona.subject}
        if _shows_email(persona):
            answer |= {"email": persona.email, "verified_email" if first else "email_verified": True}
        return json_answer(answer)


def _client(request: web.BaseRequest, form: dict[str, str]) -> str:
    """Return the id of the client, from the form or HTTP Basic; raise ``OAuthError`` for an unknown client."""
    client_id = form.get("client_id")
    if not client_id and request.headers.get("Authorization", "").startswith("Basic "):
        try:
            client_id = BasicAuth.decode(request.headers["Authorization"]).login
        except ValueError:
            raise OAuthError(401, "invalid_client", "Unauthorized") from None
    if not client_id:
        raise invalid_request("Could not determine client ID from request.")
    if client_id not in CLIENTS:
        raise OAuthError(401, "invalid_client", "The OAuth client was not found.")
    return client_id


def _shows_email(persona: Persona) -> bool:
    return persona.is_service_account or not persona.scopes.isdisjoint(_EMAIL_SCOPES)


def _text(value: Any) -> str:
    return json.dumps(value) if isinstance(value, bool) else str(value)
