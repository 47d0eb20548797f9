"""One request of the JSON API, taken apart, and the answer in JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from fakehub.accounts.identities import Persona
from fakehub.storage.json_api.fields import only_fields

_JSON = {"Content-Type": "application/json; charset=UTF-8"}


@dataclass(slots=True)
class Call:
    """One request: ``parts`` are the names in its path, ``base`` the address the client used.

    ``query`` may hold a parameter several times (``getall``).
    """

    method: str
    parts: tuple[str, ...]
    query: Any
    headers: Mapping[str, str]
    body: bytes
    persona: Persona
    base: str


def json_response(resource: Any, query: Mapping[str, str], status: int = 200) -> web.Response:
    """A resource, or the fields of it that were asked for."""
    fields = query.get("fields")
    if fields:
        resource = only_fields(resource, fields)
    return web.Response(status=status, body=json.dumps(resource).encode(), headers=_JSON)


def json_text(text: str) -> web.Response:
    """An answer that is JSON text already."""
    return web.Response(body=text.encode(), headers=_JSON)
