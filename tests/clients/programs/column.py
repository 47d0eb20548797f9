"""One client's column of the table: runs its operations inside the stand-in and reports what came of each.

A program imports its client, registers a function for each operation and calls ``Column.run``. What must be there
before an operation, and what must be there after it, is put and looked at by plain requests, not by the client.
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
# More than every client sends in one piece, and no whole number of anybody's chunks.
BIG = random.Random(7).randbytes(9 * 2**20 + 7)  # noqa: S311
# What a careless parser of multipart bodies cuts off or turns into something else.
BINARY = b"\r\n--\r\n\x00" + bytes(range(256)) + b"\r\n\r\n"
NAME = "a space/Größe 100% + (1) & 流.bin"
SCRATCH, READ_ONLY = "leap-scratch", "leap-persistent-ro"
API = "https://storage.googleapis.com"


@cache
def token() -> str:
    """The hub's access token, from its metadata server."""
    url = f"http://{os.environ['GCE_METADATA_HOST']}/computeMetadata/v1/instance/service-accounts/default/token"
    answer = requests.get(url, headers={"Metadata-Flavor": "Google"}, timeout=20)
    return answer.json()["access_token"]


class Place:
    """A prefix in the scratch bucket that one operation has to itself."""

    bucket = SCRATCH
    scheme = "gs"

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix

    def name(self, name: str) -> str:
        """The object's whole name."""
        return f"{self.prefix}/{name}"

    def path(self, name: str) -> str:
        """Bucket and name, as file systems write them."""
        return f"{self.bucket}/{self.name(name)}"

    def url(self, name: str) -> str:
        """The address with ``gs://`` (``s3://`` in an S3 bucket)."""
        return f"{self.scheme}://{self.path(name)}"

    def put(self, name: str, data: bytes = SMALL) -> None:
        """Store an object."""
        query = {"uploadType": "media", "name": self.name(name)}
        self._call("POST", f"/upload/storage/v1/b/{self.bucket}/o", params=query, data=data).raise_for_status()

    def get(self, name: str) -> bytes | None:
        """An object's data, or ``None`` where there is none."""
        answer = self._call("GET", f"/storage/v1/b/{self.bucket}/o/{quote(self.name(name), safe='')}?alt=media")
        if answer.status_code == 404:
            return None
        answer.raise_for_status()
        return answer.content

    def names(self) -> list[str]:
        """The names of all objects here, without the prefix."""
        answer = self._call("GET", f"/storage/v1/b/{self.bucket}/o", params={"prefix": f"{self.prefix}/"})
        answer.raise_for_status()
        return [item["name"].removeprefix(f"{self.prefix}/") for item in answer.json().get("items", [])]

    def _call(self, method: str, path: str, **options) -> requests.Response:
        headers = {"Authorization": f"Bearer {token()}"}
        return requests.request(method, API + path, headers=headers, timeout=60, **options)


class Column:
    """The operations of one client. ``run`` writes what came of them to the file that ``argv[1]`` names.

    ``settings`` are those its users must make as well.
    """

    def __init__(self, client: str, version: str, settings: str = "none", place: type[Place] = Place) -> None:
        self._head = {"client": client, "version": version, "settings": settings}
        self._place = place
        self._actions: dict[str, Callable[[Place], str | None]] = {}
        self._absent: dict[str, str] = {}

    def operation(self, action: Callable[[Place], str | None]) -> Callable[[Place], str | None]:
        """Register a function under its own name; what it returns is said in the cell, such as an error's name."""
        self._actions[action.__name__] = action
        return action

    def absent(self, operation: str, why: str) -> None:
        """Say that the client has no such operation."""
        self._absent[operation] = why

    def run(self) -> None:
        """Run every operation, each at a place of its own."""
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
    """The name of the error that ``action`` raises; it must be of ``kind`` and say ``says``."""
    try:
        action()
    except kind as error:
        assert says in str(error), f"the error does not say {says!r}: {error!r}"
        return f"`{type(error).__name__}`"
    raise AssertionError(f"there was no {kind.__name__}")


def command(*arguments: str, stdin: bytes = b"", fails: str | None = None) -> bytes:
    """Run a command and return its standard output. With ``fails`` it must fail and say that on standard error."""
    ran = subprocess.run(arguments, input=stdin, capture_output=True, timeout=120)
    errors = ran.stderr.decode(errors="replace")
    if fails is None:
        assert ran.returncode == 0, f"exit {ran.returncode}: {errors.strip()[-2000:]}"
    else:
        assert ran.returncode != 0, f"it succeeded: {' '.join(arguments)}"
        assert fails in errors, f"it does not say {fails!r}: {errors.strip()[-2000:]}"
    return ran.stdout


def exit_of(fails: str, *arguments: str, stdin: bytes = b"") -> str:
    """What a failing command says, for its cell."""
    command(*arguments, stdin=stdin, fails=fails)
    return f"`{fails}`"
