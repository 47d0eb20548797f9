"""JupyterHub with the least facts: no Dask Gateway, no GPU, no sources, and variables that follow from the buckets."""

import subprocess
import sys

import pytest
import yaml
from hub_driver import ROOT

from fakehub.isolation import namespace

FACTS = {
    "hub": {"project": "my-project", "url": "https://hub.example.org/"},
    "access": {
        "organization": "us",
        "allowed_teams": ["all"],
        "tiers": [{"name": "All", "team": "all", "cpu_node_shares": ["large"]}],
    },
    "node_shares": {
        "machine": "n2-highmem-4",
        "options": {
            "large": {"label": "8 GB", "mem_limit_gib": 8, "cpu_limit": 4, "cpu_guarantee": 1, "default": True},
        },
    },
    "images": {
        "options": {"scipy": {"label": "SciPy", "ref": "quay.io/jupyter/scipy-notebook:2026-01-05", "default": True}},
    },
    "buckets": {"options": {"my-scratch": {"variable": "SCRATCH_BUCKET"}}},
}
# Prints the status of JupyterHub, then the number of variables that only its servers have.
INSIDE = """
curl --silent --output /dev/null --write-out '%{http_code}\\n' https://hub.example.org/hub/login
env | grep --count --extended-regexp '^(DASK_GATEWAY__|SCRATCH_BUCKET)'
exit 0
"""


def test_jupyterhub_starts_without_the_facts_of_a_guide(tmp_path, stack):
    if not namespace.available():
        pytest.skip("this system allows no namespaces, and the hub needs them")
    (tmp_path / "hub.yml").write_text(yaml.safe_dump(FACTS))
    programs = ROOT / ".venv" / ("jupyterhub" if stack == "hub" else f"jupyterhub-{stack}")
    command = [sys.executable, "-m", "fakehub", "hub", "--hub-yml", str(tmp_path / "hub.yml")]
    command += ["--programs", str(programs), "--", "sh", "-c", INSIDE]

    result = subprocess.run(command, capture_output=True, text=True, timeout=180, cwd=ROOT)

    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == "200\n0\n"
