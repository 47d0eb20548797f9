"""The part of the facts' schema that is about the hub as a whole, its guide and where its users get help."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator


class Model(BaseModel):
    """A section of the facts: nothing in it may be unknown, and none of it changes."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


Url = Annotated[str, Field(pattern=r"^https://[^\s]+$")]
Sources = Annotated[list[str], Field(min_length=1)]


class Source(Model):
    """Where facts were read, and how old that is."""

    what: str
    date: str
    commit: str | None = None


class Guide(Model):
    """What the guide calls itself, whose it is, and where its sources are."""

    title: str
    author: str
    cite_as: str = Field(pattern=r"^\w+$")
    site: Url
    repository: str = Field(pattern=r"^https://[^/\s]+/[^/\s]+/[^/\s]+$")
    branch: str

    @property
    def ssh(self) -> str:
        """The repository's address for SSH."""
        host, _, path = self.repository.removeprefix("https://").partition("/")
        return f"git@{host}:{path}.git"


class Operator(Model):
    name: str
    url: Url


class Video(Model):
    youtube: str
    by: str
    of: str
    about: str
    src: Sources


class Login(Model):
    with_: str = Field(alias="with")
    note: str | None = None


class Timeouts(Model):
    idle_kernel_culled_after_s: int = Field(gt=0)
    server_max_age_s: int = Field(gt=0)
    spawn_timeout_s: int = Field(gt=0)
    src: Sources


class Hub(Model):
    """The hub and where it runs; ``project`` is its project at the cloud, ``community`` the short name of who pays."""

    name: str
    community: str
    members: str
    project: str = Field(pattern=r"^[a-z][a-z0-9-]{4,28}[a-z0-9]$")
    url: Url
    control_panel: Url
    cloud: str
    region: str
    zone: str
    operator: Operator
    configuration: Url
    intro_video: Video | None = None
    login: Login
    named_servers: bool
    timeouts: Timeouts
    src: Sources

    @field_validator("cloud")
    @classmethod
    def _on_google(cls, cloud: str) -> str:
        if cloud != "Google Cloud":
            raise ValueError(f"only a hub on Google Cloud can be played; the buckets of {cloud} are of another kind")
        return cloud


class OfficeHours(Model):
    when: str
    where: str
    book: Url


class Help(Model):
    forum: Url
    office_hours: OfficeHours
    new_dataset_request: Url
    dataset_issues: Url
    feedstock_template: Url
    catalog: Url
    application_form: Url
    src: Sources
