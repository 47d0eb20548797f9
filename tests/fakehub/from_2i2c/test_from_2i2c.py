"""A facts file drafted from a cluster's public files: it has their facts, and lists those that they lack."""

import subprocess
import sys

import pytest
import yaml

from guide.facts import checked
from hubfacts.load import load_hub

FILES = ("cluster.yaml", "ocean.tfvars", "common.values.yaml", "prod.values.yaml")
# Facts that none of the files has, and that pages need: words for readers, and the age of the sources.
WORDS = {
    "sources": {"values": {"date": "2026-01-01"}},
    "hub": {"members": "its people", "configuration": "https://github.com/example-operator/hubs"},
    "gpus": {"choice": "GPU", "zones": ["europe-west1-b"], "options": {"gpu": {"vram_gb": 24}}},
    "git": {"push_from_hub": {"lasts_h": 8}},
}


def drafted(root, *files):
    """Run the command with these files of the example, or with paths; return the finished process."""
    paths = [str(root / "examples/from-2i2c" / name) for name in files]
    command = [sys.executable, "-m", "fakehub.from_2i2c", *paths]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=root)


@pytest.fixture(scope="module")
def draft(root):
    """The draft from all files of the example, and the finished process."""
    result = drafted(root, *FILES)
    assert result.returncode == 0, result.stderr
    return yaml.safe_load(result.stdout), result


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("hub.url", "https://hub.ocean.example.org/"),
        ("hub.project", "example-ocean"),
        ("hub.region", "europe-west1"),
        ("hub.community", "Example Ocean"),
        ("hub.operator.name", "Example Operator"),
        ("hub.login.with", "GitHub"),
        ("hub.named_servers", True),
        ("hub.timeouts.idle_server_culled_after_s", 1800),
        ("hub.timeouts.idle_kernel_culled_after_s", 3600),
        ("hub.timeouts.server_max_age_s", 172800),
        ("access.organization", "example-ocean"),
        ("access.allowed_teams", ["members", "modellers"]),
        ("access.tiers.0.cpu_node_shares", ["small"]),
        ("access.tiers.0.gpus", []),
        ("access.tiers.1.cpu_node_shares", ["small", "large"]),
        ("access.tiers.1.gpus", ["gpu"]),
        ("node_shares.machine", "n2-highmem-4"),
        ("node_shares.options.large.mem_limit_gib", 28),
        ("node_shares.options.small.default", True),
        ("gpus.options.gpu.machine", "g2-standard-8"),
        ("gpus.images", ["scipy"]),
        ("images.options.scipy.ref", "quay.io/jupyter/scipy-notebook:2026-01-05"),
        ("images.custom.choice", "Another image"),
        ("buckets.options.ocean-scratch.delete_after_days", 30),
        ("buckets.options.ocean-persistent.delete_after_days", None),
        ("buckets.options.ocean-scratch.hub", "write"),
        ("environment_variables.values.SCRATCH_BUCKET.value", "gs://ocean-scratch/$(JUPYTERHUB_USER)"),
        ("git.push_from_hub.app", "https://github.com/apps/example-ocean-push"),
    ],
)
def test_a_draft_has_the_facts_of_the_files(draft, key, value):
    fact = draft[0]
    for part in key.split("."):
        fact = fact[int(part) if part.isdigit() else part]

    assert fact == value


def test_a_draft_is_the_facts_of_a_hub(draft, tmp_path):
    (tmp_path / "hub.yml").write_text(draft[1].stdout)

    assert load_hub(tmp_path / "hub.yml").gpus.options["gpu"].mem_limit_gib == 29


@pytest.mark.parametrize(
    "line",
    [
        "buckets.options.ocean-scratch.writers_group: false is assumed",
        "buckets.identity.token_lives_s: 3600 is assumed",
    ],
)
def test_assumed_facts_are_listed_on_stderr_and_in_the_draft(draft, line):
    _, result = draft

    assert f"add or check: {line}\n" in result.stderr
    assert f"# {line}\n" in result.stdout


def test_facts_of_the_files_are_not_listed(draft):
    assert "delete_after_days" not in draft[1].stderr
    assert "hub." not in draft[1].stderr


def test_missing_facts_are_listed(root):
    result = drafted(root, "common.values.yaml", "prod.values.yaml")

    assert result.returncode == 0
    assert result.stderr == "add or check: hub.project: missing\n"


def test_a_bucket_that_terraform_does_not_have_is_assumed_to_stay(root):
    result = drafted(root, "cluster.yaml", "common.values.yaml", "prod.values.yaml")

    assert "add or check: buckets.options.ocean-scratch.delete_after_days: null is assumed\n" in result.stderr
    assert 'add or check: buckets.options.ocean-scratch.hub: "write" is assumed\n' in result.stderr


def test_a_section_that_cannot_be_drafted_is_listed(root, tmp_path):
    (tmp_path / "dask.yaml").write_text("dask-gateway: {enabled: true}\n")

    assert "add or check: dask_gateway: " in drafted(root, *FILES, tmp_path / "dask.yaml").stderr


def test_a_draft_is_the_facts_of_a_guide_once_words_are_added(draft, root):
    example = yaml.safe_load((root / "examples/other-hub/hub.yml").read_text())
    facts = _merged(draft[0], WORDS)
    for name in ("guide", "help", "home"):
        facts[name] = example[name] | ({"src": ["values"]} if name != "guide" else {})
    facts["images"] = _merged({**example["images"], "src": ["values"]}, facts["images"])
    facts["images"]["options"]["scipy"]["for"] = "most work"
    more = {name: value for name, value in example["buckets"].items() if name != "options"} | {"src": ["values"]}
    facts["buckets"] = more | {"options": facts["buckets"]["options"]}
    for bucket in facts["buckets"]["options"].values():
        bucket |= {"writers_group": True, "uniform_access": True, "for": "data"}
    for variable in facts["environment_variables"]["values"].values():
        variable["means"] = "what it says"

    assert checked(facts).gpus.options["gpu"].mem_limit_gib == 29


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("basehub: [", "not YAML: line "),
        ("- a\n", "it should be a mapping"),
        ("provider: aws\n", "the cluster is on aws: the stand-in plays only hubs on Google Cloud"),
        ("prometheus: {}\n", "no section jupyterhub"),
        ("jupyterhub: {singleuser: {profileList: [3]}}\n", "values of an unknown shape"),
        ("a: 1\na: 2\n", "the key 'a' is there twice"),
    ],
)
def test_a_malformed_file_is_one_line(root, tmp_path, text, message):
    (tmp_path / "values.yaml").write_text(text)

    result = drafted(root, tmp_path / "values.yaml")

    assert result.returncode == 1 and result.stdout == ""
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_file_that_is_missing_is_one_line(root, tmp_path):
    result = drafted(root, tmp_path / "gone.yaml")

    assert (result.returncode, len(result.stderr.splitlines())) == (1, 1)
    assert "gone.yaml: cannot be read" in result.stderr


def _merged(base, override):
    """Merge nested mappings."""
    merged = dict(base)
    for key, value in override.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _merged(merged[key], value) if both else value
    return merged
