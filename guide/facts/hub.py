"""The sections about the hub, its guide, the help for its users, the home directory and git."""

from __future__ import annotations

from pydantic import Field

from guide.facts.sources import Sources
from hubfacts import schema
from hubfacts.schema import Model, Url


class Guide(Model, extra="forbid"):
    """The guide's title and author, and the repository of its sources."""

    title: str
    author: str
    cite_as: str = Field(pattern=r"^\w+$")
    site: Url
    repository: str = Field(pattern=r"^https://[^/\s]+/[^/\s]+/[^/\s]+$")
    branch: str

    @property
    def host(self) -> str:
        """The host of the repository."""
        return self.repository.removeprefix("https://").partition("/")[0]

    @property
    def ssh(self) -> str:
        """The repository's address for SSH."""
        host, _, path = self.repository.removeprefix("https://").partition("/")
        return f"git@{host}:{path}.git"

    @property
    def archive(self) -> str:
        """The address of the sources as a zip file."""
        folder = f"{self.repository.rpartition('/')[2]}-{self.branch}"
        gitlab = f"{self.repository}/-/archive/{self.branch}/{folder}.zip"
        return gitlab if "gitlab" in self.host else f"{self.repository}/archive/refs/heads/{self.branch}.zip"


class Operator(Model, extra="forbid"):
    """The organisation that runs the hub; its ``status_page`` lists outages and planned maintenance."""

    name: str
    url: Url
    status_page: Url | None = None


class Video(Model, extra="forbid"):
    """A video about the hub, by its number on YouTube."""

    youtube: str
    by: str
    of: str
    about: str
    src: Sources


class Login(schema.Login, extra="forbid"):
    """The service that people log in with; the ``account`` there, and their ``username`` on the hub, in words."""

    with_: str = Field(alias="with")
    account: str = "a GitHub account"
    username: str = "your GitHub username"
    note: str | None = None


class Timeouts(schema.Timeouts, extra="forbid"):
    """The hub's timeouts, each stated and with a source."""

    idle_kernel_culled_after_s: int = Field(gt=0)
    idle_kernel_check_s: int = Field(gt=0)
    idle_server_culled_after_s: int = Field(gt=0)
    idle_server_check_s: int = Field(gt=0)
    server_max_age_s: int = Field(gt=0)
    spawn_timeout_s: int = Field(gt=0)
    src: Sources

    @property
    def idle_server_at_most_s(self) -> int:
        """The longest time for which a server stays idle before a check finds and stops it."""
        return self.idle_server_culled_after_s + self.idle_server_check_s


class Hub(schema.Hub, extra="forbid"):
    """The hub as pages describe it; ``community`` is the short name of those who pay for it."""

    name: str
    community: str
    members: str
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

    @property
    def host(self) -> str:
        """The host of the hub's address."""
        return self.url.removeprefix("https://").partition("/")[0]


class OfficeHours(Model, extra="forbid"):
    """When and where people answer questions."""

    when: str
    where: str
    book: Url


class Chat(Model, extra="forbid"):
    """A chat in which people answer questions: what to ask in which channel, and whom to mention."""

    name: str
    channels: dict[str, str] = Field(min_length=1)
    mention: str
    src: Sources


class Help(Model, extra="forbid"):
    """Where the hub's users get help: by ``email``, or through the community's ``website``.

    ``listed_until`` is set if the community's documentation no longer names the forum and the office hours. The
    catalog of datasets, its issue tracker, the form for requests and the template of recipes belong together.
    """

    email: str | None = Field(None, pattern=r"^[^@\s]+@[^@\s]+$")
    website: Url | None = None
    chat: Chat | None = None
    listed_until: str | None = None
    forum: Url | None = None
    office_hours: OfficeHours | None = None
    new_dataset_request: Url | None = None
    dataset_issues: Url | None = None
    feedstock_template: Url | None = None
    catalog: Url | None = None
    application_form: Url | None = None
    src: Sources

    @property
    def contact(self) -> str | None:
        """Where readers reach the hub's team: its e-mail address, or else the community's website."""
        return self.email or self.website


class Acknowledgement(Model, extra="forbid"):
    """What papers say about the hub; ``listed_until`` is set if the community's documentation no longer asks for it."""

    text: str
    listed_until: str | None = None
    src: Sources


class Leaving(Model, extra="forbid"):
    """When the files of former members are deleted, which documentation said until ``listed_until``."""

    deleted_after: str
    listed_until: str
    src: Sources


class UsageAlert(Model, extra="forbid"):
    """The e-mail to members whose home directory is too large, and the page that explains it."""

    subject: str
    page: Url


class Teaching(Model, extra="forbid"):
    """Courses and workshops on the hub: when to announce them, who adds students, and the pages about them."""

    notice_weeks: int = Field(gt=0)
    apply_weeks: int = Field(gt=0)
    team_page: Url
    instructors_team: str
    add_members: Url
    badge: Url
    classes: Url
    bootcamps: Url
    events: Url
    src: Sources


class Home(Model, extra="forbid"):
    """The home directory."""

    path: str
    hard_quota_gib: int = Field(gt=0)
    recommended_gb: int | None = Field(None, gt=0)
    meant_for: str
    note: str | None = None
    usage_alert: UsageAlert | None = None
    src: Sources


class Service(Model, extra="forbid"):
    """Something else that the hub offers or does, in words for readers."""

    name: str
    what: str
    src: Sources


class BatchJobs(Model, extra="forbid"):
    """Where members submit jobs that run without a server, and the tool that runs them."""

    tool: str
    repository: Url
    instructions: Url
    src: Sources


class GitPush(Model, extra="forbid"):
    """How to push from the hub."""

    tool: str
    app: Url
    lasts_h: int = Field(gt=0)


class Git(Model, extra="forbid"):
    """Git on the hub."""

    push_from_hub: GitPush
    src: Sources
