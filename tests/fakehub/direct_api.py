"""The JSON API without a server, for tests that set the clock or count what is stored."""

import json
from types import SimpleNamespace

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


class Api:
    """The JSON API without a server, for the hub's account; ``state`` is a state directory."""

    def __init__(self, root, folder, state=None) -> None:
        facts = load(root / "hub.yml")
        self.clock = Clock()
        self.store = Store(facts.buckets.known, self.clock, folder, state)
        self._api = JsonApi(Storage(self.store, self.clock, facts))
        self._hub = personas(facts)["hub"]

    def call(self, method, path, body=b"", **query):
        """Return the answer with its ``status``, and its resource as ``json``."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        call = Call(method, path, MultiDict(query), CIMultiDict(), data, self._hub, "https://host")
        try:
            response = self._api.answer(call)
        except GoogleError as refused:
            response = refused.response()
        content = response.body or b""
        return SimpleNamespace(status=response.status, json=json.loads(content) if content[:1] == b"{" else content)

    def change(self, bucket="leap-scratch", verb="PATCH", query=(), **body):
        return self.call(verb, f"{API}/{bucket}", body, **dict(query))

    def put(self, bucket, name, data=b"data"):
        return self.call("POST", f"{UPLOAD}/{bucket}/o", data, uploadType="media", name=name)

    def get(self, bucket, name):
        return self.call("GET", f"{API}/{bucket}/o/{name}", alt="media")
