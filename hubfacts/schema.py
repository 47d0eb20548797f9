"""The facts that the stand-in reads from ``hub.yml``.

The same file may hold facts that only a guide needs (see ``guide.facts``), so unknown keys are ignored. A key that is
nearly one of this schema is refused as a misspelling. Only ``hub.project`` and the buckets are required; a hub without
buckets has ``options: {}`` there. Every other fact has a default, or belongs to a part of the hub that is left out if
its section is missing.

Sizes in keys that end in ``_gb``/``_gib`` are in GB/GiB, times in ``_s`` in seconds.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Url = Annotated[str, Field(pattern=r"^https://[^\s]+$")]


class MisspeltKeyError(ValueError):
    """A key that is not in the schema, but nearly one that is."""

    def __init__(self, key: str, close: str) -> None:
        super().__init__(f"unknown key; did you mean {close}?")
        self.key = key


class Model(BaseModel):
    """A section of the facts, or a part of one; immutable."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    @model_validator(mode="before")
    @classmethod
    def _refuse_misspelt_keys(cls, content: Any) -> Any:
        if isinstance(content, dict) and not content.keys() <= _keys(cls):
            for key in sorted(map(str, content.keys() - _keys(cls))):
                for close in get_close_matches(key, sorted(_keys(cls)), n=1, cutoff=0.8):
                    raise MisspeltKeyError(key, close)
        return content


@functools.cache
def _keys(model: type[Model]) -> frozenset[str]:
    """Return the keys of ``model`` as the file writes them, which for some are not the names of its fields."""
    return frozenset(field.alias or name for name, field in model.model_fields.items())


class Timeouts(Model):
    """Limits in seconds: idle kernels, idle and old servers are stopped, and a start that takes longer has failed."""

    idle_kernel_culled_after_s: int = Field(3600, gt=0)
    idle_server_culled_after_s: int = Field(3600, gt=0)
    server_max_age_s: int = Field(604800, gt=0)
    spawn_timeout_s: int = Field(600, gt=0)


def _zone(validated: dict[str, Any]) -> str:
    return f"{validated.get('region')}-a"


class Login(Model):
    """The service that people log in with; without a ``button``, they type a name and the hub's password instead."""

    with_: str = Field("GitHub", alias="with")
    button: bool = True


class Hub(Model):
    """The hub and where it runs; ``project`` is its project on Google Cloud.

    Without a ``start_form``, people choose nothing: every server has the default share and image.
    """

    name: str = "JupyterHub"
    project: str = Field(pattern=r"^[a-z][a-z0-9-]{4,28}[a-z0-9]$")
    url: Url = "https://hub.example.org/"
    cloud: str = "Google Cloud"
    region: str = "us-central1"
    zone: str = Field(default_factory=_zone)
    named_servers: bool = False
    start_form: bool = True
    login: Login = Login()
    timeouts: Timeouts = Timeouts()

    @field_validator("cloud")
    @classmethod
    def _on_google(cls, cloud: str) -> str:
        if cloud != "Google Cloud":
            raise ValueError(f"only a hub on Google Cloud can be played; the buckets of {cloud} are of another kind")
        return cloud


class Tier(Model):
    """The members of one GitHub team, and the node shares and GPUs they may choose."""

    name: str
    team: str
    cpu_node_shares: list[str] = []
    gpus: list[str] = []


class ExtraTeam(Model):
    """A GitHub team that adds node shares and GPUs, or ``everything``, to what a tier allows."""

    cpu_node_shares: list[str] = []
    gpus: list[str] = []
    everything: bool = False


class Access(Model):
    """The GitHub organisation and its teams; members of ``allowed_teams`` may log in.

    So may those of ``login_only_teams``, which allow nothing else; their values are the folders that members mount.
    A hub that asks for no teams has ``admits`` and nothing else here: who may log in, in words. They may start every
    server of the form.
    """

    organization: str | None = None
    allowed_teams: list[str] = []
    login_only_teams: Mapping[str, str] = {}
    tiers: Sequence[Tier] = []
    extra_teams: Mapping[str, ExtraTeam] = {}
    admits: str | None = None

    @model_validator(mode="after")
    def _by_team_or_in_words(self) -> Access:
        if self.admits is None and not (self.organization and self.tiers):
            raise ValueError("it has neither organization and tiers nor admits: who may log in?")
        if self.admits is not None and (self.organization or self.tiers or self.allowed_teams or self.extra_teams):
            raise ValueError("admits is for a hub without teams, so organization, tiers and teams have no place here")
        return self


class NodeShare(Model):
    """A share of a machine: hard limits, and the memory and CPUs that are guaranteed, if they are known.

    KubeSpawner's unit ``G`` is a GiB, 2**30 bytes.
    """

    label: str
    mem_limit_gib: float = Field(gt=0)
    mem_guarantee_gib: float | None = Field(None, gt=0)
    cpu_limit: float = Field(gt=0)
    cpu_guarantee: float = Field(gt=0)
    default: bool = False


class NodeShares(Model):
    """The CPU profile of the form; ``choice`` is the label of its list of node shares."""

    profile: str = "CPU"
    about: str = ""
    choice: str = "Node share"
    machine: str
    options: Mapping[str, NodeShare] = Field(min_length=1)


class FurtherProfile(NodeShares):
    """One more CPU profile of the form, for the members of some ``teams``, or for everybody who may log in."""

    teams: list[str] = []


class Gpu(Model):
    """A machine with a GPU."""

    label: str
    mem_limit_gib: float = Field(gt=0)
    machine: str
    default: bool = False


class Gpus(Model):
    """The GPU profile of the form, with the ``images`` it offers; ``choice`` is the label of its list of GPUs."""

    profile: str = "GPU"
    choice: str = "GPU"
    options: Mapping[str, Gpu] = Field(min_length=1)
    images: list[str]


class Image(Model):
    """A container image that the form offers."""

    label: str
    ref: str = Field(pattern=r"^[^\s:]+:[^\s:]+$")
    default: bool = False


class CustomImage(Model):
    """The labels of the choice to name another image, and what the form says to a name without a tag."""

    choice: str = "Custom image"
    in_choices: str = "Other..."
    message: str = "Must be a publicly available docker image, of form <image-name>:<tag>"


class Images(Model):
    """The images of the form; ``choice`` is the label of their list. ``custom`` is null if people can name no other."""

    choice: str = "Image"
    options: Mapping[str, Image] = Field(min_length=1)
    custom: CustomImage | None = CustomImage()

    @property
    def default(self) -> Image:
        """The image a server runs unless another is chosen."""
        return next(image for image in self.options.values() if image.default)


class Bucket(Model):
    """A bucket, how long its objects live and who may write to it.

    ``variable`` is the environment variable that names the user's prefix in it. ``hub`` is the permission of every
    server of the hub, ``writers_group`` is whether the group of that name may write. With ``requester_pays``, requests
    name a project that is billed for them. ``soft_delete_days`` is how long Google keeps deleted objects, which is 7
    unless the bucket says otherwise.
    """

    variable: str | None = None
    delete_after_days: int | None = Field(None, gt=0)
    hub: Literal["read", "write"] = "write"
    writers_group: bool = False
    uniform_access: bool = True
    versioning: bool = False
    requester_pays: bool = False
    soft_delete_days: int = Field(7, ge=0)


class OtherBucket(Model):
    """A bucket of somebody else's project, which everybody may read; ``objects`` maps names to their texts."""

    requester_pays: bool = False
    objects: Mapping[str, str] = {}

    @property
    def as_bucket(self) -> Bucket:
        """The same bucket, described like one of the hub's."""
        return Bucket(hub="read", requester_pays=self.requester_pays)


# A bucket that everybody may read and only its owner changes, such as those of public archives.
PUBLIC = Bucket(hub="read")


class HubIdentity(Model):
    """The Google account that all servers of the hub share.

    ``pays_for_requests`` is whether the hub's project may be billed for their requests to buckets of other projects.
    ``signs`` is whether the account has the role Service Account Token Creator on itself, which signed URLs require.
    """

    token_lives_s: int = Field(3600, gt=0)
    pays_for_requests: bool = False
    signs: bool = False


class Buckets(Model):
    """The buckets by their names, without ``gs://``; ``writers_group`` is the address of a Google group.

    ``options`` are the hub's own buckets, ``others`` belong to other projects.
    """

    options: Mapping[str, Bucket]
    others: Mapping[str, OtherBucket] = {}
    writers_group: str = "bucket-writers@googlegroups.com"
    identity: HubIdentity = HubIdentity()

    @property
    def known(self) -> dict[str, Bucket]:
        """All buckets that answer: the hub's and those of other projects."""
        return {**self.options, **{name: other.as_bucket for name, other in self.others.items()}}


class Variable(Model):
    """An environment variable; ``$(JUPYTERHUB_USER)`` and ``$(IMAGE)`` in its value are filled in by the hub."""

    value: str


class EnvironmentVariables(Model):
    """The variables of every server, and the names of those that Dask workers get too."""

    values: Mapping[str, Variable]
    on_dask_workers: list[str] = []


def _variables(validated: dict[str, Any]) -> EnvironmentVariables:
    """Return the variables that follow from the other sections; one that is invalid is missing from ``validated``."""
    buckets, values = validated.get("buckets"), {"JUPYTERHUB_USER": "$(JUPYTERHUB_USER)"}
    if isinstance(buckets, Buckets):
        named = {bucket.variable: name for name, bucket in buckets.options.items()}
        values |= {variable: f"gs://{name}/$(JUPYTERHUB_USER)" for variable, name in named.items() if variable}
    if validated.get("images"):
        values["JUPYTER_IMAGE_SPEC"] = "$(IMAGE)"
    return EnvironmentVariables(values={name: Variable(value=value) for name, value in values.items()})


class WorkerSize(Model):
    """A size of a Dask worker: the cores that it requests and its memory, in the units of Dask Gateway (G is GiB)."""

    cores: float = Field(gt=0)
    memory: str

    @property
    def threads(self) -> int:
        """The number of tasks that a worker runs at the same time, as Dask Gateway derives it from the cores."""
        return max(int(self.cores), 1)


class DaskGateway(Model):
    """The options of a Dask Gateway cluster; the first of the worker sizes is the default."""

    instance_type: str
    worker_resource_allocation: Mapping[str, WorkerSize] = Field(min_length=1)
    idle_timeout_minutes: int = Field(30, gt=0)
    url_prefix: str = "/services/dask-gateway"


class OsnBucket(Model):
    """A bucket of the pod, which everybody reads; with ``write``, people write to it with the key they were given."""

    write: bool = False


class Osn(Model):
    """A pod of the Open Storage Network."""

    endpoint: Url
    buckets: Mapping[str, OsnBucket] = Field(min_length=1)

    @property
    def host(self) -> str:
        """The name of the host that answers at the endpoint."""
        return self.endpoint.removeprefix("https://").partition("/")[0]


class Facts(Model):
    """All facts that the stand-in reads. A part of the hub without a section here is left out.

    ``environment_variables`` follow from the other sections, unless the file has them.
    """

    hub: Hub
    access: Access | None = None
    node_shares: NodeShares | None = None
    further_profiles: Sequence[FurtherProfile] = []
    gpus: Gpus | None = None
    images: Images | None = None
    buckets: Buckets
    environment_variables: EnvironmentVariables = Field(default_factory=_variables)
    dask_gateway: DaskGateway | None = None
    osn: Osn | None = None


class HubFacts(Facts):
    """The facts of a hub whose JupyterHub is started too: people who log in, and a form to choose a server with."""

    access: Access
    node_shares: NodeShares
    images: Images
