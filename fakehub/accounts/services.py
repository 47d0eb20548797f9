"""Route requests to Google's account hosts by host and path."""

from __future__ import annotations

import re
from urllib.parse import unquote

from aiohttp import web

from fakehub.accounts.consent import Consent, code_page
from fakehub.accounts.grants import Grants
from fakehub.accounts.iam import IamCredentials
from fakehub.accounts.identities import Identities
from fakehub.accounts.keys import ISSUER
from fakehub.accounts.tokens import Tokens, json_answer
from fakehub.clock import Clock
from fakehub.errors import GoogleError
from fakehub.service import Service

# The methods that a path allows, and its handler.
_Route = tuple[tuple[str, ...], Service]
# These paths of www.googleapis.com belong to the accounts, all others to the storage.
_ACCOUNT_PATHS = ("/oauth2/", "/robot/v1/metadata/")
_TEST_PERMISSIONS = re.compile(r"/v[0-9]+/projects/([^/:]+):testIamPermissions")
_SIGNER_PATHS = ("/robot/v1/metadata/x509/", "/robot/v1/metadata/jwk/")


class Accounts:
    """The service of Google's account hosts."""

    def __init__(self, identities: Identities, grants: Grants, clock: Clock, person: str) -> None:
        """``person`` names the persona whose account is signed in to the browser of the session's machine."""
        self._identities = identities
        tokens, consent = Tokens(identities, grants), Consent(grants, identities.personas[person])
        self._iam = IamCredentials(identities, clock)
        get, post, both = ("GET",), ("POST",), ("GET", "POST")
        www: dict[str, _Route] = {f"/oauth2/v{version}/tokeninfo": (both, tokens.info) for version in (1, 2, 3)}
        www |= {f"/oauth2/v{version}/userinfo": (both, tokens.user) for version in (1, 2, 3)}
        www |= {"/oauth2/v4/token": (post, tokens.token), "/oauth2/v1/certs": (get, self._certificates)}
        www |= {"/oauth2/v3/certs": (get, self._keys)}
        self._paths: dict[str, dict[str, _Route]] = {
            "oauth2.googleapis.com": {
                "/token": (post, tokens.token),
                "/revoke": (both, tokens.revoke),
                "/tokeninfo": (both, tokens.info),
            },
            "accounts.google.com": {
                "/o/oauth2/auth": (both, consent.ask),
                "/o/oauth2/v2/auth": (both, consent.ask),
                "/o/oauth2/token": (post, tokens.token),
                "/o/oauth2/revoke": (both, tokens.revoke),
                "/.well-known/openid-configuration": (get, _configuration),
            },
            "openidconnect.googleapis.com": {"/v1/userinfo": (both, tokens.user)},
            "sdk.cloud.google.com": {
                "/authcode.html": (get, code_page),
                "/applicationdefaultauthcode.html": (get, code_page),
            },
            "www.googleapis.com": www,
        }

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer a request to one of the account hosts; raise ``GoogleError`` if it is refused."""
        host, path = request.host.partition(":")[0], request.rel_url.path
        if host == "iamcredentials.googleapis.com":
            return await self._iam.handle(request)
        if host == "cloudresourcemanager.googleapis.com":
            return self._project(request)
        if path.startswith(_SIGNER_PATHS):
            return self._signer(path)
        route = self._paths.get(host, {}).get(path)
        if route is None:
            raise GoogleError(404, "notFound", "Not Found")
        methods, handler = route
        if request.method not in methods:
            raise GoogleError(405, "methodNotAllowed", "Method Not Allowed")
        return await handler(request)

    def beside(self, storage: Service) -> Service:
        """Return the service of ``www.googleapis.com``, where the accounts share the host with ``storage``."""

        async def answer(request: web.BaseRequest) -> web.StreamResponse:
            is_account_path = request.rel_url.raw_path.startswith(_ACCOUNT_PATHS)
            return await (self.handle(request) if is_account_path else storage(request))

        return answer

    def _project(self, request: web.BaseRequest) -> web.Response:
        """Answer gcloud's question about permissions in a project: to have one's own project billed, and no others."""
        persona = request["persona"] = self._identities.bearer(request.headers.get("Authorization"))
        if persona.email is None:
            raise GoogleError(401, "required", "Request is missing required authentication credential.")
        match = _TEST_PERMISSIONS.fullmatch(request.rel_url.path)
        if request.method == "POST" and match:
            held = {"permissions": ["serviceusage.services.use"]} if match.group(1) in persona.projects else {}
            return json_answer(held)
        raise GoogleError(403, "forbidden", "The caller does not have permission")

    async def _certificates(self, _: web.BaseRequest) -> web.Response:
        key = self._identities.keys.google
        return json_answer({key.id: key.certificate})

    async def _keys(self, _: web.BaseRequest) -> web.Response:
        return json_answer({"keys": [self._identities.keys.google.jwk]})

    def _signer(self, path: str) -> web.Response:
        kind, _, email = path.removeprefix("/robot/v1/metadata/").partition("/")
        key = self._identities.keys.account(unquote(email))
        if key is None:
            raise GoogleError(404, "notFound", "Not Found")
        return json_answer({key.id: key.certificate} if kind == "x509" else {"keys": [key.jwk]})


async def _configuration(_: web.BaseRequest) -> web.Response:
    return json_answer(
        {
            "issuer": ISSUER,
            "authorization_endpoint": f"{ISSUER}/o/oauth2/v2/auth",
            "token_endpoint": "https://oauth2.googleapis.com/token",
            "userinfo_endpoint": "https://openidconnect.googleapis.com/v1/userinfo",
            "revocation_endpoint": "https://oauth2.googleapis.com/revoke",
            "jwks_uri": "https://www.googleapis.com/oauth2/v3/certs",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "scopes_supported": ["openid", "email", "profile"],
            "code_challenge_methods_supported": ["plain", "S256"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
        }
    )
