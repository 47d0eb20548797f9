"""A facts file drafted from a checkout of 2i2c's repository: it has a hub's facts, and lists those that it lacks."""

import shutil

import pytest
import yaml
from drafts import CLUSTER, PROD, TFVARS, change, change_hub, drafted, facts_of, merge

from guide.facts import checked
from hubfacts.load import load_hub

# Facts that none of the files has, and that pages need: words for readers, and the age of the sources.
WORDS = {
    "sources": {"values": {"date": "2026-01-01"}},
    "hub": {"members": "its people", "configuration": "https://github.com/example-operator/hubs"},
    "gpus": {"choice": "GPU", "options": {"gpu": {"vram_gb": 24}}},
    "git": {"push_from_hub": {"lasts_h": 8}},
}


@pytest.fixture(scope="module")
def draft(root):
    """The draft from the example, and the finished process."""
    result = drafted(root / "examples/from-2i2c")
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
        ("hub.timeouts.idle_server_check_s", 600),
        ("hub.timeouts.server_max_age_s", 172800),
        ("hub.timeouts.spawn_timeout_s", 1200),
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
        ("gpus.zones", ["europe-west1-b", "europe-west1-c"]),
        ("images.options.scipy.ref", "quay.io/jupyter/scipy-notebook:2026-01-05"),
        ("images.custom.choice", "Another image"),
        ("buckets.options.ocean-scratch.delete_after_days", 30),
        ("buckets.options.ocean-persistent.delete_after_days", None),
        ("buckets.options.ocean-scratch.hub", "write"),
        ("buckets.options.ocean-scratch.writers_group", False),
        ("buckets.options.ocean-persistent.writers_group", True),
        ("buckets.options.ocean-persistent.uniform_access", False),
        ("buckets.options.ocean-archive.hub", "read"),
        ("buckets.options.ocean-archive.uniform_access", True),
        ("buckets.writers_group", "ocean-writers@googlegroups.com"),
        ("buckets.identity.pays_for_requests", True),
        ("home.hard_quota_gib", 50),
        ("home.path", "/home/jovyan"),
        ("environment_variables.on_dask_workers", ["SCRATCH_BUCKET"]),
        ("dask_gateway.instance_type", "n2-highmem-16"),
        ("dask_gateway.worker_resource_allocation.4 CPUs.memory", "28G"),
        ("dask_gateway.idle_timeout_minutes", 30),
        ("dask_gateway.image", "the server's own"),
        ("dask_gateway.preemptible_workers", False),
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


def test_every_fact_of_the_draft_is_told_or_listed(draft):
    assert draft[1].stderr.splitlines() == [
        "add or check: enc-prod.secret.values.yaml was not read: it is encrypted or a program",
        *(
            f"add or check: {key} is assumed"
            for bucket in ("scratch", "persistent", "archive")
            for key in (
                *([f"buckets.options.ocean-{bucket}.variable: null"] if bucket == "archive" else []),
                f"buckets.options.ocean-{bucket}.versioning: false",
                f"buckets.options.ocean-{bucket}.requester_pays: false",
            )
        ),
        "add or check: buckets.identity.token_lives_s: 3600 is assumed",
        "add or check: buckets.identity.signs: false is assumed",
    ]
    assert all(f"# {line.removeprefix('add or check: ')}\n" in draft[1].stdout for line in draft[1].stderr.splitlines())


def test_a_hub_has_its_own_files_and_permissions(checkout):
    facts, notes = facts_of(checkout, "staging")

    assert facts["hub"]["url"] == "https://staging.hub.ocean.example.org/"
    assert facts["hub"]["timeouts"]["server_max_age_s"] == 604800, "the chart's"
    assert facts["images"]["options"]["default"]["ref"] == "quay.io/jupyter/scipy-notebook:2026-01-05"
    assert list(facts["buckets"]["options"]) == ["ocean-scratch-staging"]
    assert facts["buckets"]["options"]["ocean-scratch-staging"]["delete_after_days"] == 3
    assert facts["buckets"]["identity"] == {"pays_for_requests": False}
    assert facts["node_shares"]["options"]["server"]["mem_limit_gib"] == 1
    assert "dask_gateway" not in facts and "access" not in facts
    assert "access: people log in with cilogon, not as members of a team on GitHub" in notes


def test_null_removes_a_default_and_a_list_replaces_another(checkout):
    change_hub(
        checkout, {"cull": {"enabled": False}, "singleuser": {"extraFiles": None, "profileList": [{"slug": "a"}]}}
    )

    facts, notes = facts_of(checkout)

    assert facts["hub"]["timeouts"] == {"spawn_timeout_s": 1200, "src": ["values"]}
    assert list(facts["node_shares"]["options"]) == ["a"]
    assert "hub.timeouts: idle servers are never stopped" in notes


@pytest.mark.parametrize(
    ("values", "key", "fact"),
    [
        ({"ingress": {"hosts": ["hub.example.org"]}}, "hub.control_panel", "https://hub.example.org/hub/home"),
        ({"singleuser": {"startTimeout": None}}, "hub.timeouts.spawn_timeout_s", None),
        (
            {"singleuser": {"extraEnv": {"A": {"name": "A", "value": "gs://ocean-archive/x"}}}},
            "environment_variables.values.A.value",
            "gs://ocean-archive/x",
        ),
        ({"singleuser": {"extraEnv": {"A": "gs://ocean-archive"}}}, "buckets.options.ocean-archive.variable", None),
    ],
)
def test_values_of_the_hub(checkout, values, key, fact):
    change_hub(checkout, values)

    found = facts_of(checkout)[0]
    for part in key.split("."):
        found = found.get(part) if found else None

    assert found == fact


def test_values_that_helm_passes_to_no_chart_are_ignored(checkout):
    values = {"jupyterhub": {"cull": {"timeout": 77}}, "basehub": {"jupyterhub-home-nfs": {"enabled": False}}}
    change(checkout / PROD, values)

    facts, _ = facts_of(checkout)

    assert facts["hub"]["timeouts"]["idle_server_culled_after_s"] == 1800
    assert "hard_quota_gib" not in facts["home"]


def test_of_two_files_of_one_project_the_one_named_after_the_cluster_counts(checkout):
    other = (checkout / TFVARS).with_name("aaa.tfvars")
    other.write_text('prefix = "aaa"\nproject_id = "example-ocean"\n')
    (checkout / TFVARS).with_name("zzz.tfvars").write_text("of another project = [")
    assert "ocean-archive" in facts_of(checkout)[0]["buckets"]["options"]

    (checkout / TFVARS).write_text((checkout / TFVARS).read_text().replace('"ocean"', '"sea"'))
    result = drafted(checkout)

    assert result.returncode == 1
    assert "aaa.tfvars, ocean.tfvars are all about the project example-ocean" in result.stderr


def test_permissions_belong_to_a_namespace(checkout):
    text = (checkout / TFVARS).read_text().replace('hub_namespace : "prod"', 'hub_namespace : "other"')
    (checkout / TFVARS).write_text(text.replace('hub_namespace : "staging"', 'hub_namespace : "prod"'))

    facts, notes = facts_of(checkout)

    assert facts["buckets"]["options"]["ocean-scratch-staging"]["hub"] == "write"
    assert "ocean-archive" not in facts["buckets"]["options"]
    assert "buckets: a variable names ocean-scratch, but the hub has no permissions for it" in notes


def test_a_bucket_without_permissions_is_listed(checkout):
    change_hub(checkout, {"singleuser": {"extraEnv": {"OTHER_BUCKET": "gs://ocean-scratch-staging/x"}}})

    facts, notes = facts_of(checkout)

    assert facts["buckets"]["options"]["ocean-scratch-staging"]["delete_after_days"] == 3
    assert "buckets: a variable names ocean-scratch-staging, but the hub has no permissions for it" in notes
    assert 'buckets.options.ocean-scratch-staging.hub: "write" is assumed' in notes


def test_without_terraforms_variables_buckets_are_assumed(checkout):
    shutil.rmtree(checkout / "terraform")

    facts, notes = facts_of(checkout)

    assert facts["hub"]["region"] == "europe-west1" and "zone" not in facts["hub"]
    assert "buckets: no file of Terraform's variables has the project of this cluster" in notes
    assert "buckets.options.ocean-scratch.delete_after_days: null is assumed" in notes


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("ocaen", "prod"), "there is no cluster ocaen; did you mean ocean?"),
        (("x", "prod"), "there is no cluster x; there is ocean"),
        (("ocean", "prd"), "cluster ocean: there is no hub prd; did you mean prod?"),
    ],
)
def test_an_unknown_name_is_one_line(root, arguments, message):
    result = drafted(root / "examples/from-2i2c", *arguments)

    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.endswith(f"{message}\n") and len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        (PROD, "basehub: [", "not YAML: line "),
        (PROD, "- a\n", "it should be a mapping"),
        (PROD, "a: 1\na: 2\n", "the key 'a' is there twice"),
        (PROD, "basehub: {jupyterhub: {singleuser: {profileList: [3]}}}\n", "values of an unknown shape"),
        (PROD, "basehub: {jupyterhub: {singleuser: {memory: {limit: 8Gi}}}}\n", "'8Gi' is not an amount of memory"),
        (CLUSTER, "provider: aws\n", "cluster ocean is on aws: the stand-in plays only hubs on Google Cloud"),
        (CLUSTER, "provider: kubeconfig # on Jetstream\n", "cluster ocean is on kubeconfig"),
        (CLUSTER, "provider: gcp\nhubs: {name: prod}\n", "values of an unknown shape"),
        (CLUSTER, "provider: gcp\ngcp: x\nhubs: [{name: prod}]\n", "values of an unknown shape"),
        (
            CLUSTER,
            "provider: gcp\nhubs: [{name: prod, helm_chart_values_files: [null]}]\n",
            "values of an unknown shape",
        ),
        (
            PROD,
            "basehub: {dask-gateway: {gateway: {extraConfig: {optionHandler: 'a = ('}}}}\n",
            "values of an unknown shape",
        ),
        (PROD, "basehub: &a {jupyterhub: *a}\n", "values of an unknown shape"),
        (TFVARS, 'project_id = "example-ocean"\nprefix = [\n', "not a file of Terraform's variables"),
        ("helm-charts/basehub/Chart.yaml", None, "helm-charts/basehub/Chart.yaml: cannot be read"),
    ],
)
def test_a_malformed_file_is_one_line(checkout, file, text, message):
    if text is None:
        (checkout / file).unlink()
    else:
        (checkout / file).write_text(text)
    if text and "8Gi" in text:
        change(checkout / PROD, {"basehub": {"jupyterhub": {"singleuser": {"profileList": [{"slug": "a"}]}}}})

    result = drafted(checkout)

    assert result.returncode == 1 and result.stdout == ""
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_file_that_is_missing_is_one_line(checkout):
    (checkout / PROD).unlink()

    result = drafted(checkout)

    assert (result.returncode, len(result.stderr.splitlines())) == (1, 1)
    assert "prod.values.yaml: cannot be read" in result.stderr


def test_a_draft_is_the_facts_of_a_guide_once_words_are_added(draft, root):
    example = yaml.safe_load((root / "examples/other-hub/hub.yml").read_text())
    facts = merge(draft[0], WORDS)
    for name in ("guide", "help"):
        facts[name] = example[name] | ({"src": ["values"]} if name != "guide" else {})
    facts["home"] = example["home"] | {"src": ["values"]} | facts["home"]
    facts["images"] = merge({**example["images"], "src": ["values"]}, facts["images"])
    facts["images"]["options"]["scipy"]["for"] = "most work"
    more = {name: value for name, value in example["buckets"].items() if name != "options"} | {"src": ["values"]}
    facts["buckets"] = more | {"options": facts["buckets"]["options"]}
    for bucket in facts["buckets"]["options"].values():
        bucket |= {"writers_group": True, "uniform_access": True, "for": "data"}
    for variable in facts["environment_variables"]["values"].values():
        variable["means"] = "what it says"

    assert checked(facts).gpus.options["gpu"].mem_limit_gib == 29
