"""The metadata server: how a program on the hub learns whose token it may use."""

from __future__ import annotations

import json

from aiohttp import web

from fakehub.facts import Facts
from fakehub.identity import CLOUD_PLATFORM, HUB_EMAIL, PROJECT, Identities

_FLAVOR = {"Metadata-Flavor": "Google", "Server": "Metadata Server for VM"}
_ROOT = "/computeMetadata/v1/"


class Metadata:
    """Answers as ``metadata.google.internal`` does on a machine of Google Cloud."""

    def __init__(self, facts: Facts, identities: Identities) -> None:
        self._identities = identities
        self._texts = {
            "project/project-id": PROJECT,
            "project/numeric-project-id": "1",
            "instance/zone": f"projects/1/zones/{facts.hub.zone}",
            "universe/universe-domain": "googleapis.com",
            "instance/service-accounts/": f"default/\n{HUB_EMAIL}/\n",
        }

    async def handle(self, request: web.BaseRequest) -> web.Response:
        """Answer one request; 403 without the header that shows it was meant, 404 for an unknown key."""
        path = request.rel_url.path
        if path == "/":
            return web.Response(text="computeMetadata/\n", headers=_FLAVOR)
        if request.headers.get("Metadata-Flavor") != "Google":
            return web.Response(status=403, text="Missing Metadata-Flavor:Google header.\n", headers=_FLAVOR)
        key = path.removeprefix(_ROOT)
        if key in self._texts:
            return web.Response(text=self._texts[key], headers=_FLAVOR)
        account, _, what = key.removeprefix("instance/service-accounts/").partition("/")
        if key.startswith("instance/service-accounts/") and account in {"default", HUB_EMAIL}:
            found = self._account(what, request)
            if found is not None:
                return found
        return web.Response(status=404, text=f"{path} is not a key of this metadata server.\n", headers=_FLAVOR)

    def _account(self, what: str, request: web.BaseRequest) -> web.Response | None:
        if what == "token":
            scopes = request.rel_url.query.get("scopes")
            asked = frozenset(scopes.replace(" ", ",").split(",")) if scopes else None
            token, expires = self._identities.issue("hub", asked)
            return _json({"access_token": token, "expires_in": expires, "token_type": "Bearer"})
        if what == "" and request.rel_url.query.get("recursive") == "true":
            return _json({"aliases": ["default"], "email": HUB_EMAIL, "scopes": [CLOUD_PLATFORM]})
        texts = {"": "aliases\nemail\nscopes\ntoken\n", "email": HUB_EMAIL, "scopes": f"{CLOUD_PLATFORM}\n"}
        return web.Response(text=texts[what], headers=_FLAVOR) if what in texts else None


def _json(value: dict) -> web.Response:
    return web.Response(body=json.dumps(value).encode(), content_type="application/json", headers=_FLAVOR)
