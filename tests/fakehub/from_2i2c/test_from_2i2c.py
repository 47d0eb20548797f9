"""A facts file drafted from a cluster's public files: what they tell is in it, and what they do not is listed."""

import subprocess
import sys

import pytest
import yaml

from hubfacts.load import checked

FILES = ("cluster.yaml", "ocean.tfvars", "common.values.yaml", "prod.values.yaml")
# What none of the files can tell: words for readers, and places where they get help.
WORDS = {
    "sources": {"values": {"date": "2026-01-01"}},
    "hub": {"members": "its people", "configuration": "https://github.com/example-operator/hubs"},
    "node_shares": {},
    "gpus": {"choice": "GPU", "options": {"gpu": {"vram_gb": 24}}},
    "git": {"push_from_hub": {"urls": "HTTPS, not SSH"}},
}


def drafted(root, *files):
    """The finished command, called with these files of the example, or with paths."""
    paths = [str(root / "examples/from-2i2c" / name) for name in files]
    command = [sys.executable, "-m", "fakehub.from_2i2c", *paths]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=root)


@pytest.fixture(scope="module")
def told(root):
    ran = drafted(root, *FILES)
    assert ran.returncode == 0, ran.stderr
    return yaml.safe_load(ran.stdout), ran


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
        ("hub.timeouts.server_max_age_s", 172800),
        ("access.organization", "example-ocean"),
        ("access.allowed_teams", ["members", "modellers"]),
        ("access.tiers.0.cpu_node_shares", ["small"]),
        ("access.tiers.0.gpus", []),
        ("access.tiers.1.cpu_node_shares", ["small", "large"]),
        ("access.tiers.1.gpus", ["gpu"]),
        ("node_shares.machine", "n2-highmem-4"),
        ("node_shares.options.large.mem_limit_gb", 28),
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
def test_a_draft_has_what_the_files_tell(told, key, value):
    place = told[0]
    for part in key.split("."):
        place = place[int(part) if part.isdigit() else part]

    assert place == value


@pytest.mark.parametrize(
    "key", ["help", "guide", "home", "hub.members", "buckets.writers_group", "gpus.options.gpu.vram_gb"]
)
def test_what_they_do_not_tell_is_listed_on_stderr_and_in_the_draft(told, key):
    _, ran = told

    assert f"not told: {key}: missing\n" in ran.stderr
    assert f"# {key}: missing\n" in ran.stdout


def test_a_draft_is_a_facts_file_once_what_is_listed_is_added(told, root):
    example = yaml.safe_load((root / "examples/other-hub/hub.yml").read_text())
    facts = _over(told[0], WORDS)
    for name in ("guide", "help", "home"):
        facts[name] = example[name] | ({"src": ["values"]} if name != "guide" else {})
    facts["images"] = _over({**example["images"], "src": ["values"]}, facts["images"])
    facts["images"]["options"]["scipy"]["for"] = "most work"
    more = {name: value for name, value in example["buckets"].items() if name != "options"} | {"src": ["values"]}
    facts["buckets"] = more | {"options": facts["buckets"]["options"]}
    for bucket in facts["buckets"]["options"].values():
        bucket |= {"writers_group": True, "uniform_access": True, "for": "data"}
    for variable in facts["environment_variables"]["values"].values():
        variable["means"] = "what it says"

    assert checked(facts).gpus.options["gpu"].mem_limit_gb == 29


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("basehub: [", "not YAML: line "),
        ("- a\n", "it should be a mapping"),
        ("provider: aws\n", "the cluster is on aws: only hubs on Google Cloud"),
        ("prometheus: {}\n", "no section jupyterhub"),
        ("jupyterhub: {singleuser: {profileList: [3]}}\n", "values of an unknown shape"),
        ("a: 1\na: 2\n", "the key 'a' is there twice"),
    ],
)
def test_a_malformed_file_is_one_line(root, tmp_path, text, message):
    (tmp_path / "values.yaml").write_text(text)

    ran = drafted(root, tmp_path / "values.yaml")

    assert ran.returncode == 1 and ran.stdout == ""
    assert message in ran.stderr
    assert len(ran.stderr.splitlines()) == 1


def test_a_file_that_is_missing_is_one_line(root, tmp_path):
    ran = drafted(root, tmp_path / "gone.yaml")

    assert (ran.returncode, len(ran.stderr.splitlines())) == (1, 1)
    assert "gone.yaml: cannot be read" in ran.stderr


def _over(below, above):
    return {
        **below,
        **{
            key: _over(below[key], value) if isinstance(value, dict) and isinstance(below.get(key), dict) else value
            for key, value in above.items()
        },
    }
