"""What the guide says about the hub."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

from hubcheck.common import YOU
from hubfacts import public_data
from hubfacts.load import FactsError, load
from hubfacts.location import default_path
from hubfacts.schema import Facts
from hubfacts.strict_yaml import read_mapping

_PYPROJECT = Path(__file__).resolve().parents[1] / "pyproject.toml"
# Those of the tested packages whose behaviour the guide shows.
_PACKAGES = ("dask", "dask-gateway", "fsspec", "gcsfs", "google-cloud-storage", "numpy", "pandas", "xarray", "zarr")
_GATEWAY_OPTIONS = ("environment", "idle_timeout_minutes", "image", "instance_type", "worker_resource_allocation")


def guide_says(hub_yml: Path) -> dict[str, Any]:
    """Return what the guide of a hub says, from its facts; raises ``FactsError``."""
    facts = load(hub_yml)
    content = read_mapping(hub_yml) or {}
    if missing := [name for name in ("guide", "home") if name not in content]:
        raise FactsError(f"{hub_yml}: {', '.join(missing)}: missing; the check is for a hub that has a guide")
    guide = {
        "url": facts.hub.url,
        "repository": content["guide"]["repository"],
        "project": facts.hub.project,
        "region": facts.hub.region,
        "home": content["home"]["path"],
        "shared_folder": "Shared folder" in [one["name"] for one in content.get("more", [])],
        "variables": _variables(facts, list(facts.environment_variables.values)),
        "images": [image.ref for image in facts.images.options.values()] if facts.images else [],
        "token_lives_s": facts.buckets.identity.token_lives_s,
        "signs": facts.buckets.identity.signs,
        "pays_for_requests": facts.buckets.identity.pays_for_requests,
        "buckets": {name: bucket.model_dump(exclude={"variable", "writers_group"}) for name, bucket in _own(facts)},
        "scratch": next(name for name, bucket in _own(facts) if bucket.variable == "SCRATCH_BUCKET"),
        "archives": _archives(),
        "osn": {"endpoint": facts.osn.endpoint, "buckets": list(facts.osn.buckets)} if facts.osn else None,
        "gateway": _gateway(facts),
        "packages": _packages(),
        "idle_kernel_culled_after_s": facts.hub.timeouts.idle_kernel_culled_after_s,
        "idle_kernel_check_s": content["hub"]["timeouts"]["idle_kernel_check_s"],
    }
    return guide | _sizes(facts)


def _own(facts: Facts) -> list[tuple[str, Any]]:
    return list(facts.buckets.options.items())


def _variables(facts: Facts, names: list[str]) -> dict[str, str]:
    """Return the values of variables for the reader of the guide; for an image, what kind it is."""
    values = {name: facts.environment_variables.values[name].value for name in names}
    named = {name: value.replace("$(JUPYTERHUB_USER)", YOU) for name, value in values.items()}
    return {name: "an image of the start form" if value == "$(IMAGE)" else value for name, value in named.items()}


def _archives() -> dict[str, dict[str, Any]]:
    """Return where the metadata of one variable of each archive on Google Cloud are, and what they say."""
    found = {}
    for name, dataset in public_data.load().datasets.items():
        if dataset.service == "gs":
            variable = next(one for one in dataset.variables if dataset.variables[one].dims is None)
            address = f"https://storage.googleapis.com/{dataset.bucket}/{dataset.path}/{variable}/.zarray"
            layout = {"chunks": dataset.chunks, "dtype": dataset.variables[variable].dtype}
            found[name] = {"address": address, **layout}
    return found


def _gateway(facts: Facts) -> dict[str, Any] | None:
    gateway = facts.dask_gateway
    if gateway is None:
        return None
    default = next(iter(gateway.worker_resource_allocation.values()))
    return {
        "url_prefix": gateway.url_prefix,
        "options": list(_GATEWAY_OPTIONS),
        "instance_type": gateway.instance_type,
        "sizes": list(gateway.worker_resource_allocation),
        "idle_timeout_minutes": gateway.idle_timeout_minutes,
        "threads": default.threads,
        "memory_gib": float(default.memory.removesuffix("G")),
        "variables": _variables(facts, facts.environment_variables.on_dask_workers),
    }


def _packages() -> dict[str, str]:
    """Return the versions of the packages that the pages were tested with."""
    group = tomllib.loads(_PYPROJECT.read_text(encoding="utf-8"))["dependency-groups"]["stack-hub"]
    versions = dict(entry.split("==") for entry in group)
    return {name: versions[name] for name in _PACKAGES}


def _sizes(facts: Facts) -> dict[str, list[Any]]:
    """Return the limits and the GPUs that the start form offers."""
    profiles = [*([facts.node_shares] if facts.node_shares else []), *facts.further_profiles]
    shares = [share for profile in profiles for share in profile.options.values()]
    gpus = list(facts.gpus.options.values()) if facts.gpus else []
    limits = {share.mem_limit_gib for share in shares} | {gpu.mem_limit_gib for gpu in gpus}
    return {
        "memory_gib": sorted(limits),
        "cpus": sorted({share.cpu_limit for share in shares}),
        "gpus": [gpu.label for gpu in gpus],
    }


def as_part(guide: dict[str, Any]) -> str:
    """Return this module as a part of the script, with the facts written out."""
    literal = json.dumps(guide).replace(": true", ": True").replace(": false", ": False").replace(": null", ": None")
    head = f'"""{__doc__}"""\n\nfrom __future__ import annotations\n\nfrom typing import Any\n\n'
    return f"{head}GUIDE: dict[str, Any] = {literal}\n"


GUIDE: dict[str, Any] = guide_says(default_path())
