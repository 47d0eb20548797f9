"""The facts file ``hub.yml``: its schema, its cross-checks and its loader.

Sizes in keys that end in ``_gb``/``_gib`` are in GB/GiB, times in ``_s`` in seconds.
"""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator


class FactsError(Exception):
    """What is wrong with the facts file: one line with the file and the key."""


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


Url = Annotated[str, Field(pattern=r"^https://[^\s]+$")]
Sources = Annotated[list[str], Field(min_length=1)]


class Source(_Model):
    """Where facts were read, and how old that is."""

    what: str
    date: str
    commit: str | None = None


class Operator(_Model):
    name: str
    url: Url


class Video(_Model):
    youtube: str
    by: str
    of: str
    about: str
    src: Sources


class Login(_Model):
    with_: str = Field(alias="with")
    note: str | None = None


class Timeouts(_Model):
    idle_kernel_culled_after_s: int = Field(gt=0)
    server_max_age_s: int = Field(gt=0)
    spawn_timeout_s: int = Field(gt=0)
    src: Sources


class Hub(_Model):
    name: str
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


class OfficeHours(_Model):
    when: str
    online_and_in_person: bool
    book: Url


class Help(_Model):
    forum: Url
    office_hours: OfficeHours
    new_dataset_request: Url
    dataset_issues: Url
    feedstock_template: Url
    catalog: Url
    application_form: Url
    src: Sources


class Tier(_Model):
    name: str
    team: str
    hub: str | None = None
    cpu_node_shares: list[str]
    gpus: list[str]
    formerly: str | None = None
    renew_every_months: int | None = None
    note: str | None = None


class ExtraTeam(_Model):
    gpus: list[str] = []
    everything: bool = False


class Access(_Model):
    organization: str
    allowed_teams: list[str]
    tiers: list[Tier] = Field(min_length=1)
    extra_teams: dict[str, ExtraTeam]
    src: Sources


class NodeShare(_Model):
    label: str
    mem_limit_gb: float = Field(gt=0)
    cpu_limit: float = Field(gt=0)
    cpu_guarantee: float = Field(gt=0)
    default: bool = False


class NodeShares(_Model):
    profile: str
    about: str
    choice: str
    machine: str
    options: dict[str, NodeShare] = Field(min_length=1)
    src: Sources


class Gpu(_Model):
    label: str
    vram_gb: int = Field(gt=0)
    mem_limit_gb: float = Field(gt=0)
    machine: str
    team: str | None = None
    default: bool = False


class Gpus(_Model):
    profile: str
    choice: str
    options: dict[str, Gpu]
    images: list[str]
    src: Sources


class Image(_Model):
    label: str
    ref: str = Field(pattern=r"^[^\s:]+:[^\s:]+$")
    default: bool = False
    cpu_only: bool = False


class CustomImage(_Model):
    choice: str
    in_choices: str
    message: str
    form: str
    example: str
    must: str
    build_your_own: str


class Images(_Model):
    choice: str
    options: dict[str, Image] = Field(min_length=1)
    source: Url
    package_list_url: Url
    custom: CustomImage
    src: Sources


class Home(_Model):
    path: str
    hard_quota_gib: int = Field(gt=0)
    recommended_gb: int = Field(gt=0)
    meant_for: str
    note: str | None = None
    src: Sources


class Bucket(_Model):
    """A bucket: what its objects live for, and who may write. ``hub`` is the right of every server."""

    variable: str | None = None
    delete_after_days: int | None = Field(gt=0)
    hub: Literal["read", "write"]
    writers_group: bool
    uniform_access: bool
    versioning: bool = False
    for_: str = Field(alias="for")
    note: str | None = None


class HubIdentity(_Model):
    what: str
    token_lives_s: int = Field(gt=0)


class Buckets(_Model):
    options: dict[str, Bucket] = Field(min_length=1)
    writers_group: str
    rules: list[str]
    identity: HubIdentity
    src: Sources


class Variable(_Model):
    value: str
    means: str


class EnvironmentVariables(_Model):
    values: dict[str, Variable]
    on_dask_workers: list[str]
    src: Sources


class WorkerSize(_Model):
    cores: int = Field(gt=0)
    memory: str


class DaskGateway(_Model):
    instance_type: str
    worker_resource_allocation: dict[str, WorkerSize]
    image: str
    idle_timeout_minutes: int = Field(gt=0)
    url_prefix: str
    preemptible_workers: bool
    note: str | None = None
    src: Sources


class GitPush(_Model):
    tool: str
    app: Url
    urls: str


class Git(_Model):
    push_from_hub: GitPush
    src: Sources


class Osn(_Model):
    endpoint: Url
    buckets: dict[str, str]
    src: Sources

    @property
    def host(self) -> str:
        """The name of the host that answers at the endpoint."""
        return self.endpoint.removeprefix("https://").partition("/")[0]


class Facts(_Model):
    """All facts; references between sections (teams, images, shares, sources) are checked."""

    sources: dict[str, Source]
    hub: Hub
    help: Help
    access: Access
    node_shares: NodeShares
    gpus: Gpus
    images: Images
    home: Home
    buckets: Buckets
    environment_variables: EnvironmentVariables
    dask_gateway: DaskGateway
    git: Git
    osn: Osn

    @model_validator(mode="after")
    def _references(self) -> Facts:
        teams = {tier.team for tier in self.access.tiers} | set(self.access.extra_teams)
        for index, tier in enumerate(self.access.tiers):
            _known(
                f"access.tiers.{index}.cpu_node_shares",
                tier.cpu_node_shares,
                self.node_shares.options,
                "share",
            )
            _known(f"access.tiers.{index}.gpus", tier.gpus, self.gpus.options, "GPU")
        for name, team in self.access.extra_teams.items():
            _known(f"access.extra_teams.{name}.gpus", team.gpus, self.gpus.options, "GPU")
        _known("access.allowed_teams", self.access.allowed_teams, teams, "team")
        for name, gpu in self.gpus.options.items():
            _known(f"gpus.options.{name}.team", [gpu.team] if gpu.team else [], teams, "team")
        _known("gpus.images", self.gpus.images, self.images.options, "image")
        variables = self.environment_variables
        _known("environment_variables.on_dask_workers", variables.on_dask_workers, variables.values, "variable")
        for name, bucket in self.buckets.options.items():
            named = [bucket.variable] if bucket.variable else []
            _known(f"buckets.options.{name}.variable", named, variables.values, "variable")
        for section in ("node_shares", "images"):
            if sum(option.default for option in getattr(self, section).options.values()) != 1:
                raise ValueError(f"{section}.options: exactly one is the default")
        _check_sources("", self, self.sources)
        return self

    @property
    def default_image(self) -> Image:
        """The image a server runs unless another is chosen."""
        return next(image for image in self.images.options.values() if image.default)


def _known(key: str, names: list[str], known: Any, what: str) -> None:
    for name in names:
        if name not in known:
            raise ValueError(f"{key}: unknown {what} {name!r}; known are {', '.join(sorted(known))}")


def _check_sources(key: str, model: BaseModel, sources: dict[str, Source]) -> None:
    for name in type(model).model_fields:
        value = getattr(model, name)
        if name == "src":
            _known(f"{key}src", value, sources, "source")
        elif isinstance(value, BaseModel):
            _check_sources(f"{key}{name}.", value, sources)


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """YAML that refuses a key written twice, which PyYAML would silently resolve to the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                line = key_node.start_mark.line + 1
                raise yaml.constructor.ConstructorError(None, None, f"line {line}: the key {key!r} is there twice")
            seen.add(key)
        return super().construct_mapping(node, deep)


def default_path() -> Path:
    """``$FAKEHUB_HUB_YML``, else the ``hub.yml`` of the current directory, else the one beside this package."""
    named = os.environ.get("FAKEHUB_HUB_YML")
    if named:
        return Path(named)
    here = Path("hub.yml")
    return here if here.is_file() else Path(__file__).resolve().parents[1] / "hub.yml"


def load(path: Path | None = None) -> Facts:
    """Read and check the facts file at ``path`` (see ``default_path``); raises ``FactsError``."""
    path = path or default_path()
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise FactsError(f"{path}: cannot be read ({error.strerror}); name another with --hub-yml FILE") from error
    return _checked(path, text)


@functools.lru_cache(maxsize=4)
def _checked(path: Path, text: str) -> Facts:
    """The facts in ``text``: pages ask for one after the other, and none of them is ever changed."""
    try:
        content = yaml.load(text, Loader=_Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}: " if mark else ""
        raise FactsError(f"{path}: not YAML: {where}{getattr(error, 'problem', None) or error}") from error
    if not isinstance(content, dict):
        raise FactsError(f"{path}: it should be a mapping with the sections {', '.join(Facts.model_fields)}")
    try:
        return Facts.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        message = first["msg"].removeprefix("Value error, ")
        given = f" (it is {first['input']!r})" if isinstance(first["input"], str | int | float | bool) else ""
        raise FactsError(f"{path}: {key + ': ' if key else ''}{message}{given}") from error
