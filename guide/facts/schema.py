"""All facts of a hub with a guide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from guide.facts.hub import Acknowledgement, BatchJobs, Git, Guide, Help, Home, Hub, Leaving, Service, Teaching
from guide.facts.servers import Access, DaskGateway, EnvironmentVariables, FurtherProfile, Gpus, Images, NodeShares
from guide.facts.sources import Source
from guide.facts.storage import Buckets, Osn
from hubfacts import public_data
from hubfacts.public_data import Catalog, Dataset
from hubfacts.schema import HubFacts


class Facts(HubFacts, extra="forbid"):
    """All facts of a hub with a guide; a section that may be missing is about something that not every hub has."""

    sources: dict[str, Source]
    guide: Guide
    hub: Hub
    help: Help
    acknowledgement: Acknowledgement | None = None
    leaving: Leaving | None = None
    access: Access
    node_shares: NodeShares
    further_profiles: Sequence[FurtherProfile] = []
    gpus: Gpus | None = None
    images: Images
    home: Home
    buckets: Buckets
    environment_variables: EnvironmentVariables
    dask_gateway: DaskGateway | None = None
    git: Git | None = None
    teaching: Teaching | None = None
    osn: Osn | None = None
    batch_jobs: BatchJobs | None = None
    more: Sequence[Service] = []

    @property
    def public_data(self) -> Mapping[str, Dataset]:
        """The public datasets (``hubfacts.public_data``), which are the same for every hub."""
        return public_data.load().datasets

    @property
    def public_catalogs(self) -> Mapping[str, Catalog]:
        """The catalogs of public datasets, which are the same for every hub, too."""
        return public_data.load().catalogs

    @property
    def gpu_image_labels(self) -> list[str]:
        """The labels of the images that a GPU server offers."""
        return [self.images.options[name].label for name in self.gpus.images] if self.gpus else []
