"""The sections about who may start what: tiers, machines, images, environment variables and Dask clusters."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

from pydantic import Field

from guide.facts.sources import Sources
from hubfacts import schema
from hubfacts.schema import Model, Url


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
    """The organisation, its teams and tiers, or whom a hub without teams admits."""

    tiers: Sequence[Tier] = []
    extra_teams: Mapping[str, ExtraTeam] = {}

    @property
    def may_log_in(self) -> list[str]:
        """All teams whose members may log in, also those that allow nothing else."""
        return [*self.allowed_teams, *self.login_only_teams]

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
    def largest(self) -> Tier | None:
        """The tier that may take the most node shares, the first of several."""
        return max(self.tiers, key=lambda tier: len(tier.cpu_node_shares), default=None)


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
    def sizes_gib(self) -> list[float]:
        """The memory limits, in the order of the form."""
        return [share.mem_limit_gib for share in self.options.values()]

    @property
    def guarantees_gib(self) -> list[float]:
        """The guaranteed memory, in the order of the form; Kubernetes reserves the limit if there is no guarantee."""
        return [share.mem_guarantee_gib or share.mem_limit_gib for share in self.options.values()]

    @property
    def smallest_gib(self) -> float:
        """The memory limit of the smallest share."""
        return min(self.sizes_gib)

    @property
    def smallest_threads(self) -> int:
        """The threads that Dask starts on the smallest share: its CPUs, rounded up."""
        smallest = min(self.options.values(), key=lambda share: share.mem_limit_gib)
        return math.ceil(smallest.cpu_limit)


class FurtherProfile(schema.FurtherProfile, extra="forbid"):
    """One more CPU profile, for some teams."""

    options: Mapping[str, NodeShare] = Field(min_length=1)
    src: Sources


class Gpu(schema.Gpu, extra="forbid"):
    """A machine with a GPU; ``team`` is the extra team that gets it.

    On a hub without teams, ``only_for`` says who gets it, as in *members of the GitHub team example:gpu*.
    """

    vram_gb: int = Field(gt=0)
    team: str | None = None
    only_for: str | None = None

    @property
    def reserved_for(self) -> str | None:
        """The people who get it although their tier does not, or ``None``."""
        return f"members of the team {self.team}" if self.team else self.only_for


class Gpus(schema.Gpus, extra="forbid"):
    """The GPU profile of the form; ``zones`` are those in which its machines start."""

    profile: str
    choice: str
    zones: list[str] = Field(min_length=1)
    options: Mapping[str, Gpu] = Field(min_length=1)
    src: Sources

    @property
    def on_request(self) -> list[str]:
        """The people who get a GPU that others do not get."""
        return list(dict.fromkeys(gpu.reserved_for for gpu in self.options.values() if gpu.reserved_for))


class Image(schema.Image, extra="forbid"):
    """An image, and what it is for."""

    cpu_only: bool = False
    for_: str = Field(alias="for")


class CustomImage(schema.CustomImage, extra="forbid"):
    """How to name another image; ``build_your_own`` is set if the form can build one."""

    choice: str
    in_choices: str
    message: str
    form: str
    example: str
    must: str
    build_your_own: str | None = None


class SshAccess(Model, extra="forbid"):
    """How people reach their server with SSH: the ``package`` in the images, and the community's ``manual``."""

    package: str
    manual: Url


class Images(schema.Images, extra="forbid"):
    """The images of the form, where they come from, and the image whose versions the guide was ``tested`` with.

    ``ssh`` is set if the images have a package for connections with SSH.
    """

    choice: str
    options: Mapping[str, Image] = Field(min_length=1)
    source: Url
    package_list_url: Url | None = None
    custom: CustomImage | None = None
    ssh: SshAccess | None = None
    tested: str | None = None
    src: Sources

    @property
    def package_list_file(self) -> str | None:
        """The path of an image's list of packages in the repository, with ``{name}`` for the image's name."""
        url = self.package_list_url
        return url.rpartition("{tag}/")[2].replace("{image}", "{name}") if url else None

    @property
    def default(self) -> Image:
        """The image a server runs unless another is chosen."""
        return next(image for image in self.options.values() if image.default)

    @property
    def default_tag(self) -> str:
        """The tag of that image."""
        return self.default.ref.rpartition(":")[2]

    @property
    def tested_tag(self) -> str | None:
        """The tag of the image that the guide was tested with."""
        return self.tested.rpartition(":")[2] if self.tested else None

    @property
    def tests_another(self) -> bool:
        """Whether the guide was tested with another image than the default."""
        return self.tested not in (None, self.default.ref)


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
    """A size of a Dask worker; it may use up to ``cores_limit`` cores while others leave them idle."""

    cores_limit: float | None = Field(None, gt=0)


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
