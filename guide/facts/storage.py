"""The sections about storage: the buckets of the hub and those of the Open Storage Network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field, model_validator
from pydantic.fields import PrivateAttr

from guide.facts.sources import Sources
from hubfacts import schema


class Bucket(schema.Bucket, extra="forbid"):
    """A bucket, each of its rules stated, and what it is for."""

    delete_after_days: int | None = Field(gt=0)
    hub: Literal["read", "write"]
    writers_group: bool
    uniform_access: bool
    for_: str = Field(alias="for")
    note: str | None = None
    _name: str = PrivateAttr("")

    @property
    def name(self) -> str:
        """The bucket's name, without ``gs://``."""
        return self._name


class HubIdentity(schema.HubIdentity, extra="forbid"):
    """The account that all servers share."""

    token_lives_s: int = Field(gt=0)


class OtherBucket(schema.OtherBucket, extra="forbid"):
    """A bucket of another project that examples read; pages need no more than the stand-in."""


class Buckets(schema.Buckets, extra="forbid"):
    """The buckets, and the two rules for their users; a hub without buckets needs neither."""

    options: Mapping[str, Bucket]
    others: Mapping[str, OtherBucket] = {}
    rules: list[str] = Field([], max_length=2)
    identity: HubIdentity = HubIdentity(token_lives_s=3600)
    src: Sources

    @model_validator(mode="after")
    def _set_names(self) -> Buckets:
        for name, bucket in self.options.items():
            bucket._name = name
        return self

    @property
    def has_writers(self) -> bool:
        """Whether the writers' group may write to any of the buckets."""
        return any(bucket.writers_group for bucket in self.options.values())

    @property
    def names_writers_group(self) -> bool:
        """Whether the address of the writers' group is given."""
        return "writers_group" in self.model_fields_set

    @property
    def names(self) -> list[str]:
        """The buckets' names, without ``gs://``."""
        return list(self.options)

    @property
    def scratch(self) -> Bucket | None:
        """The bucket whose objects are deleted after a few days."""
        return self._of("SCRATCH_BUCKET")

    @property
    def persistent(self) -> Bucket | None:
        """The bucket whose objects are kept."""
        return self._of("PERSISTENT_BUCKET")

    @property
    def variables(self) -> list[str]:
        """The variables with the user's prefixes in the buckets that pages use."""
        return [bucket.variable for bucket in (self.scratch, self.persistent) if bucket and bucket.variable]

    @property
    def example(self) -> Bucket | None:
        """The bucket that examples write to: the one whose objects expire, or else the one that keeps them."""
        return self.scratch or self.persistent

    @property
    def read_only(self) -> Bucket | None:
        """The bucket no server may write to, the first of several."""
        return next((bucket for bucket in self.options.values() if bucket.hub == "read"), None)

    @property
    def paid_by_reader(self) -> str | None:
        """The name of a bucket of another project whose readers pay, the first of several."""
        return next((name for name, bucket in self.others.items() if bucket.requester_pays), None)

    @property
    def uniform_for_writers(self) -> Bucket | None:
        """The first bucket without permissions for single objects to which the writers' group may write."""
        options = self.options.values()
        return next((bucket for bucket in options if bucket.uniform_access and bucket.writers_group), None)

    def _of(self, variable: str) -> Bucket | None:
        return next((bucket for bucket in self.options.values() if bucket.variable == variable), None)


class OsnBucket(schema.OsnBucket, extra="forbid"):
    """A bucket of the pod; ``rule`` tells readers who writes to it."""

    write: bool
    rule: str


class Osn(schema.Osn, extra="forbid"):
    """A pod of the Open Storage Network."""

    buckets: Mapping[str, OsnBucket] = Field(min_length=1)
    src: Sources

    @property
    def inbox(self) -> str | None:
        """The bucket that people write to, the first of several."""
        return next((name for name, bucket in self.buckets.items() if bucket.write), None)

    @property
    def inbox_is(self) -> str | None:
        """What the facts say about the inbox."""
        return self.buckets[self.inbox].rule if self.inbox else None

    @property
    def published(self) -> str | None:
        """The bucket that people only read, the last of several."""
        return next((name for name in reversed(list(self.buckets)) if not self.buckets[name].write), None)
