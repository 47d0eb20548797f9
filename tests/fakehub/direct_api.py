"""The JSON API without a server, for tests that set the clock or count what is stored."""

import asyncio
import json
from types import SimpleNamespace

from aiohttp import web
from multidict import CIMultiDict, MultiDict

from fakehub.accounts.personas import personas
from fakehub.clock import Clock
from fakehub.errors import GoogleError
from fakehub.storage.json_api.call import Call
from fakehub.storage.json_api.router import JsonApi
from fakehub.storage.service import Storage
from fakehub.storage.store import Store
from hubfacts.load import load

API, UPLOAD = "/storage/v1/b", "/upload/storage/v1/b"


async def _result(answer):
    return await answer


class Api:
    """The JSON API for any persona, by default for ``persona``; ``state`` is a state directory."""

    def __init__(self, root, folder, state=None, persona="hub") -> None:
        facts = load(root / "hub.yml")
        self.clock = Clock()
        self.store = Store(facts.buckets.known, self.clock, folder, state)
        self._api = JsonApi(Storage(self.store, self.clock, facts))
        self._personas, self._persona = personas(facts), persona

    def call(self, method, path, body=b"", persona="", headers=(), **query):
        """Return the answer with its ``status``, its resource or content as ``json``, and its error's message."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        sender = self._personas[persona or self._persona]
        call = Call(method, path, MultiDict(query), CIMultiDict(headers), data, sender, "https://host")
        try:
            response = self._api.answer(call)
            if not isinstance(response, web.Response):
                response = asyncio.run(_result(response))
        except GoogleError as refused:
            response = refused.response()
        content = response.body or b""
        resource = json.loads(content) if content[:1] == b"{" else content
        message = resource["error"]["message"] if response.status >= 400 else ""
        return SimpleNamespace(status=response.status, json=resource, headers=response.headers, message=message)

    def change(self, bucket="leap-scratch", verb="PATCH", query=(), **body):
        return self.call(verb, f"{API}/{bucket}", body, **dict(query))

    def put(self, bucket, name, data=b"data", persona="", **query):
        return self.call("POST", f"{UPLOAD}/{bucket}/o", data, persona, uploadType="media", name=name, **query)

    def get(self, bucket, name):
        return self.call("GET", f"{API}/{bucket}/o/{name}", alt="media")
