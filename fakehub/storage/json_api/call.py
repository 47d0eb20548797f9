"""One request of the JSON API, how its bucket is resolved, and the answer in JSON."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from aiohttp import web
from multidict import MultiMapping

from fakehub.accounts.identities import Persona
from fakehub.storage.bucket_access import BucketAccess
from fakehub.storage.json_api.fields import only_fields
from fakehub.storage.service import Storage
from fakehub.storage.spool import Content, in_memory

_JSON = {"Content-Type": "application/json; charset=UTF-8"}


@dataclass(slots=True)
class Call:
    """One request: ``path`` is still percent-encoded, ``base`` is the address that the client used.

    ``query`` may hold a parameter several times (``getall``), and the names of ``headers`` are not case-sensitive.
    ``content`` is the request's body. ``names`` are the decoded names in the path (bucket, object, ...), set once the
    method is known; ``project`` is the one that is billed, ``None`` for the bucket's own.
    """

    method: str
    path: str
    query: MultiMapping[str]
    headers: MultiMapping[str]
    content: Content
    persona: Persona
    base: str
    names: tuple[str, ...] = ()
    project: str | None = None

    @property
    def body(self) -> bytes:
        """The body of a request that uploads nothing; raises ``GoogleError`` (413) for a large one."""
        return in_memory(self.content)


# An answer, or that of a method that has to wait for something.
Answer = web.Response | Awaitable[web.Response]
# Answers a call of one method; raises ``GoogleError``.
Handler = Callable[[Storage, Call], Answer]
BucketHandler = Callable[[Storage, Call, BucketAccess], Answer]


def in_bucket(handler: BucketHandler, permission: str | None = None) -> Handler:
    """Return a handler that resolves the bucket in the path and checks ``permission`` before it calls ``handler``."""

    def resolved(storage: Storage, call: Call) -> Answer:
        return handler(storage, call, storage.bucket(call.persona, call.names[0], permission, call.project))

    return resolved


def json_response(resource: object, query: Mapping[str, str], status: int = 200) -> web.Response:
    """Answer with a resource, or with the fields of it that ``query`` asks for."""
    fields = query.get("fields")
    if fields:
        resource = only_fields(resource, fields)
    return web.Response(status=status, body=json.dumps(resource).encode(), headers=_JSON)


def json_text(text: str) -> web.Response:
    """Answer with text that is JSON already."""
    return web.Response(body=text.encode(), headers=_JSON)
