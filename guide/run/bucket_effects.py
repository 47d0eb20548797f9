"""What a page promises to leave in a bucket, asserted from outside with a client the page does not use."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

# The prefixes a page may write to, by the hub's variables that name them.
OWN_PREFIXES = ("SCRATCH_BUCKET", "PERSISTENT_BUCKET")


class EffectError(Exception):
    """A promise about a bucket that does not hold, in one line."""


class Buckets:
    """Looks into the buckets with google-cloud-storage; pages use gcsfs, so a wrong cache cannot agree with itself."""

    @cached_property
    def _client(self):
        from google.cloud import storage

        return storage.Client(project="guide")

    def names(self, url: str) -> list[str]:
        """Full ``gs://`` URLs of all objects whose name starts with the ``url``'s."""
        bucket, _, prefix = _expand(url).removeprefix("gs://").partition("/")
        return [f"gs://{bucket}/{blob.name}" for blob in self._client.list_blobs(bucket, prefix=prefix)]

    def check(self, leaves: Iterable[str], removes: Iterable[str]) -> None:
        """Raise ``EffectError`` unless every URL of ``leaves`` exists and none of ``removes`` does.

        A URL that ends in a slash speaks of everything below it, any other of one object.
        """
        for url in leaves:
            if not self._present(url):
                raise EffectError(f"it should leave {url}, but nothing is there")
        for url in removes:
            if self._present(url):
                raise EffectError(f"it should remove {url}, but it is still there")

    def _present(self, url: str) -> bool:
        names = self.names(url)
        return bool(names) if url.endswith("/") else _expand(url) in names

    def check_left(self, before: set[str], leaves: Iterable[str]) -> None:
        """Raise ``EffectError`` unless a page left, below the user's prefixes, what it says it leaves and no more."""
        allowed = {url: _expand(url) for url in leaves}
        now = self.own()
        for name in sorted(now - before):
            if not any(name == url or name.startswith(url.rstrip("/") + "/") for url in allowed.values()):
                raise EffectError(f"the page leaves {name} behind; clean it up, or name it under 'leaves:'")
        for url, full in allowed.items():
            if not any(name == full or name.startswith(full.rstrip("/") + "/") for name in now):
                raise EffectError(f"the page says it leaves {url}, but nothing is there")

    def own(self) -> set[str]:
        """URLs of all objects below the user's own prefixes."""
        return {name for variable in OWN_PREFIXES for name in self.names(f"${variable}/")}


def in_home(home: Path) -> set[str]:
    """Names of what lies in the home directory ``home`` and is not hidden."""
    return {path.name for path in home.iterdir() if not path.name.startswith(".")}


def check_home(home: Path, before: set[str]) -> None:
    """Raise ``EffectError`` when a page left a file or a directory in the home directory that was not there."""
    if left := sorted(in_home(home) - before):
        raise EffectError(f"the page leaves ~/{left[0]} behind; clean it up")


def _expand(url: str) -> str:
    """``url`` with the hub's variables put in; raises ``EffectError`` when one is unknown or it is no gs:// URL."""
    full = os.path.expandvars(url)
    if not re.match(r"gs://[^/$]+/[^$]*$", full):
        raise EffectError(f"{url} is not an object URL made of the hub's variables")
    return full
