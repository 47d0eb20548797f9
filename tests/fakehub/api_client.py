"""A client of the JSON API: one connection that stays open, with the hub's token or without one."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import requests
import yaml

API = "/storage/v1/b"
UPLOAD = "/upload/storage/v1/b"
GOOGLE = "https://storage.googleapis.com"


class Api:
    """A client of the JSON API of a running server (see ``conftest.Server``)."""

    def __init__(self, server) -> None:
        self._server, self._base = server, f"https://127.0.0.1:{server.ports['tls']}"
        self.renew()
        self._session = requests.Session()
        # The certificate is for Google's host names, which do not resolve to this server outside the stand-in.
        self._session.verify = self._session.trust_env = False

    def renew(self) -> None:
        """Get a new token, as a client does when its token has expired."""
        self._token = self._server.token()

    def call(self, method: str, path: str, anonymous: bool = False, **options) -> requests.Response:
        """Send one request; ``path`` may also be a URL that the server returned."""
        headers = {"Host": "storage.googleapis.com"} | options.pop("headers", {})
        if not anonymous:
            headers["Authorization"] = f"Bearer {self._token}"
        url = self._base + path.removeprefix(GOOGLE)
        return self._session.request(method, url, headers=headers, **{"timeout": 30} | options)

    def put(self, bucket: str, name: str, data: bytes = b"data", **query) -> requests.Response:
        """Store an object with a simple upload."""
        path = f"{UPLOAD}/{bucket}/o?uploadType=media&name={quote(name, safe='')}"
        return self.call("POST", path, data=data, params=query)

    def get(self, bucket: str, name: str, **query) -> requests.Response:
        """Get an object's resource or, with ``alt="media"``, its content."""
        return self.call("GET", object_path(bucket, name), params=query)

    def listing(self, bucket: str, **query) -> dict:
        """Return one page of a listing."""
        return self.call("GET", f"{API}/{bucket}/o", params=query).json()


def object_path(bucket: str, name: str) -> str:
    """Return the path of an object's resource."""
    return f"{API}/{bucket}/o/{quote(name, safe='')}"


def facts_with(root: Path, folder: Path, bucket: str, **changes) -> str:
    """Write a copy of the project's facts to ``folder``, with ``changes`` to one bucket; return its path."""
    facts = yaml.safe_load((root / "hub.yml").read_text(encoding="utf-8"))
    facts["buckets"]["options"][bucket] |= changes
    (folder / "hub.yml").write_text(yaml.safe_dump(facts), encoding="utf-8")
    return str(folder / "hub.yml")


def signing_facts(root: Path, folder: Path) -> str:
    """Write a copy of the project's facts to ``folder``, with an account that may sign; return its path."""
    facts = yaml.safe_load((root / "hub.yml").read_text(encoding="utf-8"))
    facts["buckets"]["identity"]["signs"] = True
    (folder / "hub.yml").write_text(yaml.safe_dump(facts), encoding="utf-8")
    return str(folder / "hub.yml")
