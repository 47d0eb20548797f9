"""Observations, the hub that they are made on, and requests."""

from __future__ import annotations

import http.client
import json
import os
import re
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

# The name that stands for the reader's in every result.
YOU = "funky-user"
ACCOUNT = "ACCOUNT"
EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
METADATA = "http://metadata.google.internal"
API = "https://storage.googleapis.com/storage/v1"
UPLOADS = "https://storage.googleapis.com/upload/storage/v1"
# How long to wait for an answer, in seconds.
PATIENCE_S = 30
GIB = 2**30


@dataclass(frozen=True)
class Observation:
    """One thing that the guide ``says`` about the hub, and what was ``seen``; ``None`` if it cannot be seen here."""

    name: str
    says: str
    seen: str | None
    why_unseen: str = ""

    @property
    def verdict(self) -> str:
        """Say in two words at most whether the guide is right."""
        if self.seen is None:
            return "not observable"
        return "agrees" if self.seen == self.says else "differs"


@dataclass(frozen=True)
class Answer:
    """A server's answer; status 0 if there was none."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    def json(self) -> dict[str, Any]:
        """Return the mapping in the body; an empty one if it is something else."""
        try:
            content = json.loads(self.body)
        except ValueError:
            return {}
        return content if isinstance(content, dict) else {}

    @property
    def message(self) -> str:
        """The error's message, in the format of any of Google's APIs; else the first line."""
        content = self.json()
        error = content.get("error")
        if isinstance(error, dict):
            return str(error.get("message", ""))
        if isinstance(error, str):
            return str(content.get("error_description", error))
        text = self.body.decode("utf-8", "replace").strip()
        found = re.search(r"<Message>(.*?)</Message>", text, re.DOTALL)
        return found[1] if found else text.partition("\n")[0][:200]

    @property
    def summary(self) -> str:
        """The status, and the message of an error."""
        if not self.status:
            return "no answer"
        return f"{self.status} {self.message}".strip() if self.status >= 400 else str(self.status)


class Hub:
    """The server on which the script runs: its variables, its files below ``root``, and what the guide says."""

    def __init__(self, guide: Mapping[str, Any], env: Mapping[str, str] = os.environ, root: Path = Path("/")) -> None:
        self.guide, self.env, self.root = guide, env, root
        self.user = env.get("JUPYTERHUB_USER", "")

    def masked(self, text: str) -> str:
        """Return a text without the reader's name and without addresses of accounts."""
        if self.user:
            text = re.sub(rf"(?<![\w-]){re.escape(self.user)}(?![\w-])", YOU, text)
        return EMAIL.sub(ACCOUNT, text)

    def observed(self, name: str, says: object, seen: object) -> Observation:
        """Return an observation, without the names of people."""
        return Observation(name, str(says), self.masked(str(seen)))

    @property
    def folder(self) -> str:
        """The folder of the script below the reader's prefix in a bucket."""
        return f"{self.user}/guide-examples/check-the-guide/"

    @cached_property
    def metadata_address(self) -> str:
        """The address of the metadata server."""
        host = self.env.get("GCE_METADATA_HOST")
        return f"http://{host}" if host else METADATA

    def metadata(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Ask the metadata server for a value."""
        flavor = {"Metadata-Flavor": "Google"} if headers is None else headers
        return send("GET", f"{self.metadata_address}/computeMetadata/v1/{path}", headers=flavor)

    @cached_property
    def token(self) -> str:
        """An access token of the server; empty if there is none."""
        content = self.metadata("instance/service-accounts/default/token").json()
        return str(content.get("access_token", ""))

    def call(self, method: str, url: str, data: bytes | None = None, **headers: str) -> Answer:
        """Send a request with the server's access token; an underscore in a header stands for a hyphen."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return send(method, url, data, {"Authorization": f"Bearer {self.token}"} | named)


def unseen(name: str, says: object, why: str) -> Observation:
    """Return an observation that cannot be made here."""
    return Observation(name, str(says), None, why)


def send(method: str, url: str, data: bytes | None = None, headers: Mapping[str, str] | None = None) -> Answer:
    """Send one request and return the answer, whatever its status."""
    request = urllib.request.Request(url, data, dict(headers or {}), method=method)  # noqa: S310 - fixed schemes
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:  # noqa: S310
            return Answer(answer.status, answer.read(), dict(answer.headers))
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.read(), dict(error.headers))
    except (OSError, http.client.HTTPException):  # refused, timed out, not resolved or broken off
        return Answer(0)
