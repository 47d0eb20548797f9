"""Check what a page leaves in the buckets, with a client that pages do not use."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from google.cloud.storage import Client

# Variables of the hub that name the prefixes a page may write to.
OWN_PREFIXES = ("SCRATCH_BUCKET", "PERSISTENT_BUCKET")


class EffectError(Exception):
    """A promise about a bucket or the home directory that does not hold, in one line."""


class Buckets:
    """The buckets, read with google-cloud-storage: pages use gcsfs, whose cache could hide its own mistakes."""

    @cached_property
    def _client(self) -> Client:
        from google.cloud import storage

        return storage.Client(project="guide")

    def names(self, url: str) -> list[str]:
        """Return the ``gs://`` URLs of all objects whose URL starts with ``url``."""
        return list(self.versions(url))

    def versions(self, url: str) -> dict[str, tuple[int, int]]:
        """Return the generation and metageneration of all objects whose URL starts with ``url``, by their URLs."""
        bucket, _, prefix = _expand(url).removeprefix("gs://").partition("/")
        blobs = self._client.list_blobs(bucket, prefix=prefix)
        return {f"gs://{bucket}/{blob.name}": (blob.generation, blob.metageneration) for blob in blobs}

    def metageneration(self, bucket: str) -> int | None:
        """Return a number that changes with a bucket's settings, ``None`` for a bucket that was deleted."""
        found = self._client.lookup_bucket(bucket)
        return None if found is None else int(found.metageneration or 0)

    def write(self, url: str, content: bytes) -> None:
        """Write one object."""
        bucket, _, name = _expand(url).removeprefix("gs://").partition("/")
        self._client.bucket(bucket).blob(name).upload_from_string(content)

    def check(self, leaves: Iterable[str], removes: Iterable[str]) -> None:
        """Raise ``EffectError`` unless every URL of ``leaves`` exists and no URL of ``removes`` does.

        A URL that ends in a slash stands for everything below it, any other for one object.
        """
        for url in leaves:
            if not self._exists(url):
                raise EffectError(f"should leave {url}, but it does not exist")
        for url in removes:
            if self._exists(url):
                raise EffectError(f"should remove {url}, but it still exists")

    def _exists(self, url: str) -> bool:
        names = self.names(url)
        return bool(names) if url.endswith("/") else _expand(url) in names

    def check_left(self, before: set[str], leaves: Iterable[str]) -> None:
        """Raise ``EffectError`` unless a page left exactly what it declares below the user's prefixes.

        ``before`` are the objects that were there when it started.
        """
        declared = {url: _expand(url) for url in leaves}
        now = self.own()
        for name in sorted(now - before):
            if not any(_is_below(name, url) for url in declared.values()):
                raise EffectError(f"the page leaves {name} behind; remove it, or declare it under 'leaves:'")
        for url, full in declared.items():
            if not any(_is_below(name, full) for name in now):
                raise EffectError(f"the page declares that it leaves {url}, but it does not exist")

    def own(self) -> set[str]:
        """Return the URLs of all objects below the user's prefixes."""
        return {name for variable in own_prefixes() for name in self.names(f"${variable}/")}


def own_prefixes() -> list[str]:
    """Return those of the variables that this hub has."""
    return [variable for variable in OWN_PREFIXES if variable in os.environ]


def _is_below(name: str, url: str) -> bool:
    return name == url or name.startswith(url.rstrip("/") + "/")


def _expand(url: str) -> str:
    """Replace the hub's variables in ``url``; raise ``EffectError`` if the result is not a gs:// URL."""
    full = os.path.expandvars(url)
    if not re.match(r"gs://[^/$]+/[^$]*$", full):
        raise EffectError(f"{url} is not an object URL made of the hub's variables")
    return full
