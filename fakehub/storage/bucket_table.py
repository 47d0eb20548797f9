"""The buckets as they are now: the facts, and what requests have changed about them since.

Members of the hub have ``roles/storage.admin`` on the buckets that they write to, so they can change a bucket's
settings and delete it, which a stand-in must not hide.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from hubfacts.schema import Bucket

# Settings that a request can change, as the facts name them.
_SETTINGS = ("delete_after_days", "versioning")


@dataclass(frozen=True, slots=True)
class BucketVersion:
    """A bucket between two changes. ``updated`` is ``None`` for one that nobody has changed.

    ``generation`` is compared in preconditions; it stays the same, because a deleted bucket cannot be made again.
    """

    facts: Bucket
    labels: dict[str, str] = field(default_factory=dict)
    metageneration: int = 1
    updated: float | None = None
    generation: int = 1

    @property
    def tag(self) -> str:
        """The entity tag, which names the metageneration."""
        number, encoded = self.metageneration, bytearray(b"\b")
        while number > 127:
            encoded.append(number & 127 | 128)
            number >>= 7
        return base64.b64encode(bytes([*encoded, number])).decode()

    def changed(self, when: float, settings: Mapping[str, Any], labels: dict[str, str]) -> BucketVersion:
        """Return the next version, with these ``settings`` (of ``delete_after_days`` and ``versioning``)."""
        facts = self.facts.model_copy(update=dict(settings))
        return replace(self, facts=facts, labels=labels, metageneration=self.metageneration + 1, updated=when)


class BucketTable(Mapping[str, Bucket]):
    """The facts of each bucket that exists, by its name."""

    def __init__(self, buckets: Mapping[str, Bucket]) -> None:
        self._versions = {name: BucketVersion(facts) for name, facts in buckets.items()}
        self._deleted: set[str] = set()

    def __getitem__(self, name: str) -> Bucket:
        return self._versions[name].facts

    def __iter__(self) -> Iterator[str]:
        return iter(self._versions)

    def __len__(self) -> int:
        return len(self._versions)

    def version(self, name: str) -> BucketVersion:
        """Return the present version of a bucket."""
        return self._versions[name]

    def set(self, name: str, version: BucketVersion) -> None:
        """Make ``version`` the present one."""
        self._versions[name] = version

    def remove(self, name: str) -> None:
        """Delete a bucket permanently."""
        del self._versions[name]
        self._deleted.add(name)

    def lines(self) -> Iterator[dict[str, Any]]:
        """Return the journal's lines for every change since the facts."""
        for name in sorted(self._deleted):
            yield line(name, None)
        for name, version in self._versions.items():
            if version.updated is not None:
                yield line(name, version)

    def restore(self, name: str, values: dict[str, Any] | None) -> None:
        """Repeat the change that a line of the journal records; skip a bucket that the facts no longer have."""
        if name not in self._versions:
            return
        if values is None:
            self.remove(name)
            return
        facts = self._versions[name].facts.model_copy(update={key: values.pop(key) for key in _SETTINGS})
        self._versions[name] = BucketVersion(facts, **values)


def line(name: str, version: BucketVersion | None) -> dict[str, Any]:
    """Return the journal's line for a change of a bucket; ``None`` says that it was deleted."""
    if version is None:
        return {"bucket": [name, None]}
    settings = {key: getattr(version.facts, key) for key in _SETTINGS}
    rest = {"labels": version.labels, "metageneration": version.metageneration, "updated": version.updated}
    return {"bucket": [name, settings | rest]}
