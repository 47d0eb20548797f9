"""The buckets as they are now: the facts, and what requests have made, changed and deleted since.

Members of the hub have ``roles/storage.admin`` on the buckets that they write to, so they can change a bucket's
settings and delete it, which a stand-in must not hide. An owner of the project can also make buckets.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from fakehub.accounts.personas import MADE
from hubfacts.schema import Bucket

DAY_S = 86400
# What the facts would say of a new bucket that its owner makes without any options.
OWNED = Bucket(hub="read", uniform_access=False)
# Settings that a request can change, as the facts name them.
_SETTINGS = ("delete_after_days", "versioning", "uniform_access", "requester_pays", "soft_delete_days")


@dataclass(frozen=True, slots=True)
class BucketVersion:
    """A bucket between two changes. ``updated`` is ``None`` for one that nobody has made or changed.

    ``made`` is when a request made the bucket, ``None`` for one of the facts; ``location`` is ``None`` for the hub's
    region. ``names_flat`` is whether the request said that there are no folders. New objects get ``storage_class`` and
    the predefined access control list ``default_acl``; ``acl`` is the bucket's own. ``soft_delete_since`` is when a
    request decided how long deleted objects are kept.
    """

    facts: Bucket
    labels: dict[str, str] = field(default_factory=dict)
    metageneration: int = 1
    updated: float | None = None
    made: float | None = None
    location: str | None = None
    storage_class: str = "STANDARD"
    prevents_public_access: bool = False
    names_flat: bool = False
    acl: str | None = None
    default_acl: str | None = None
    soft_delete_since: float | None = None

    @property
    def generation(self) -> int:
        """The number that preconditions compare; a bucket that is deleted and made again gets another one."""
        return 1 if self.made is None else int(self.made * 1e6)

    @property
    def tag(self) -> str:
        """The entity tag, which names the metageneration."""
        number, encoded = self.metageneration, bytearray(b"\b")
        while number > 127:
            encoded.append(number & 127 | 128)
            number >>= 7
        return base64.b64encode(bytes([*encoded, number])).decode()

    def changed(self, when: float, settings: Mapping[str, Any], labels: dict[str, str]) -> BucketVersion:
        """Return the next version, with these ``settings``: fields of this class and some of the facts."""
        facts = self.facts.model_copy(update={key: settings[key] for key in _SETTINGS if key in settings})
        rest = {key: value for key, value in settings.items() if key not in _SETTINGS}
        if facts.soft_delete_days != self.facts.soft_delete_days:
            rest["soft_delete_since"] = when
        return replace(self, facts=facts, labels=labels, metageneration=self.metageneration + 1, updated=when, **rest)


class BucketTable(Mapping[str, Bucket]):
    """The facts of each bucket that exists, by its name."""

    def __init__(self, buckets: Mapping[str, Bucket]) -> None:
        self._versions = {name: BucketVersion(facts) for name, facts in buckets.items()}

    def __getitem__(self, name: str) -> Bucket:
        return self._versions[name].facts

    def __iter__(self) -> Iterator[str]:
        return iter(self._versions)

    def __len__(self) -> int:
        return len(self._versions)

    def version(self, name: str) -> BucketVersion:
        """Return the present version of a bucket."""
        return self._versions[name]

    def rights_key(self, name: str) -> str:
        """Return the key of a persona's permissions in a bucket (see ``Persona.rights``)."""
        return name if self._versions[name].made is None else MADE

    def set(self, name: str, version: BucketVersion) -> None:
        """Make ``version`` the present one, of a new bucket or of one that exists."""
        self._versions[name] = version

    def remove(self, name: str) -> None:
        """Delete a bucket permanently."""
        del self._versions[name]

    def restore(self, name: str, values: dict[str, Any] | None) -> None:
        """Repeat the change that a state directory records; skip a bucket that the facts no longer have."""
        if name not in self._versions and not (values and values.get("made")):
            return
        if values is None:
            self.remove(name)
            return
        before = OWNED if values.get("made") else self._versions[name].facts
        facts = before.model_copy(update={key: values.pop(key) for key in _SETTINGS if key in values})
        self._versions[name] = BucketVersion(facts, **values)


def settings_of(version: BucketVersion) -> dict[str, Any]:
    """Return what a state directory records of a bucket."""
    settings = {key: getattr(version.facts, key) for key in _SETTINGS}
    return settings | {
        column.name: getattr(version, column.name) for column in fields(version) if column.name != "facts"
    }
