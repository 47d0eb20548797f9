"""Drafts of profiles: node shares, GPUs and images, and who may take which."""

import pytest
from drafts import LARGE, SMALL, change_hub, facts_of, profile


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


def test_a_choice_is_for_the_teams_that_its_profile_is_for_too(checkout):
    one = profile("CPU", ["members"], {"small": SMALL, "large": LARGE})
    one["allowed_groups"] = ["Example-Ocean:Members", "other-org:modellers"]
    choices = one["profile_options"]["requests"]["choices"]
    choices["large"]["allowed_groups"] = ["example-ocean:members", "example-ocean:modellers"]
    choices["staff"] = {"allowed_groups": ["2i2c-org:staff"], "kubespawner_override": LARGE}
    choices["nobody"] = {"allowed_groups": [], "kubespawner_override": LARGE}
    change_hub(checkout, {"singleuser": {"profileList": [one]}})

    facts, notes = facts_of(checkout)

    assert list(facts["node_shares"]["options"]) == ["small", "large"]
    tiers = {tier["team"]: tier["cpu_node_shares"] for tier in facts["access"]["tiers"]}
    assert tiers == {"members": ["small", "large"]}
    assert "access: 'CPU' is only for other-org:modellers, which hub.yml cannot say" in notes


def test_a_bucket_of_one_choice_is_listed(checkout):
    own = SMALL | {"environment": {"SCRATCH_BUCKET": "gs://other/$(JUPYTERHUB_USER)", "SHELL": "/bin/bash"}}
    change_hub(checkout, {"singleuser": {"profileList": [profile("CPU", ["members"], {"small": own})]}})

    assert "environment_variables: 'small' sets its own SCRATCH_BUCKET\n" in facts_of(checkout)[1]


def test_a_further_profile_is_divided_by_the_teams_of_its_choices(checkout):
    one = profile("Big", ["members", "modellers"], {"small": SMALL, "large": LARGE}, "m2")
    one["profile_options"]["requests"]["choices"]["large"]["allowed_groups"] = ["example-ocean:modellers"]
    change_hub(checkout, {"singleuser": {"profileList": [profile("CPU", ["members"], {"small": SMALL}), one]}})

    further = facts_of(checkout)[0]["further_profiles"]

    assert [(list(each["options"]), each["teams"]) for each in further] == [
        (["small"], ["members", "modellers"]),
        (["large"], ["modellers"]),
    ]


@pytest.mark.parametrize(("service", "groups"), [("cilogon", "group"), ("github", "GitHub team")])
def test_a_gpu_says_whom_it_is_for_where_no_team_may_log_in(checkout, service, groups):
    login = {
        "JupyterHub": {"authenticator_class": service},
        "Authenticator": {"allow_all": True},
        "GitHubOAuthenticator": {"allowed_organizations": None},
    }
    change_hub(checkout, {"hub": {"config": login}})

    facts, notes = facts_of(checkout)

    assert facts["access"]["admits"].startswith("everybody with a")
    assert {gpu["only_for"] for gpu in facts["gpus"]["options"].values()} == {
        f"members of the {groups} example-ocean:modellers"
    }
    assert "'GPU' is only for" not in notes


def test_a_server_without_profiles_has_its_own_machine_image_and_gpu(checkout):
    settings = {"nodeSelector": {"node.kubernetes.io/instance-type": "n2-highmem-2"}, "profileList": None}
    change_hub(checkout, {"singleuser": settings | {"image": {"name": "a/b", "tag": "1"}, "memory": {"limit": "3G"}}})
    facts, _ = facts_of(checkout)
    assert facts["node_shares"]["machine"] == "n2-highmem-2"
    assert facts["node_shares"]["options"]["server"]["mem_limit_gib"] == 3
    image = {"label": "a/b:1", "ref": "a/b:1", "default": True, "for": "most work"}
    assert facts["images"]["options"] == {"default": image}

    change_hub(checkout, {"singleuser": {"extraResource": {"limits": {"nvidia.com/gpu": "1"}}}})
    facts, notes = facts_of(checkout)
    assert list(facts["gpus"]["options"]) == ["server"] and "node_shares" not in facts
    assert "node_shares: the hub has no CPU profile" in notes


def test_images_that_are_not_for_every_profile_are_listed(checkout):
    def images(*names, default):
        each = {name: {"kubespawner_override": {"image": f"a/{name}:1"}, "default": name == default} for name in names}
        return {"profile_options": {"image": {"choices": each}}}

    gpu = {"extra_resource_limits": {"nvidia.com/gpu": 1}, "mem_limit": "9G"}
    listed = [
        profile("CPU", ["members"], {}, **images("x", default="x")),
        profile("GPU", ["members"], {}, **images("y", "z", default="z"), kubespawner_override=gpu),
    ]
    change_hub(checkout, {"singleuser": {"profileList": listed}})

    facts, notes = facts_of(checkout)

    assert facts["gpus"]["images"] == ["z", "y"]
    assert "images: the profile 'CPU' does not offer y, z" in notes
    assert facts["images"]["custom"] is None


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

    assert facts["access"]["admits"] == "people whom its administrators have added"
    assert "access.admits: the files do not say who may log in" in notes


def test_a_further_profile_may_be_for_everybody_or_for_nobody_who_may_log_in(checkout):
    shared = profile("Shared", [], {"small": SMALL})
    del shared["allowed_groups"]
    listed = [profile("CPU", ["members"], {"small": SMALL}), shared, profile("New", ["developers"], {"small": SMALL})]
    change_hub(checkout, {"singleuser": {"profileList": listed}})

    facts, notes = facts_of(checkout)

    assert [one["profile"] for one in facts["further_profiles"]] == ["Shared"]
    assert "teams" not in facts["further_profiles"][0]
    assert "further_profiles: 'New' is only for example-ocean:developers, who may not log in" in notes


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


def test_a_choice_without_a_limit_has_the_whole_machine(checkout):
    shares = {"small": SMALL, "all": {"mem_limit": None, "cpu_limit": 8}}
    change_hub(checkout, {"singleuser": {"profileList": [profile("CPU", ["members"], shares, "n2-highmem-8")]}})

    facts, notes = facts_of(checkout)

    assert facts["node_shares"]["options"]["all"]["mem_limit_gib"] == 64
    assert "node_shares.options.all.mem_limit_gib: 64 is assumed" in notes
    assert "node_shares.options.small.mem_limit_gib" not in notes


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


def test_everything_that_is_assumed_is_listed(checkout):
    change_hub(checkout, {"singleuser": {"profileList": [profile("CPU", ["members"], {"all": {"cpu_limit": 8}})]}})

    _, notes = facts_of(checkout)

    assert "node_shares.options.all.cpu_guarantee: 0.05 is assumed" in notes
    assert "buckets.identity.signs: false is assumed" in notes
