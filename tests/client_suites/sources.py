"""The tests in the source distributions of clients, in the versions that ``uv.lock`` has of both package and tests."""

from __future__ import annotations

import hashlib
import io
import tarfile
import tomllib
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


class SourceError(Exception):
    """A source distribution cannot be had; the message says why, in one line."""


def unpack(package: str, version: str, folder: str, target: Path) -> None:
    """Put ``folder`` of a package's source distribution into ``target``, under its last name.

    Raises ``SourceError``, also if the distribution has another checksum than the lock.
    """
    source = _locked(package, version)
    try:
        with urllib.request.urlopen(source["url"], timeout=60) as response:  # noqa: S310 - an address from the lock
            data = response.read()
    except urllib.error.URLError as error:
        raise SourceError(f"{source['url']} cannot be downloaded: {error.reason}") from None
    if f"sha256:{hashlib.sha256(data).hexdigest()}" != source["hash"]:
        raise SourceError(f"{source['url']} does not have the checksum in uv.lock")
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        root = archive.getnames()[0].partition("/")[0]
        parent = f"{root}/{folder}".rpartition("/")[0]
        for member in archive.getmembers():
            if member.name.startswith(f"{root}/{folder}/"):
                member.name = member.name.removeprefix(f"{parent}/")
                archive.extract(member, target, filter="data")


def _locked(package: str, version: str) -> dict[str, Any]:
    """Return address and checksum of a source distribution in the lock."""
    lock = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
    for entry in lock["package"]:
        if (entry["name"], entry.get("version")) == (package, version) and "sdist" in entry:
            return entry["sdist"]
    raise SourceError(f"uv.lock has no source distribution of {package} {version}")
