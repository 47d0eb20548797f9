"""The cluster options that users of the hub have, made from the facts."""

from __future__ import annotations

from typing import Any

from dask_gateway_server.options import Integer, Mapping, Options, Select, String

from hubfacts.schema import DaskGateway


def cluster_options(facts: DaskGateway) -> Options:
    """Return the options and their effect on a cluster. The first size of a worker is the default."""
    sizes = facts.worker_resource_allocation

    def configuration(options: Any) -> dict[str, Any]:
        if ":" not in options.image:
            raise ValueError("When specifying an image you must also provide a tag")
        size = sizes[options.worker_resource_allocation]
        return {
            "worker_cores": size.threads,
            "worker_memory": size.memory,
            "environment": options.environment,
            "idle_timeout": options.idle_timeout_minutes * 60,
        }

    return Options(
        Select("instance_type", [facts.instance_type]),
        Select("worker_resource_allocation", list(sizes)),
        String("image"),
        Mapping("environment"),
        Integer("idle_timeout_minutes", facts.idle_timeout_minutes, min=0),
        handler=configuration,
    )
