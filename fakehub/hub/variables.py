"""The variables of every server, as KubeSpawner's configuration has them."""

from __future__ import annotations

import json

from hubfacts.schema import Facts


def server_variables(facts: Facts, gateway_port: int) -> dict[str, str]:
    """Return the hub's variables, with KubeSpawner's placeholders for the user's name, and those for Dask Gateway."""
    variables = facts.environment_variables
    values = {
        name: variable.value.replace("$(JUPYTERHUB_USER)", "{unescaped_username}")
        for name, variable in variables.values.items()
        if name not in {"JUPYTERHUB_USER", "JUPYTER_IMAGE_SPEC"}  # set by JupyterHub
    }
    if facts.dask_gateway is None:
        return values
    prefix = facts.dask_gateway.url_prefix
    on_workers = {name: values[name] for name in variables.on_dask_workers}
    # KubeSpawner formats the value with the user's name, which turns doubled braces into single ones.
    as_option = "{" + json.dumps(on_workers) + "}"
    return values | {
        "DASK_GATEWAY__ADDRESS": f"{facts.hub.url.rstrip('/')}{prefix}",
        "DASK_GATEWAY__PROXY_ADDRESS": f"gateway://127.0.0.1:{gateway_port}",
        "DASK_GATEWAY__PUBLIC_ADDRESS": f"{prefix}/",
        "DASK_GATEWAY__AUTH__TYPE": "jupyterhub",
        "DASK_GATEWAY__CLUSTER__OPTIONS__IMAGE": "{{JUPYTER_IMAGE_SPEC}}",
        "DASK_GATEWAY__CLUSTER__OPTIONS__ENVIRONMENT": as_option,
    }
