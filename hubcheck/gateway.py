"""Dask Gateway: its options, and a worker of the default size."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from hubcheck.common import GIB, Hub, Observation, send, unseen

# How long to wait for a worker: a machine may have to start first, but the whole check should take five minutes.
WORKER_S = 150
# Clusters that were closed: the client of the image prints a traceback when one is deleted, except at the end.
_KEPT: list[object] = []


def gateway(hub: Hub) -> Iterator[Observation]:
    """Compare the options of the gateway with the guide; there are none on a hub without one."""
    says = hub.guide["gateway"]
    if not says:
        return
    url = f"{hub.env.get('DASK_GATEWAY__ADDRESS', '').rstrip('/')}/api/v1/options"
    if not url.startswith(("http://", "https://")):
        url = f"{hub.guide['url'].rstrip('/')}{says['url_prefix']}/api/v1/options"
    refused = send("GET", url, headers={"Authorization": "jupyterhub not-a-token"})
    yield hub.observed("gateway.wrong-token", "401", refused.status)
    answer = send("GET", url, headers={"Authorization": f"jupyterhub {hub.env.get('JUPYTERHUB_API_TOKEN', '')}"})
    options = {one["field"]: one for one in answer.json().get("cluster_options", [])}
    for name, value, see in (
        ("options", ", ".join(sorted(says["options"])), lambda: ", ".join(sorted(options))),
        ("instance-type", says["instance_type"], lambda: _choices(options["instance_type"])),
        ("worker-sizes", "; ".join(says["sizes"]), lambda: _choices(options["worker_resource_allocation"])),
        ("default-size", says["sizes"][0], lambda: options["worker_resource_allocation"]["default"]),
        ("idle-timeout", f"{says['idle_timeout_minutes']} minutes", lambda: _minutes(options)),
    ):
        try:
            seen = see()
        except (KeyError, TypeError):
            seen = answer.summary if answer.status != 200 else "no such option"
        yield hub.observed(f"gateway.{name}", value, seen)


def _choices(option: Mapping[str, Any]) -> str:
    return "; ".join(option["spec"]["options"])


def _minutes(options: Mapping[str, Any]) -> str:
    return f"{options['idle_timeout_minutes']['default']} minutes"


def worker(hub: Hub) -> Iterator[Observation]:
    """Start a cluster with one worker of the default size, compare what it has, and shut it down."""
    says = hub.guide["gateway"]
    if not says:
        return
    expected = {
        "gateway.worker-threads": str(says["threads"]),
        "gateway.worker-memory": f"{says['memory_gib']:g} GiB",
        **{
            f"gateway.worker-variable.{name}": says["variables"].get(name, "not set") for name in hub.guide["variables"]
        },
    }
    try:
        found = _seen_on_worker(list(hub.guide["variables"]))
    except Exception as error:  # the client has many, and each means the same here
        found = {}
        why = f"no worker in {WORKER_S} s" if isinstance(error, TimeoutError) else f"{type(error).__name__}"
    for name, value in expected.items():
        yield hub.observed(name, value, found[name]) if name in found else unseen(name, value, why)


def _seen_on_worker(names: list[str]) -> dict[str, str]:
    """Return the observations of a worker; raises ``TimeoutError`` if none starts in time."""
    from dask_gateway import Gateway

    deadline = time.monotonic() + WORKER_S
    client = Gateway()
    name = client.submit()
    try:
        _wait(lambda: client.get_cluster(name).status.name == "RUNNING", deadline)
        with client.connect(name) as cluster, cluster.get_client() as dask:
            _KEPT.append(cluster)
            cluster.scale(1)
            _wait(lambda: bool(dask.scheduler_info()["workers"]), deadline)
            (info, *_) = dask.scheduler_info()["workers"].values()
            # A function of this module would have to be on the worker.
            asked = {name: dask.submit(os.getenv, name, "not set", pure=False) for name in names}
            held = {name: future.result(timeout=WORKER_S) for name, future in asked.items()}
    finally:
        client.stop_cluster(name)
    return {
        "gateway.worker-threads": str(info["nthreads"]),
        "gateway.worker-memory": f"{info['memory_limit'] / GIB:.3f}".rstrip("0").rstrip(".") + " GiB",
        **{f"gateway.worker-variable.{name}": value for name, value in held.items()},
    }


def _wait(condition: Callable[[], bool], deadline: float) -> None:
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.5)
