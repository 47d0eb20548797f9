"""The IAM Service Account Credentials API, which creates credentials without a key file.

A service account may use it for itself only, if it has the role Service Account Token Creator. The account with a key
file has it, and that of the hub's servers if the facts say so. No account may act as another.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import Any

from aiohttp import web

from fakehub.accounts.identities import Identities
from fakehub.accounts.keys import Key
from fakehub.accounts.personas import Persona
from fakehub.accounts.tokens import json_answer
from fakehub.clock import Clock, rfc3339
from fakehub.errors import GoogleError, bad_request

_PATH = re.compile(r"/v1/projects/[^/]+/serviceAccounts/([^/:]+):(\w+)")
_IAM_SCOPES = {"https://www.googleapis.com/auth/cloud-platform", "https://www.googleapis.com/auth/iam"}
_PERMISSIONS = {
    "generateAccessToken": "iam.serviceAccounts.getAccessToken",
    "generateIdToken": "iam.serviceAccounts.getOpenIdToken",
    "signBlob": "iam.serviceAccounts.signBlob",
    "signJwt": "iam.serviceAccounts.signJwt",
}
# Google's words for a quota project that the caller may not use.
_DENIED = (
    "Caller does not have required permission to use project {project}. Grant the caller the "
    "roles/serviceusage.serviceUsageConsumer role, or a custom role with the serviceusage.services.use permission, by "
    "visiting https://console.developers.google.com/iam-admin/iam/project?project={project} and then retry. "
    "Propagation of the new permission may take a few minutes."
)


class IamCredentials:
    """The service of ``iamcredentials.googleapis.com``, with its four methods."""

    def __init__(self, identities: Identities, clock: Clock) -> None:
        self._identities, self._clock = identities, clock

    async def handle(self, request: web.BaseRequest) -> web.Response:
        """Answer one request; raise ``GoogleError`` if it is refused."""
        caller = request["persona"] = self._identities.bearer(request.headers.get("Authorization"))
        match = _PATH.fullmatch(request.rel_url.path)
        if match is None or match.group(2) not in _PERMISSIONS or request.method != "POST":
            raise GoogleError(404, "notFound", "Not Found")
        email, method = match.groups()
        project = request.headers.get("x-goog-user-project")
        key = self._authorized_key(caller, email, _PERMISSIONS[method], project)
        try:
            body = json.loads(await request.read() or b"{}")
        except (ValueError, RecursionError, web.HTTPRequestEntityTooLarge):
            raise bad_request("Invalid JSON payload received.", "parseError") from None
        if not isinstance(body, dict):
            raise bad_request("Invalid JSON payload received.", "parseError")
        return json_answer(self._answer(method, caller, key, body))

    def _authorized_key(self, caller: Persona, email: str, permission: str, project: str | None) -> Key:
        """Return the key of the service account.

        Raises ``GoogleError`` unless the caller has the permission and may use the quota ``project``, if there is one.
        """
        if caller.email is None:
            message = "Request is missing required authentication credential."
            raise GoogleError(401, "required", message)
        if caller.scopes.isdisjoint(_IAM_SCOPES):
            raise GoogleError(403, "insufficientPermissions", "Request had insufficient authentication scopes.")
        if project and project not in caller.projects:
            raise GoogleError(403, "forbidden", _DENIED.format(project=project))
        key = self._identities.keys.account(caller.email if email == "-" else email)
        if key is None or key.owner != caller.email or not caller.signs:
            message = f"Permission '{permission}' denied on resource (or it may not exist)."
            raise GoogleError(403, "forbidden", message)
        return key

    def _answer(self, method: str, caller: Persona, key: Key, body: dict[str, Any]) -> dict[str, Any]:
        if method == "generateAccessToken":
            scopes = body.get("scope")
            if not isinstance(scopes, list) or not scopes or not all(isinstance(scope, str) for scope in scopes):
                raise bad_request("Request contains an invalid argument: scope.")
            token, left_s = self._identities.new_token(caller, frozenset(scopes))
            return {"accessToken": token, "expireTime": rfc3339(self._clock.now() + left_s)}
        if method == "generateIdToken":
            return {"token": self._identities.id_token(caller, _text(body, "audience"))}
        if method == "signJwt":
            try:
                claims = json.loads(_text(body, "payload"))
            except (ValueError, RecursionError):
                claims = None
            if not isinstance(claims, dict):
                raise bad_request("Request contains an invalid argument: payload.")
            return {"keyId": key.id, "signedJwt": key.token(claims)}
        try:
            payload = base64.b64decode(_text(body, "payload"), validate=True)
        except binascii.Error:
            raise bad_request("Request contains an invalid argument: payload.") from None
        return {"keyId": key.id, "signedBlob": base64.b64encode(key.sign(payload)).decode()}


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise bad_request(f"Request contains an invalid argument: {name}.")
    return value
