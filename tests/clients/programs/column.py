"""One client's column of the table: run its operations inside the stand-in and report the result of each.

A program imports its client, registers a function for each operation and calls ``Column.run``. Plain requests, not the
client, create the objects that an operation needs and check the objects that it must leave.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import traceback
from collections.abc import Callable
from functools import cache
from pathlib import Path
from urllib.parse import quote

import requests

SMALL = b"one line\n"
# Larger than any client's single request, and not a multiple of any client's chunk size.
BIG = random.Random(7).randbytes(9 * 2**20 + 7)  # noqa: S311
# Bytes that a careless parser of multipart bodies would cut off or change.
BINARY = b"\r\n--\r\n\x00" + bytes(range(256)) + b"\r\n\r\n"
NAME = "a space/Größe 100% + (1) & 流.bin"
SCRATCH, READ_ONLY = "leap-scratch", "leap-persistent-ro"
API = "https://storage.googleapis.com"


@cache
def token() -> str:
    """Return the hub's access token from its metadata server."""
    url = f"http://{os.environ['GCE_METADATA_HOST']}/computeMetadata/v1/instance/service-accounts/default/token"
    answer = requests.get(url, headers={"Metadata-Flavor": "Google"}, timeout=20)
    return answer.json()["access_token"]


class Place:
    """A prefix in the scratch bucket that only one operation uses."""

    bucket = SCRATCH
    scheme = "gs"

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix

    def name(self, name: str) -> str:
        """Return the object's full name."""
        return f"{self.prefix}/{name}"

    def path(self, name: str) -> str:
        """Return bucket and name, as file systems write them."""
        return f"{self.bucket}/{self.name(name)}"

    def url(self, name: str) -> str:
        """Return the address with ``gs://`` (``s3://`` in an S3 bucket)."""
        return f"{self.scheme}://{self.path(name)}"

    def put(self, name: str, data: bytes = SMALL) -> None:
        """Store an object."""
        query = {"uploadType": "media", "name": self.name(name)}
        self._call("POST", f"/upload/storage/v1/b/{self.bucket}/o", params=query, data=data).raise_for_status()

    def get(self, name: str) -> bytes | None:
        """Return an object's data, or ``None`` if it does not exist."""
        answer = self._call("GET", f"/storage/v1/b/{self.bucket}/o/{quote(self.name(name), safe='')}?alt=media")
        if answer.status_code == 404:
            return None
        answer.raise_for_status()
        return answer.content

    def names(self) -> list[str]:
        """Return the names of all objects here, without the prefix."""
        answer = self._call("GET", f"/storage/v1/b/{self.bucket}/o", params={"prefix": f"{self.prefix}/"})
        answer.raise_for_status()
        return [item["name"].removeprefix(f"{self.prefix}/") for item in answer.json().get("items", [])]

    def _call(self, method: str, path: str, **options) -> requests.Response:
        headers = {"Authorization": f"Bearer {token()}"}
        return requests.request(method, API + path, headers=headers, timeout=60, **options)


class Column:
    """The operations of one client. ``run`` writes their results to the file that ``argv[1]`` names.

    ``settings`` describes the settings that the client's users need too.
    """

    def __init__(self, client: str, version: str, settings: str = "none", place: type[Place] = Place) -> None:
        self._head = {"client": client, "version": version, "settings": settings}
        self._place = place
        self._actions: dict[str, Callable[[Place], str | None]] = {}
        self._absent: dict[str, str] = {}

    def operation(self, action: Callable[[Place], str | None]) -> Callable[[Place], str | None]:
        """Register a function under its name; it may return a text for the cell, such as the name of an error."""
        self._actions[action.__name__] = action
        return action

    def absent(self, operation: str, why: str) -> None:
        """Record that the client has no such operation."""
        self._absent[operation] = why

    def run(self) -> None:
        """Run every operation, each at its own place."""
        cells = {name: {"outcome": "absent", "says": why} for name, why in self._absent.items()}
        for name, action in self._actions.items():
            try:
                says = action(self._place(f"{os.environ['JUPYTERHUB_USER']}/{name}"))
                cells[name] = {"outcome": "ok", "says": says or ""}
            except Exception as error:
                traceback.print_exc()
                cells[name] = {"outcome": "failed", "says": f"{type(error).__name__}: {error}"}
        Path(sys.argv[1]).write_text(json.dumps(self._head | {"cells": cells}), encoding="utf-8")


def error_of(kind: type[BaseException], says: str, action: Callable[[], object]) -> str:
    """Return the name of the error that ``action`` raises; it must be a ``kind`` and contain ``says``."""
    try:
        action()
    except kind as error:
        assert says in str(error), f"the error does not contain {says!r}: {error!r}"
        return f"`{type(error).__name__}`"
    raise AssertionError(f"no {kind.__name__} was raised")


def command(*arguments: str, stdin: bytes = b"", fails: str | None = None) -> bytes:
    """Run a command and return its standard output. With ``fails``, it must fail and print that to standard error."""
    ran = subprocess.run(arguments, input=stdin, capture_output=True, timeout=120)
    errors = ran.stderr.decode(errors="replace")
    if fails is None:
        assert ran.returncode == 0, f"exit {ran.returncode}: {errors.strip()[-2000:]}"
    else:
        assert ran.returncode != 0, f"it succeeded: {' '.join(arguments)}"
        assert fails in errors, f"it does not print {fails!r}: {errors.strip()[-2000:]}"
    return ran.stdout


def exit_of(fails: str, *arguments: str, stdin: bytes = b"") -> str:
    """Run a command that must fail, and return its error for the cell."""
    command(*arguments, stdin=stdin, fails=fails)
    return f"`{fails}`"
