"""Drafts of copies of the example checkout, for the tests of ``fakehub.from_2i2c``."""

import subprocess
import sys

import yaml

# The values file of the hub that most tests change.
PROD = "config/clusters/ocean/prod.values.yaml"
CLUSTER = "config/clusters/ocean/cluster.yaml"
TFVARS = "terraform/gcp/projects/ocean.tfvars"


def drafted(checkout, cluster="ocean", hub="prod"):
    """Run the command for a hub; return the finished process."""
    command = [sys.executable, "-m", "fakehub.from_2i2c", str(checkout), cluster, hub]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def facts_of(checkout, hub="prod"):
    """Return the facts in the draft for a hub, and the lines on standard error."""
    result = drafted(checkout, hub=hub)
    assert result.returncode == 0, result.stderr
    return yaml.safe_load(result.stdout), result.stderr


def change(file, values):
    """Merge ``values`` into the YAML file."""
    file.write_text(yaml.safe_dump(merge(yaml.safe_load(file.read_text()) or {}, values), sort_keys=False))


def change_hub(checkout, values):
    """Merge ``values`` of JupyterHub's chart into those of the hub."""
    change(checkout / PROD, {"basehub": {"jupyterhub": values}})


def profile(name, teams, shares, machine="m", default=False, **more):
    choices = {key: {"display_name": key, "kubespawner_override": settings} for key, settings in shares.items()}
    machines = {"node_selector": {"node.kubernetes.io/instance-type": machine}}
    return {
        "display_name": name,
        "default": default,
        "allowed_groups": [f"example-ocean:{team}" for team in teams],
        "kubespawner_override": machines,
        "profile_options": {"requests": {"display_name": "Size", "choices": choices}},
    } | more


def merge(base, override):
    """Merge nested mappings."""
    merged = dict(base)
    for key, value in override.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = merge(merged[key], value) if both else value
    return merged


SMALL, LARGE = {"mem_limit": "4G", "cpu_limit": 1}, {"mem_limit": 2**34, "cpu_limit": 4}
