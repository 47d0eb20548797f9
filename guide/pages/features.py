"""The features that not every hub has, by the names under which pages ask for them."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable

from guide.facts import Facts, load
from guide.facts.servers import NodeShares
from guide.paths import ROOT

# The machines whose prices are on the page about costs.
PRICED_MACHINES = {"n2-highmem-16", "n1-standard-8", "g2-standard-4", "a2-highgpu-1g"}
_CHECK = ROOT / "book" / "hub" / "check_hub.py"
# The memory of a machine for each of its CPUs, by its kind.
_GIB_PER_CPU = {"highmem": 8, "standard": 4}


@functools.cache
def _own_address() -> str:
    """Return the address of the hub that the tests of this project use."""
    return load(ROOT / "hub.yml").hub.url


FEATURES: dict[str, Callable[[Facts], bool]] = {
    # People log in as members of teams on GitHub, which decide what they may start.
    "teams": lambda facts: facts.access.organization is not None,
    "login-button": lambda facts: facts.hub.login.button,
    # A form before a server starts, with a choice of its size and image.
    "start-form": lambda facts: facts.hub.start_form,
    # Buckets that have a prefix for every member: any, the one whose objects expire, and the one that keeps them.
    "buckets": lambda facts: facts.buckets.scratch is not None or facts.buckets.persistent is not None,
    "scratch-bucket": lambda facts: facts.buckets.scratch is not None,
    "persistent-bucket": lambda facts: facts.buckets.persistent is not None,
    "gpu": lambda facts: facts.gpus is not None,
    "dask-gateway": lambda facts: facts.dask_gateway is not None,
    "osn": lambda facts: facts.osn is not None,
    "osn-inbox": lambda facts: facts.osn is not None and facts.osn.inbox is not None,
    "read-only-bucket": lambda facts: facts.buckets.read_only is not None,
    "requester-pays": lambda facts: facts.buckets.identity.pays_for_requests and bool(facts.buckets.paid_by_reader),
    "public-hub": lambda facts: facts.access.public is not None,
    "renewal": lambda facts: facts.access.renewed is not None,
    "batch-jobs": lambda facts: facts.batch_jobs is not None,
    "more": lambda facts: bool(facts.more),
    "tier-details": lambda facts: any(one.formerly or one.note or one.renew_every_months for one in facts.access.tiers),
    "former-names": lambda facts: any(tier.formerly for tier in facts.access.tiers),
    "extra-teams": lambda facts: bool(facts.access.extra_teams),
    "named-servers": lambda facts: facts.hub.named_servers,
    "chat": lambda facts: facts.help.chat is not None,
    "email": lambda facts: facts.help.email is not None,
    "forum": lambda facts: facts.help.forum is not None,
    "office-hours": lambda facts: facts.help.office_hours is not None,
    "catalog": lambda facts: facts.help.catalog is not None,
    "application-form": lambda facts: facts.help.application_form is not None,
    "older-contacts": lambda facts: facts.help.listed_until is not None,
    "acknowledgement": lambda facts: facts.acknowledgement is not None,
    "leaving": lambda facts: facts.leaving is not None,
    "signing-refused": lambda facts: not facts.buckets.identity.signs,
    "status-page": lambda facts: facts.hub.operator.status_page is not None,
    "ssh": lambda facts: facts.images.ssh is not None,
    "custom-image": lambda facts: facts.images.custom is not None,
    "image-building": lambda facts: bool(facts.images.custom and facts.images.custom.build_your_own),
    "package-list": lambda facts: facts.images.package_list_url is not None,
    "push-from-hub": lambda facts: facts.git is not None,
    "recommended-home": lambda facts: facts.home.recommended_gb is not None,
    "usage-alerts": lambda facts: facts.home.usage_alert is not None,
    "courses": lambda facts: facts.teaching is not None,
    "film": lambda facts: facts.hub.intro_video is not None,
    # Details of a feature.
    "older-acknowledgement": lambda facts: bool(facts.acknowledgement and facts.acknowledgement.listed_until),
    "public-hub-note": lambda facts: facts.access.public is not None and facts.access.public.note is not None,
    "gpu-on-request": lambda facts: facts.gpus is not None and bool(facts.gpus.on_request),
    "osn-published": lambda facts: facts.osn is not None and facts.osn.published is not None,
    "worker-variables": lambda facts: bool(facts.environment_variables.on_dask_workers),
    "scratch-on-workers": lambda facts: _scratch_on_workers(facts.environment_variables.on_dask_workers),
    # People outside the hub who may write to buckets.
    "writers-group": lambda facts: facts.buckets.has_writers,
    "writers-of-persistent": lambda facts: bool(facts.buckets.persistent and facts.buckets.persistent.writers_group),
    "writers-of-read-only": lambda facts: facts.buckets.read_only is not None and facts.buckets.read_only.writers_group,
    "uniform-bucket-for-writers": lambda facts: facts.buckets.uniform_for_writers is not None,
    # Sizes and names that sentences rely on.
    # The page computes shares of a machine with 128 GB.
    "listed-prices": lambda facts: (
        facts.hub.region == "us-central1"
        and facts.node_shares.machine == "n2-highmem-16"
        and _machines(facts) <= PRICED_MACHINES
    ),
    "year-in-smallest-share": lambda facts: 5 <= min(facts.node_shares.sizes_gib) < 45,
    "several-shares": lambda facts: len(facts.node_shares.options) > 1,
    "tested-image": lambda facts: facts.images.tested is not None,
    "tested-another-image": lambda facts: facts.images.tests_another,
    "pangeo-images": lambda facts: "pangeo" in facts.images.source,
    "tensorflow-and-pytorch": lambda facts: facts.gpus is not None and facts.gpus.images == ["tensorflow", "pytorch"],
    "disputed-token": lambda facts: {"leapdocs", "hubconfig"} <= facts.sources.keys(),
    "whole-machine": lambda facts: _offers_whole_machine(facts.node_shares),
    "guide-for-own-hub": lambda facts: facts.hub.url == _own_address(),
    "research-tiers": lambda facts: _research_tiers([tier.name for tier in facts.access.tiers]),
    # The script was joined with the facts of this hub.
    "check-of-this-hub": lambda facts: f'"url": "{facts.hub.url}"' in _CHECK.read_text(encoding="utf-8"),
}


def _machines(facts: Facts) -> set[str]:
    """Return the types of the machines that the hub starts for every tier."""
    gpus = [gpu.machine for gpu in facts.gpus.options.values()] if facts.gpus else []
    workers = [facts.dask_gateway.instance_type] if facts.dask_gateway else []
    return {facts.node_shares.machine, *gpus, *workers}


def _offers_whole_machine(shares: NodeShares) -> bool:
    """Return whether the limit of the largest of several shares is all the memory of the machine."""
    machine = re.search(r"-(highmem|standard)-(\d+)$", shares.machine)
    memory = int(machine[2]) * _GIB_PER_CPU[machine[1]] if machine else math.inf
    return len(shares.options) > 1 and max(shares.sizes_gib) >= memory


def _scratch_on_workers(names: list[str]) -> bool:
    """Return whether workers have two of the hub's variables, one of them that of the scratch bucket."""
    return len(names) == 2 and "SCRATCH_BUCKET" in names and "PERSISTENT_BUCKET" not in names


def _research_tiers(names: list[str]) -> bool:
    """Return whether the tiers after the first are for education, research and funded research, in this order."""
    return len(names) == 4 and names[1:3] == ["Education", "Research"] and names[3].endswith("-funded research")


def lacking(facts: Facts, names: list[str]) -> list[str]:
    """Return those of the features ``names`` that the hub lacks; raises ``ValueError`` for an unknown one."""
    for name in names:
        if name not in FEATURES:
            raise ValueError(f"{name!r} is nothing a hub may lack; known are {', '.join(sorted(FEATURES))}")
    return [name for name in names if not FEATURES[name](facts)]
