"""The facts file ``hub.yml``: its schema, its cross-checks and its loader.

Sizes in keys that end in ``_gb``/``_gib`` are in GB/GiB, times in ``_s`` in seconds.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, PrivateAttr, model_validator

from hubfacts.schema_hub import Guide, Help, Hub, Model, Source, Sources, Url


class Tier(Model):
    name: str
    team: str
    hub: str | None = None
    cpu_node_shares: list[str]
    gpus: list[str]
    formerly: str | None = None
    renew_every_months: int | None = None
    note: str | None = None


class ExtraTeam(Model):
    gpus: list[str] = Field(default_factory=list)
    everything: bool = False


class Access(Model):
    organization: str
    allowed_teams: list[str]
    tiers: list[Tier] = Field(min_length=1)
    extra_teams: dict[str, ExtraTeam] = Field(default_factory=dict)
    src: Sources

    @property
    def public(self) -> Tier | None:
        """The tier that has a hub of its own."""
        return next((tier for tier in self.tiers if tier.hub), None)

    @property
    def renewed(self) -> Tier | None:
        """The tier whose places end."""
        return next((tier for tier in self.tiers if tier.renew_every_months), None)

    @property
    def largest(self) -> Tier:
        """The tier that may take the most node shares, the first of several."""
        return max(self.tiers, key=lambda tier: len(tier.cpu_node_shares))


class NodeShare(Model):
    label: str
    mem_limit_gb: float = Field(gt=0)
    cpu_limit: float = Field(gt=0)
    cpu_guarantee: float = Field(gt=0)
    default: bool = False


class NodeShares(Model):
    profile: str
    about: str
    choice: str
    machine: str
    options: dict[str, NodeShare] = Field(min_length=1)
    src: Sources

    @property
    def sizes_gb(self) -> list[float]:
        """The memory limits, in the order of the form."""
        return [share.mem_limit_gb for share in self.options.values()]


class Gpu(Model):
    label: str
    vram_gb: int = Field(gt=0)
    mem_limit_gb: float = Field(gt=0)
    machine: str
    team: str | None = None
    default: bool = False


class Gpus(Model):
    profile: str
    choice: str
    options: dict[str, Gpu] = Field(min_length=1)
    images: list[str]
    src: Sources

    @property
    def on_request(self) -> list[str]:
        """The teams that get a GPU their tier does not have."""
        return list(dict.fromkeys(gpu.team for gpu in self.options.values() if gpu.team))


class Image(Model):
    label: str
    ref: str = Field(pattern=r"^[^\s:]+:[^\s:]+$")
    default: bool = False
    cpu_only: bool = False
    for_: str = Field(alias="for")


class CustomImage(Model):
    choice: str
    in_choices: str
    message: str
    form: str
    example: str
    must: str
    build_your_own: str


class Images(Model):
    choice: str
    options: dict[str, Image] = Field(min_length=1)
    source: Url
    package_list_url: Url
    custom: CustomImage
    src: Sources

    @property
    def default(self) -> Image:
        """The image a server runs unless another is chosen."""
        return next(image for image in self.options.values() if image.default)


class Home(Model):
    path: str
    hard_quota_gib: int = Field(gt=0)
    recommended_gb: int = Field(gt=0)
    meant_for: str
    note: str | None = None
    src: Sources


class Bucket(Model):
    """A bucket: what its objects live for, and who may write. ``hub`` is the right of every server."""

    variable: str | None = None
    delete_after_days: int | None = Field(gt=0)
    hub: Literal["read", "write"]
    writers_group: bool
    uniform_access: bool
    versioning: bool = False
    for_: str = Field(alias="for")
    note: str | None = None
    _name: str = PrivateAttr("")

    @property
    def name(self) -> str:
        """The bucket's name, without ``gs://``."""
        return self._name


class HubIdentity(Model):
    what: str
    token_lives_s: int = Field(gt=0)


class Buckets(Model):
    options: dict[str, Bucket] = Field(min_length=1)
    writers_group: str
    rules: list[str]
    identity: HubIdentity
    src: Sources

    @model_validator(mode="after")
    def _names(self) -> Buckets:
        for name, bucket in self.options.items():
            bucket._name = name
        return self

    @property
    def names(self) -> list[str]:
        """The buckets' names, without ``gs://``."""
        return list(self.options)

    @property
    def scratch(self) -> Bucket:
        """The bucket whose objects are deleted after some days."""
        return self._of("SCRATCH_BUCKET")

    @property
    def persistent(self) -> Bucket:
        """The bucket for what is kept."""
        return self._of("PERSISTENT_BUCKET")

    @property
    def read_only(self) -> Bucket | None:
        """The bucket no server may write to, the first of several."""
        return next((bucket for bucket in self.options.values() if bucket.hub == "read"), None)

    def _of(self, variable: str) -> Bucket:
        return next(bucket for bucket in self.options.values() if bucket.variable == variable)


class Variable(Model):
    value: str
    means: str


class EnvironmentVariables(Model):
    values: dict[str, Variable]
    on_dask_workers: list[str]
    src: Sources


class WorkerSize(Model):
    cores: int = Field(gt=0)
    memory: str


class DaskGateway(Model):
    instance_type: str
    worker_resource_allocation: dict[str, WorkerSize]
    image: str
    idle_timeout_minutes: int = Field(gt=0)
    url_prefix: str
    preemptible_workers: bool
    src: Sources

    @property
    def sizes(self) -> list[str]:
        """The sizes a worker may have, the default first."""
        return list(self.worker_resource_allocation)


class GitPush(Model):
    tool: str
    app: Url
    urls: str


class Git(Model):
    push_from_hub: GitPush
    src: Sources


class Osn(Model):
    endpoint: Url
    buckets: dict[str, str]
    src: Sources

    @property
    def host(self) -> str:
        """The name of the host that answers at the endpoint."""
        return self.endpoint.removeprefix("https://").partition("/")[0]

    @property
    def inbox(self) -> str:
        """The bucket that people write to, the first of several."""
        return next(name for name in self.buckets if self.is_open(name))

    @property
    def inbox_is(self) -> str:
        """What the facts say of the inbox."""
        return self.buckets[self.inbox]

    @property
    def published(self) -> str:
        """The bucket that people only read, the last of several."""
        return next(name for name in reversed(self.buckets) if not self.is_open(name))

    def is_open(self, name: str) -> bool:
        """Whether people are let write to the bucket."""
        return "write access" in self.buckets[name]


class Facts(Model):
    """All facts; references between sections (teams, images, shares, sources) are checked.

    A section that may be missing is about something that not every hub has.
    """

    sources: dict[str, Source]
    guide: Guide
    hub: Hub
    help: Help
    access: Access
    node_shares: NodeShares
    gpus: Gpus | None = None
    images: Images
    home: Home
    buckets: Buckets
    environment_variables: EnvironmentVariables
    dask_gateway: DaskGateway | None = None
    git: Git
    osn: Osn | None = None
