"""A facts file drafted from a checkout of 2i2c's repository: it has a hub's facts, and lists those that it lacks."""

import json
import os
import shutil
import subprocess
from functools import reduce

import pytest
import yaml
from drafts import CLUSTER, PROD, TFVARS, change, change_hub, drafted, facts_of

from guide.facts import checked
from hubfacts.load import load_hub


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


def test_every_fact_of_the_draft_comes_from_the_files_or_is_listed(draft):
    lines = [line.removeprefix("add or check: ") for line in draft[1].stderr.splitlines()]

    assert lines[0] == "enc-prod.secret.values.yaml was not read: it is encrypted or a program"
    assert [line.partition(": ")[0] for line in lines[1:]] == [
        "hub.members",
        *(f"guide.{key}" for key in ("title", "author", "cite_as", "site", "repository", "branch")),
        "gpus.choice",
        "images.source",
        "images.options.scipy.for",
        *(f"images.custom.{key}" for key in ("in_choices", "form", "example", "must")),
        "home.meant_for",
        *(f"buckets.options.ocean-{name}.for" for name in ("scratch", "persistent", "archive")),
        "buckets.rules",
        *(f"buckets.identity.{key}" for key in ("token_lives_s", "signs")),
        *(
            f"environment_variables.values.{name}.means"
            for name in ("JUPYTERHUB_USER", "SCRATCH_BUCKET", "PERSISTENT_BUCKET", "JUPYTER_IMAGE_SPEC")
        ),
        "git.push_from_hub.lasts_h",
        *(
            f"buckets.options.ocean-{name}.{key}"
            for name in ("scratch", "persistent")
            for key in ("versioning", "requester_pays", "soft_delete_days")
        ),
        *(
            f"buckets.options.ocean-archive.{key}"
            for key in ("variable", "versioning", "requester_pays", "soft_delete_days")
        ),
    ]
    assert all(line.endswith(" is assumed") for line in lines[1:])
    assert all(f"# {line}\n" in draft[1].stdout for line in lines)


def test_a_hub_has_its_own_files_and_permissions(checkout):
    facts, notes = facts_of(checkout, "staging")

    assert facts["hub"]["url"] == "https://staging.hub.ocean.example.org/"
    assert facts["hub"]["timeouts"]["server_max_age_s"] == 604800, "the chart's"
    assert facts["images"]["options"]["default"]["ref"] == "quay.io/jupyter/scipy-notebook:2026-01-05"
    assert list(facts["buckets"]["options"]) == ["ocean-scratch-staging"]
    assert facts["buckets"]["options"]["ocean-scratch-staging"]["delete_after_days"] == 3
    assert facts["buckets"]["identity"]["pays_for_requests"] is False
    assert facts["node_shares"]["options"]["server"]["mem_limit_gib"] == 1
    assert "dask_gateway" not in facts
    assert facts["access"]["admits"] == "people whom its administrators have added"
    assert "access.admits: the files do not say who may log in" in notes


def test_null_removes_a_default_and_a_list_replaces_another(checkout):
    change_hub(
        checkout, {"cull": {"enabled": False}, "singleuser": {"extraFiles": None, "profileList": [{"slug": "a"}]}}
    )

    facts, notes = facts_of(checkout)

    assert facts["hub"]["timeouts"]["spawn_timeout_s"] == 1200
    assert "hub.timeouts.server_max_age_s: 604800 is assumed" in notes
    assert list(facts["node_shares"]["options"]) == ["a"]
    assert "hub.timeouts: idle servers are never stopped" in notes


@pytest.mark.parametrize(
    ("values", "key", "fact"),
    [
        ({"ingress": {"hosts": ["hub.example.org"]}}, "hub.control_panel", "https://hub.example.org/hub/home"),
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
    assert facts["home"]["hard_quota_gib"] == 10, "assumed"


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

    assert facts["hub"]["region"] == "europe-west1" and "hub.zone" in notes
    assert "buckets: no file of Terraform's variables has the project of this cluster" in notes
    assert "buckets.options.ocean-scratch.delete_after_days: 7 is assumed" in notes


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("ocaen", "prod"), "there is no cluster ocaen; did you mean ocean?"),
        (("x", "prod"), "there is no cluster x; there is glacier, island, meadow, ocean, reef"),
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


@pytest.mark.parametrize("cluster", ["ocean", "glacier"])
def test_a_draft_is_all_the_facts_of_a_guide(root, cluster):
    facts = checked(yaml.safe_load(drafted(root / "examples/from-2i2c", cluster).stdout))

    assert facts.hub.configuration.endswith(f"/infrastructure/tree/main/config/clusters/{cluster}")
    assert facts.help.website == f"https://{cluster}.example.org"
    assert (facts.help.email, facts.help.forum, facts.help.catalog, facts.help.application_form) == (None,) * 4
    assert facts.buckets.src == ["values", "assumed"] and facts.access.src == ["values"]


def test_a_section_is_left_out_if_only_a_made_up_fact_could_fill_it(root):
    facts = checked(yaml.safe_load(drafted(root / "examples/from-2i2c", "glacier").stdout))

    lacks = facts.git, facts.gpus, facts.dask_gateway, facts.osn, facts.images.custom, facts.home.recommended_gb
    assert lacks == (None,) * 6
    assert not facts.buckets.has_writers


@pytest.mark.parametrize(
    ("changes", "key", "value"),
    [
        ({"custom": {"homepage": None}}, "help.website", "https://2i2c.org/"),
        ({"custom": {"homepage": None}}, "hub.operator.name", "2i2c"),
        ({"custom": {"homepage": None}}, "hub.community", "Example Ocean"),
        ({"cull": {"enabled": False}}, "hub.timeouts.server_max_age_s", 604800),
        ({"singleuser": {"startTimeout": None}}, "hub.timeouts.spawn_timeout_s", 600),
        ({"singleuser": {"storage": {"type": "none"}}}, "home.hard_quota_gib", 10),
    ],
)
def test_a_fact_that_the_files_lack_is_assumed_and_listed(checkout, changes, key, value):
    change_hub(checkout, changes)

    facts, notes = facts_of(checkout)

    assert reduce(lambda place, part: place[part], key.split("."), facts) == value
    assert f"{key}: {json.dumps(value)} is assumed" in notes
    checked(facts)


def test_a_server_without_cpus_and_a_machine_gets_those_of_terraform(checkout):
    change_hub(checkout, {"singleuser": {"profileList": [{"display_name": "Server", "slug": "a"}]}})
    text = (checkout / TFVARS).read_text()
    (checkout / TFVARS).write_text(
        text.replace("notebook_nodes = {", 'notebook_nodes = {\n  "n": {machine_type: "n2-standard-8"}')
    )

    facts, notes = facts_of(checkout)

    shares = facts["node_shares"]
    assert (shares["machine"], shares["options"]["a"]["cpu_limit"]) == ("n2-standard-8", 8)
    assert 'node_shares.machine: "n2-standard-8" is assumed' in notes


def test_the_memory_of_a_gpu_follows_from_its_machine(checkout):
    facts, notes = facts_of(checkout)

    assert facts["gpus"]["options"]["gpu"]["vram_gb"] == 24
    assert "vram_gb" not in notes


@pytest.mark.parametrize(
    ("reference", "source"),
    [
        ("pangeo/pangeo-notebook:1", "https://github.com/pangeo-data/pangeo-docker-images"),
        ("quay.io/pangeo/ml-notebook:1", "https://github.com/pangeo-data/pangeo-docker-images"),
        ("quay.io/jupyter/scipy-notebook:1", "https://github.com/jupyter/docker-stacks"),
        ("quay.io/example/image:1", "https://quay.io/repository/example/image"),
        ("example/image:1", "https://hub.docker.com/r/example/image"),
        ("ghcr.io/example/image:1", "https://ghcr.io/example/image"),
    ],
)
def test_an_image_comes_from_its_repository_or_its_page_in_the_registry(checkout, reference, source):
    listed = [{"display_name": "Server", "kubespawner_override": {"image": reference}}]
    change_hub(checkout, {"singleuser": {"profileList": listed}})

    facts, _ = facts_of(checkout)

    assert facts["images"]["source"] == source
    assert ("package_list_url" in facts["images"]) == ("pangeo" in reference)


def test_a_commit_dates_the_facts(checkout):
    identity = ["-c", "user.name=Funky", "-c", "user.email=f@example.org"]
    git = ["git", "-C", str(checkout), *identity]
    environment = os.environ | {"GIT_AUTHOR_DATE": "2026-02-03T12:00:00Z", "GIT_COMMITTER_DATE": "2026-02-03T12:00:00Z"}
    for arguments in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message", "All"]):
        subprocess.run([*git, *arguments], env=environment, check=True)
    commit = subprocess.run([*git, "log", "--format=%h"], capture_output=True, text=True, check=True).stdout.strip()

    facts, _ = facts_of(checkout)

    assert facts["sources"]["values"]["date"] == "2026-02-03"
    assert facts["sources"]["values"]["commit"] == commit
    assert facts["hub"]["configuration"].endswith("/tree/main/config/clusters/ocean"), "the newest"


def test_a_hub_without_what_every_page_needs_has_no_guide(checkout):
    change_hub(checkout, {"singleuser": {"profileList": [{"display_name": "Server", "slug": "a"}]}})

    facts, notes = facts_of(checkout)

    assert "images" not in facts
    assert "images: missing, so there is no guide" in notes
