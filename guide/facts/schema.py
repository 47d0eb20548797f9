"""All facts of a hub with a guide."""

from __future__ import annotations

from collections.abc import Sequence

from guide.facts.hub import Git, Guide, Help, Home, Hub, Service
from guide.facts.servers import Access, DaskGateway, EnvironmentVariables, FurtherProfile, Gpus, Images, NodeShares
from guide.facts.sources import Source
from guide.facts.storage import Buckets, Osn
from hubfacts.schema import HubFacts


class Facts(HubFacts, extra="forbid"):
    """All facts of a hub with a guide; a section that may be missing is about something that not every hub has."""

    sources: dict[str, Source]
    guide: Guide
    hub: Hub
    help: Help
    access: Access
    node_shares: NodeShares
    further_profiles: Sequence[FurtherProfile] = []
    gpus: Gpus | None = None
    images: Images
    home: Home
    buckets: Buckets
    environment_variables: EnvironmentVariables
    dask_gateway: DaskGateway | None = None
    git: Git
    osn: Osn | None = None
    more: Sequence[Service] = []

    @property
    def gpu_image_labels(self) -> list[str]:
        """The labels of the images that a GPU server offers."""
        return [self.images.options[name].label for name in self.gpus.images] if self.gpus else []
