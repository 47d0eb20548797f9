"""The metadata server, from which programs on the hub get project, account and tokens."""

from __future__ import annotations

import json
import re
from typing import Any

from aiohttp import web

from fakehub.accounts.forms import query_of
from fakehub.accounts.identities import Identities, Persona
from hubfacts.schema import Facts

_FLAVOR = {"Metadata-Flavor": "Google", "Server": "Metadata Server for VM", "X-Frame-Options": "SAMEORIGIN"}
_ROOT = "/computeMetadata/v1"
_PROJECT_NUMBER = 1
_ACCOUNTS = "service-accounts"


class MetadataServer:
    """The service of ``metadata.google.internal``, as on a machine of Google Cloud."""

    def __init__(self, facts: Facts, identities: Identities) -> None:
        self._identities = identities
        self._hub: Persona = identities.personas["hub"]
        account = {"aliases": ["default"], "email": self._hub.email, "identity": "", "token": ""}
        account["scopes"] = sorted(self._hub.scopes)
        self._tree: dict[str, Any] = {
            "instance": {
                "attributes": {},
                _ACCOUNTS: {"default": account, self._hub.email: account},
                "zone": f"projects/{_PROJECT_NUMBER}/zones/{facts.hub.zone}",
            },
            "project": {"attributes": {}, "numeric-project-id": _PROJECT_NUMBER, "project-id": self._hub.project},
            "universe": {"universe-domain": "googleapis.com"},
        }

    async def handle(self, request: web.BaseRequest) -> web.Response:
        """Answer one request: 403 without the header ``Metadata-Flavor``, 404 for an unknown key."""
        path = request.rel_url.path
        if request.method not in {"GET", "HEAD"}:
            return _text("Method Not Allowed\n", 405)
        if request.headers.get("X-Forwarded-For") is not None:
            return _text("Requests with the header X-Forwarded-For are not allowed.\n", 403)
        if path == "/":
            return _text("computeMetadata/\n")
        if request.headers.get("Metadata-Flavor") != "Google":
            return _text("Missing Metadata-Flavor:Google header.\n", 403)
        if path.rstrip("/") == "/computeMetadata":
            return _text("v1/\n")
        value = self._value(path.removeprefix(_ROOT)) if path.startswith(_ROOT) else None
        if value is None:
            return _text(f"{path} is not a key of this metadata server.\n", 404)
        query = query_of(request)
        if not isinstance(value, dict):
            return self._leaf(path, value, query)
        if not path.endswith("/"):
            headers = _FLAVOR | {"Location": f"{path}/{'?' if request.query_string else ''}{request.query_string}"}
            return web.Response(status=301, headers=headers)
        if query.get("recursive", "").lower() == "true":
            value = _without_actions(value)
            if query.get("alt") == "text":
                return _text("".join(f"{line}\n" for line in _lines(value)))
            return _json(_camel_case(value))
        names = "".join(f"{name}/\n" if isinstance(child, dict) else f"{name}\n" for name, child in value.items())
        return _json(names.split()) if query.get("alt") == "json" else _text(names)

    def _value(self, path: str) -> Any:
        """Return the value at a path of the tree, or ``None``."""
        if path and not path.startswith("/"):
            return None
        value: Any = self._tree
        for name in path.strip("/").split("/") if path.strip("/") else ():
            value = value.get(name) if isinstance(value, dict) else None
        return value

    def _leaf(self, path: str, value: Any, query: dict[str, str]) -> web.Response:
        if f"/{_ACCOUNTS}/" in path and path.endswith("/token"):
            return self._token(query.get("scopes"))
        if f"/{_ACCOUNTS}/" in path and path.endswith("/identity"):
            return self._identity(query)
        if query.get("alt") == "json":
            return _json(value)
        return _text("".join(f"{line}\n" for line in value) if isinstance(value, list) else str(value))

    def _token(self, scopes: str | None) -> web.Response:
        asked = frozenset(re.split(r"[,\s]+", scopes.strip(", "))) if scopes else None
        token, expires = self._identities.issue(self._hub.name, asked)
        return _json({"access_token": token, "expires_in": expires, "token_type": "Bearer"})

    def _identity(self, query: dict[str, str]) -> web.Response:
        audience = query.get("audience")
        if not audience:
            return _text("non-empty audience parameter required\n", 400)
        more: dict[str, Any] = {}
        if query.get("format") == "full":
            zone = self._tree["instance"]["zone"].rpartition("/")[2]
            engine = {"project_id": self._hub.project, "project_number": _PROJECT_NUMBER, "zone": zone}
            more = {"google": {"compute_engine": engine}}
        return _text(self._identities.id_token(self._hub, audience, more))


def _without_actions(tree: dict[str, Any]) -> dict[str, Any]:
    """Return the tree without the keys that create tokens, which a recursive answer leaves out."""
    return {
        name: _without_actions(value) if isinstance(value, dict) else value
        for name, value in tree.items()
        if name not in {"identity", "token"}
    }


def _camel_case(tree: dict[str, Any]) -> dict[str, Any]:
    """Return the tree with names as in JSON answers, such as ``projectId``; email addresses stay unchanged."""
    return {
        name if "@" in name else re.sub(r"-(\w)", lambda match: match.group(1).upper(), name): (
            _camel_case(value) if isinstance(value, dict) else value
        )
        for name, value in tree.items()
    }


def _lines(tree: dict[str, Any], prefix: str = "") -> list[str]:
    """Format the tree as text, one line per key with its whole path."""
    lines = []
    for name, value in tree.items():
        if isinstance(value, dict):
            lines += _lines(value, f"{prefix}{name}/")
        else:
            lines += [f"{prefix}{name} {one}" for one in (value if isinstance(value, list) else [value])]
    return lines


def _text(text: str, status: int = 200) -> web.Response:
    body = text.encode(errors="replace")
    return web.Response(status=status, body=body, content_type="application/text", charset="utf-8", headers=_FLAVOR)


def _json(value: Any) -> web.Response:
    return web.Response(body=json.dumps(value).encode(), content_type="application/json", headers=_FLAVOR)
