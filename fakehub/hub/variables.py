"""The variables of every server, as KubeSpawner sets them."""

from __future__ import annotations

import json

from hubfacts.schema import Facts


def server_variables(facts: Facts, gateway_port: int) -> dict[str, str]:
    """The hub's variables, with KubeSpawner's words for what differs by user, and those of Dask Gateway's client."""
    variables = facts.environment_variables
    values = {
        name: variable.value.replace("$(JUPYTERHUB_USER)", "{unescaped_username}")
        for name, variable in variables.values.items()
        if name not in {"JUPYTERHUB_USER", "JUPYTER_IMAGE_SPEC"}  # JupyterHub's own
    }
    if facts.dask_gateway is None:
        return values
    prefix = facts.dask_gateway.url_prefix
    on_workers = {name: values[name] for name in variables.on_dask_workers}
    # In a brace more on each side, which KubeSpawner takes off when it puts in the user's name.
    as_option = "{" + json.dumps(on_workers) + "}"
    return values | {
        "DASK_GATEWAY__ADDRESS": f"{facts.hub.url.rstrip('/')}{prefix}",
        "DASK_GATEWAY__PROXY_ADDRESS": f"gateway://127.0.0.1:{gateway_port}",
        "DASK_GATEWAY__PUBLIC_ADDRESS": f"{prefix}/",
        "DASK_GATEWAY__AUTH__TYPE": "jupyterhub",
        "DASK_GATEWAY__CLUSTER__OPTIONS__IMAGE": "{{JUPYTER_IMAGE_SPEC}}",
        "DASK_GATEWAY__CLUSTER__OPTIONS__ENVIRONMENT": as_option,
    }
