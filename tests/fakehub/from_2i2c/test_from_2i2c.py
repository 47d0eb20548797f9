"""A facts file drafted from a checkout of 2i2c's repository: it has a hub's facts, and lists those that it lacks."""

import shutil
import subprocess
import sys

import pytest
import yaml

from guide.facts import checked
from hubfacts.load import load_hub

# Facts that none of the files has, and that pages need: words for readers, and the age of the sources.
WORDS = {
    "sources": {"values": {"date": "2026-01-01"}},
    "hub": {"members": "its people", "configuration": "https://github.com/example-operator/hubs"},
    "gpus": {"choice": "GPU", "options": {"gpu": {"vram_gb": 24}}},
    "git": {"push_from_hub": {"lasts_h": 8}},
}


# The values file of the hub that most tests change.
PROD = "config/clusters/ocean/prod.values.yaml"
CLUSTER = "config/clusters/ocean/cluster.yaml"


def drafted(checkout, cluster="ocean", hub="prod"):
    """Run the command for a hub; return the finished process."""
    command = [sys.executable, "-m", "fakehub.from_2i2c", str(checkout), cluster, hub]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def facts_of(checkout, hub="prod"):
    """Return the facts in the draft for a hub, and the lines on standard error."""
    result = drafted(checkout, hub=hub)
    assert result.returncode == 0, result.stderr
    return yaml.safe_load(result.stdout), result.stderr


@pytest.fixture
def checkout(root, tmp_path):
    """A copy of the example, to be changed."""
    return shutil.copytree(root / "examples/from-2i2c", tmp_path / "checkout")


def change(file, values):
    """Merge ``values`` into the YAML file."""
    file.write_text(yaml.safe_dump(_merged(yaml.safe_load(file.read_text()) or {}, values), sort_keys=False))


def change_hub(checkout, values):
    """Merge ``values`` of JupyterHub's chart into those of the hub."""
    change(checkout / PROD, {"basehub": {"jupyterhub": values}})


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


SMALL, LARGE = {"mem_limit": "4G", "cpu_limit": 1}, {"mem_limit": 2**34, "cpu_limit": 4}


def test_profiles_stay_apart_unless_they_differ_only_in_teams_and_shares(checkout):
    listed = [
        profile("CPU", ["modellers"], {"small": SMALL}, "other"),
        profile("CPU", ["members"], {"small": SMALL}, default=True),
        profile("CPU", ["modellers"], {"small": SMALL, "large": LARGE}),
        profile("Shared", ["modellers"], {"small": SMALL}),
    ]
    change_hub(checkout, {"singleuser": {"profileList": listed}})

    facts, _ = facts_of(checkout)

    assert facts["node_shares"]["machine"] == "m"
    shares = {name: share["mem_limit_gib"] for name, share in facts["node_shares"]["options"].items()}
    assert shares == {"small": 4, "large": 16}
    assert [tier["cpu_node_shares"] for tier in facts["access"]["tiers"]] == [["small"], ["small", "large"]]
    further = [(one["profile"], one["machine"], one["teams"]) for one in facts["further_profiles"]]
    assert further == [("CPU", "other", ["modellers"]), ("Shared", "m", ["modellers"])]


def test_a_profile_with_several_machines_is_divided_and_listed(checkout):
    one = profile("CPU", ["members"], {"small": SMALL, "large": LARGE})
    machine = {"node_selector": {"node.kubernetes.io/instance-type": "larger"}}
    one["profile_options"]["requests"]["choices"]["large"]["kubespawner_override"] = LARGE | machine
    change_hub(checkout, {"singleuser": {"profileList": [one]}})

    facts, notes = facts_of(checkout)

    assert (facts["node_shares"]["machine"], list(facts["node_shares"]["options"])) == ("m", ["small"])
    assert [one["machine"] for one in facts["further_profiles"]] == ["larger"]
    assert "further_profiles: 'CPU' offers several machines; hub.yml has a profile for each" in notes


def test_a_hub_that_names_only_its_operators_staff_is_listed(checkout):
    change_hub(checkout, {"hub": {"config": {"GitHubOAuthenticator": {"allowed_organizations": "2i2c-org"}}}})

    facts, notes = facts_of(checkout)

    assert "access" not in facts
    assert "access: only 2i2c's staff are named" in notes


def test_a_further_profile_may_be_for_everybody_or_for_nobody_who_may_log_in(checkout):
    shared = profile("Shared", [], {"small": SMALL})
    listed = [profile("CPU", ["members"], {"small": SMALL}), shared, profile("New", ["developers"], {"small": SMALL})]
    change_hub(checkout, {"singleuser": {"profileList": listed}})

    facts, notes = facts_of(checkout)

    assert [one["profile"] for one in facts["further_profiles"]] == ["Shared"]
    assert "teams" not in facts["further_profiles"][0]
    assert "further_profiles: 'New' is only for developers, who may not log in" in notes


def test_a_team_without_a_profile_may_only_log_in_and_mounts_its_folder(checkout):
    code = """c.KubeSpawner.group_overrides = {"a": {"groups": ["example-ocean:divers"], "spawner_override": {
        "volume_mounts": {"a": {"mountPath": "/home/jovyan/dives"}}}}}"""
    teams = ["example-ocean:members", "example-ocean:divers"]
    config = {"config": {"GitHubOAuthenticator": {"allowed_organizations": teams}}, "extraConfig": {"01-groups": code}}
    change_hub(checkout, {"hub": config})

    access = facts_of(checkout)[0]["access"]

    assert access["allowed_teams"] == ["members"]
    assert access["login_only_teams"] == {"divers": "~/dives"}
    assert access["extra_teams"] == {"modellers": {"cpu_node_shares": ["small", "large"], "gpus": ["gpu"]}}


def test_gpus_keep_their_own_teams_and_names(checkout):
    gpu = {"extra_resource_limits": {"nvidia.com/gpu": "1"}, "mem_limit": "15G"}
    l4 = profile("GPU", ["members"], {"one": gpu, "two": gpu})
    l4["profile_options"]["requests"]["choices"]["two"]["allowed_groups"] = ["example-ocean:large-gpu"]
    a100 = profile("Large GPU", ["members"], {"one": gpu | {"mem_limit": "80G"}}, "a2-highgpu-1g")
    plain = profile("CPU", ["members", "modellers"], {"small": SMALL})
    change_hub(checkout, {"singleuser": {"profileList": [plain, l4, a100]}})

    facts, notes = facts_of(checkout)

    options = facts["gpus"]["options"]
    assert [options[name]["mem_limit_gib"] for name in ("one", "two", "large-gpu-one")] == [15, 15, 80]
    assert options["two"]["team"] == "large-gpu" and "team" not in options["one"]
    assert facts["access"]["tiers"][0]["gpus"] == ["one", "large-gpu-one"]
    assert facts["access"]["extra_teams"]["large-gpu"]["gpus"] == ["two"]
    assert "gpus: the hub has several GPU profiles" in notes


def test_one_image_is_the_default_and_another_reference_is_listed(checkout):
    def images(tag):
        both = {name: {"default": True, "kubespawner_override": {"image": f"a/{name}:{tag}"}} for name in ("x", "y")}
        return {"profile_options": {"image": {"choices": both}}}

    listed = [profile("A", ["members"], {}, **images("1")), profile("B", ["members"], {}, **images("2"))]
    change_hub(checkout, {"singleuser": {"profileList": listed}})

    facts, notes = facts_of(checkout)

    assert [name for name, image in facts["images"]["options"].items() if image.get("default")] == ["x"]
    assert "images: x is a/x:1 in one profile and a/x:2 in 'B'" in notes


def test_a_choice_without_a_limit_is_listed_and_the_others_are_kept(checkout):
    shares = {"small": SMALL, "all": {"mem_limit": None, "cpu_limit": 8}}
    change_hub(checkout, {"singleuser": {"profileList": [profile("CPU", ["members"], shares)]}})

    facts, notes = facts_of(checkout)

    assert "mem_limit_gib" not in facts["node_shares"]["options"]["all"]
    assert "node_shares.options.all.mem_limit_gib: missing" in notes


def test_a_text_instead_of_a_list_and_whole_organisations(checkout):
    login = {"GitHubOAuthenticator": {"allowed_organizations": "example-ocean:members"}}
    change_hub(checkout, {"hub": {"config": login}})
    assert facts_of(checkout)[0]["access"]["allowed_teams"] == ["members"]

    login = {"GitHubOAuthenticator": {"allowed_organizations": ["everybody", "other:team", "example-ocean:members"]}}
    change_hub(checkout, {"hub": {"config": login}})
    facts, notes = facts_of(checkout)

    assert facts["access"]["organization"] == "other"
    assert "access: all members of everybody may log in; hub.yml can name only teams" in notes
    assert "access: teams of example-ocean may log in too; hub.yml can name one organization" in notes


def test_a_bucket_without_permissions_is_listed(checkout):
    change_hub(checkout, {"singleuser": {"extraEnv": {"OTHER_BUCKET": "gs://ocean-scratch-staging/x"}}})

    facts, notes = facts_of(checkout)

    assert facts["buckets"]["options"]["ocean-scratch-staging"]["delete_after_days"] == 3
    assert "buckets: OTHER_BUCKET names ocean-scratch-staging, but the hub has no permissions for it" in notes
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
        ("terraform/gcp/projects/ocean.tfvars", "prefix = [\n", "not a file of Terraform's variables"),
    ],
)
def test_a_malformed_file_is_one_line(checkout, file, text, message):
    (checkout / file).write_text(text)
    if "8Gi" in text:
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
    facts = _merged(draft[0], WORDS)
    for name in ("guide", "help"):
        facts[name] = example[name] | ({"src": ["values"]} if name != "guide" else {})
    facts["home"] = example["home"] | {"src": ["values"]} | facts["home"]
    facts["images"] = _merged({**example["images"], "src": ["values"]}, facts["images"])
    facts["images"]["options"]["scipy"]["for"] = "most work"
    more = {name: value for name, value in example["buckets"].items() if name != "options"} | {"src": ["values"]}
    facts["buckets"] = more | {"options": facts["buckets"]["options"]}
    for bucket in facts["buckets"]["options"].values():
        bucket |= {"writers_group": True, "uniform_access": True, "for": "data"}
    for variable in facts["environment_variables"]["values"].values():
        variable["means"] = "what it says"

    assert checked(facts).gpus.options["gpu"].mem_limit_gib == 29


def _merged(base, override):
    """Merge nested mappings."""
    merged = dict(base)
    for key, value in override.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _merged(merged[key], value) if both else value
    return merged
