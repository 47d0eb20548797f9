"""The facts that pages need, on top of those that the stand-in reads: words for readers, addresses and sources.

Here nothing is optional that a page shows, no key may be unknown, and every section names its sources.
``python -m guide.facts [FILE]`` lists everything that a facts file lacks for a guide.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, ValidationError, model_validator
from pydantic.fields import PrivateAttr

from hubfacts import schema
from hubfacts.checks import check_hub, require_known, teams
from hubfacts.load import FactsError, all_problems, load_as, validated
from hubfacts.location import default_path
from hubfacts.schema import HubFacts, Model, Url
from hubfacts.strict_yaml import YamlError, read_mapping

Sources = Annotated[list[str], Field(min_length=1)]

# The variables with a user's own prefix: in the bucket whose objects expire, and in the one whose objects stay.
_OWN_PREFIXES = ("SCRATCH_BUCKET", "PERSISTENT_BUCKET")


class Source(Model, extra="forbid"):
    """Where facts were read, and how old that is."""

    what: str
    date: str
    commit: str | None = None


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


class Operator(Model, extra="forbid"):
    """The organisation that runs the hub."""

    name: str
    url: Url


class Video(Model, extra="forbid"):
    """A video about the hub, by its number at YouTube."""

    youtube: str
    by: str
    of: str
    about: str
    src: Sources


class Login(Model, extra="forbid"):
    """The service that people log in with."""

    with_: str = Field(alias="with")
    note: str | None = None


class Timeouts(schema.Timeouts, extra="forbid"):
    """The hub's timeouts, each stated and with a source."""

    idle_kernel_culled_after_s: int = Field(gt=0)
    server_max_age_s: int = Field(gt=0)
    spawn_timeout_s: int = Field(gt=0)
    src: Sources


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


class OfficeHours(Model, extra="forbid"):
    """When and where people answer questions."""

    when: str
    where: str
    book: Url


class Help(Model, extra="forbid"):
    """Where the hub's users get help."""

    forum: Url
    office_hours: OfficeHours
    new_dataset_request: Url
    dataset_issues: Url
    feedstock_template: Url
    catalog: Url
    application_form: Url
    src: Sources


class Tier(schema.Tier, extra="forbid"):
    """A tier as pages describe it; ``hub`` is set if it has a separate hub."""

    hub: str | None = None
    cpu_node_shares: list[str]
    gpus: list[str]
    formerly: str | None = None
    renew_every_months: int | None = None
    note: str | None = None


class ExtraTeam(schema.ExtraTeam, extra="forbid"):
    """An extra team; pages need no more than the stand-in."""


class Access(schema.Access, extra="forbid"):
    """The organisation, its teams and tiers."""

    tiers: Sequence[Tier] = Field(min_length=1)
    extra_teams: Mapping[str, ExtraTeam] = {}
    src: Sources

    @property
    def public(self) -> Tier | None:
        """The tier that has a separate hub."""
        return next((tier for tier in self.tiers if tier.hub), None)

    @property
    def renewed(self) -> Tier | None:
        """The tier whose places expire."""
        return next((tier for tier in self.tiers if tier.renew_every_months), None)

    @property
    def largest(self) -> Tier:
        """The tier that may take the most node shares, the first of several."""
        return max(self.tiers, key=lambda tier: len(tier.cpu_node_shares))


class NodeShare(schema.NodeShare, extra="forbid"):
    """A share of a machine; pages need no more than the stand-in."""


class NodeShares(schema.NodeShares, extra="forbid"):
    """The CPU profile of the form."""

    profile: str
    about: str
    choice: str
    options: Mapping[str, NodeShare] = Field(min_length=1)
    src: Sources

    @property
    def sizes_gb(self) -> list[float]:
        """The memory limits, in the order of the form."""
        return [share.mem_limit_gb for share in self.options.values()]


class Gpu(schema.Gpu, extra="forbid"):
    """A machine with a GPU; ``team`` is the extra team that gets it."""

    vram_gb: int = Field(gt=0)
    team: str | None = None


class Gpus(schema.Gpus, extra="forbid"):
    """The GPU profile of the form."""

    profile: str
    choice: str
    options: Mapping[str, Gpu] = Field(min_length=1)
    src: Sources

    @property
    def on_request(self) -> list[str]:
        """The teams that get a GPU their tier does not have."""
        return list(dict.fromkeys(gpu.team for gpu in self.options.values() if gpu.team))


class Image(schema.Image, extra="forbid"):
    """An image, and what it is for."""

    cpu_only: bool = False
    for_: str = Field(alias="for")


class CustomImage(schema.CustomImage, extra="forbid"):
    """How to name another image."""

    choice: str
    in_choices: str
    message: str
    form: str
    example: str
    must: str
    build_your_own: str


class Images(schema.Images, extra="forbid"):
    """The images of the form, and where they come from."""

    choice: str
    options: Mapping[str, Image] = Field(min_length=1)
    source: Url
    package_list_url: Url
    custom: CustomImage
    src: Sources

    @property
    def package_list_file(self) -> str:
        """The path of an image's list of packages in the repository, with ``{name}`` for the image's name."""
        return self.package_list_url.rpartition("{tag}/")[2].replace("{image}", "{name}")

    @property
    def default(self) -> Image:
        """The image a server runs unless another is chosen."""
        return next(image for image in self.options.values() if image.default)


class Home(Model, extra="forbid"):
    """The home directory."""

    path: str
    hard_quota_gib: int = Field(gt=0)
    recommended_gb: int = Field(gt=0)
    meant_for: str
    note: str | None = None
    src: Sources


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

    what: str
    token_lives_s: int = Field(gt=0)


class Buckets(schema.Buckets, extra="forbid"):
    """The buckets, and the rules for their users."""

    options: Mapping[str, Bucket] = Field(min_length=1)
    rules: list[str] = Field(min_length=2, max_length=2)
    identity: HubIdentity
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
    def scratch(self) -> Bucket:
        """The bucket whose objects are deleted after some days."""
        return self._of("SCRATCH_BUCKET")

    @property
    def persistent(self) -> Bucket:
        """The bucket whose objects are kept."""
        return self._of("PERSISTENT_BUCKET")

    @property
    def read_only(self) -> Bucket | None:
        """The bucket no server may write to, the first of several."""
        return next((bucket for bucket in self.options.values() if bucket.hub == "read"), None)

    @property
    def uniform_for_writers(self) -> Bucket | None:
        """The first bucket without permissions for single objects to which the writers' group may write."""
        options = self.options.values()
        return next((bucket for bucket in options if bucket.uniform_access and bucket.writers_group), None)

    def _of(self, variable: str) -> Bucket:
        return next(bucket for bucket in self.options.values() if bucket.variable == variable)


class Variable(schema.Variable, extra="forbid"):
    """An environment variable, and what it means."""

    means: str


class EnvironmentVariables(schema.EnvironmentVariables, extra="forbid"):
    """The variables of every server."""

    values: Mapping[str, Variable]
    on_dask_workers: list[str]
    src: Sources

    @property
    def prefixes(self) -> list[str]:
        """The names of the variables whose value is the user's prefix in a bucket."""
        return [name for name, one in self.values.items() if re.fullmatch(r"gs://.+/\$\(JUPYTERHUB_USER\)", one.value)]


class WorkerSize(schema.WorkerSize, extra="forbid"):
    """A size of a Dask worker; pages need no more than the stand-in."""


class DaskGateway(schema.DaskGateway, extra="forbid"):
    """Dask Gateway, and the machines of its workers."""

    worker_resource_allocation: Mapping[str, WorkerSize] = Field(min_length=1)
    image: str
    idle_timeout_minutes: int = Field(gt=0)
    url_prefix: str
    preemptible_workers: bool
    src: Sources

    @property
    def sizes(self) -> list[str]:
        """The sizes a worker may have, the default first."""
        return list(self.worker_resource_allocation)

    @property
    def middle_size(self) -> str:
        """The size in the middle of the list, as an example of another size than the default."""
        return self.sizes[len(self.sizes) // 2]


class GitPush(Model, extra="forbid"):
    """How to push from the hub."""

    tool: str
    app: Url
    urls: str


class Git(Model, extra="forbid"):
    """Git on the hub."""

    push_from_hub: GitPush
    src: Sources


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


class Facts(HubFacts, extra="forbid"):
    """All facts of a hub with a guide; a section that may be missing is about something that not every hub has."""

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

    @property
    def gpu_image_labels(self) -> list[str]:
        """The labels of the images that a GPU server offers."""
        return [self.images.options[name].label for name in self.gpus.images] if self.gpus else []


def load(path: Path | None = None) -> Facts:
    """Return the facts in the file at ``path`` (see ``default_path``); raises ``FactsError``."""
    return load_as(Facts, check_guide, path)


def checked(content: dict[Any, Any]) -> Facts:
    """Return the facts in the ``content`` of a file; raises ``FactsError`` with the key."""
    return validated(content, Facts, check_guide)


def check_guide(facts: Facts) -> None:
    """Raise ``ValueError``, one line with the key, for facts that contradict one another or have no known source."""
    check_hub(facts)
    for name, gpu in facts.gpus.options.items() if facts.gpus else ():
        require_known(f"gpus.options.{name}.team", [gpu.team] if gpu.team else [], teams(facts), "team")
    _check_buckets(facts)
    _check_sources("", facts, facts.sources)


def _check_buckets(facts: Facts) -> None:
    buckets, variables = facts.buckets, facts.environment_variables.values
    if buckets.has_writers and not buckets.names_writers_group:
        raise ValueError("buckets.writers_group: its address is missing, and it may write to a bucket")
    for variable in ("JUPYTERHUB_USER", "JUPYTER_IMAGE_SPEC"):
        if variable not in variables:
            raise ValueError(f"environment_variables.values: {variable} is missing, which JupyterHub sets")
    for variable in _OWN_PREFIXES:
        holders = [bucket for bucket in facts.buckets.options.values() if bucket.variable == variable]
        if len(holders) != 1:
            raise ValueError(f"buckets.options: exactly one has the variable {variable}")
        if (variable == "SCRATCH_BUCKET") != bool(holders[0].delete_after_days):
            raise ValueError("buckets.options: scratch has delete_after_days, and the persistent bucket has null")
        if holders[0].hub != "write":
            raise ValueError(f"buckets.options.{holders[0].name}.hub: it is read, and servers write to {variable}")
        if variables[variable].value != f"gs://{holders[0].name}/$(JUPYTERHUB_USER)":
            raise ValueError(f"environment_variables.values.{variable}: pages need gs://BUCKET/$(JUPYTERHUB_USER)")


def _check_sources(key: str, model: BaseModel, sources: dict[str, Source]) -> None:
    for name in type(model).model_fields:
        value = getattr(model, name)
        if name == "src":
            require_known(f"{key}src", value, sources, "source")
        elif isinstance(value, BaseModel):
            _check_sources(f"{key}{name}.", value, sources)


def problems(path: Path) -> list[str]:
    """Return everything that keeps the file at ``path`` from being the facts of a guide, a line for each key."""
    try:
        content = read_mapping(path)
        Facts.model_validate(content if content is not None else {})
        load(path)
    except ValidationError as error:
        return all_problems(error)
    except (OSError, YamlError, FactsError) as error:
        return [str(error)]
    return []


def main(arguments: list[str]) -> int:
    """Print the problems of a facts file; return 1 if it has any."""
    path = Path(arguments[0]) if arguments else default_path()
    lines = problems(path)
    print("\n".join(lines) or f"{path}: complete", file=sys.stderr if lines else sys.stdout)
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
