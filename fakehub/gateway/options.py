"""The options a user of the hub has for a cluster, made from the facts."""

from __future__ import annotations

from typing import Any

from dask_gateway_server.options import Integer, Mapping, Options, Select, String

from hubfacts.schema import DaskGateway


def cluster_options(facts: DaskGateway) -> Options:
    """The options, with the first size of a worker as the default, and what each means for a cluster."""
    sizes = facts.worker_resource_allocation

    def configuration(chosen: Any) -> dict[str, Any]:
        if ":" not in chosen.image:
            raise ValueError(f"The image {chosen.image!r} has no tag: write it as name:tag")
        size = sizes[chosen.worker_resource_allocation]
        return {
            "worker_cores": size.cores,
            "worker_memory": size.memory,
            "environment": chosen.environment,
            "idle_timeout": chosen.idle_timeout_minutes * 60,
        }

    return Options(
        Select("instance_type", [facts.instance_type]),
        Select("worker_resource_allocation", list(sizes)),
        String("image"),
        Mapping("environment"),
        Integer("idle_timeout_minutes", facts.idle_timeout_minutes, min=0),
        handler=configuration,
    )
