"""The facts that the stand-in reads: the least it needs, its defaults, and errors of one line that name the key."""

import pytest
import yaml

from hubfacts.load import FactsError, load, load_hub
from hubfacts.schema import Facts

LEAST = {"hub": {"project": "my-project"}, "buckets": {"options": {"my-scratch": {}}}}
SHARES = {"large": {"label": "8 GB", "mem_limit_gib": 8, "cpu_limit": 4, "cpu_guarantee": 1, "default": True}}
IMAGES = {"scipy": {"label": "SciPy", "ref": "quay.io/jupyter/scipy-notebook:2026-01-05", "default": True}}
JUPYTERHUB = LEAST | {
    "access": {"organization": "us", "allowed_teams": ["all"], "tiers": [{"name": "All", "team": "all"}]},
    "node_shares": {"machine": "n2-highmem-4", "options": SHARES},
    "images": {"options": IMAGES},
}
SHARE = {"label": "L", "mem_limit_gib": 8, "cpu_limit": 2, "cpu_guarantee": 1, "default": True}
FURTHER = {"machine": "m", "options": {"l": SHARE}, "teams": ["some"]}


def facts_of(tmp_path, content, load=load):
    """Return the facts in a file with this content."""
    file = tmp_path / "hub.yml"
    file.write_text(yaml.safe_dump(content, sort_keys=False))
    return load(file)


def error_of(tmp_path, content, load=load):
    """Return the error for a file with this content, which is one line that begins with the file."""
    with pytest.raises(FactsError) as error:
        facts_of(tmp_path, content, load)
    assert len(str(error.value).splitlines()) == 1
    file, _, message = str(error.value).partition(": ")
    assert file == str(tmp_path / "hub.yml")
    return message


def with_value(content, key, value):
    """Return a copy of ``content`` with ``value`` at a dotted key."""
    name, _, rest = key.partition(".")
    return {**content, name: with_value(content.get(name, {}), rest, value) if rest else value}


def test_a_project_and_a_bucket_are_enough(tmp_path):
    facts = facts_of(tmp_path, LEAST)

    bucket = facts.buckets.options["my-scratch"]
    assert (bucket.hub, bucket.delete_after_days, bucket.writers_group) == ("write", None, False)
    assert (facts.hub.region, facts.hub.zone) == ("us-central1", "us-central1-a")
    assert (facts.access, facts.images, facts.dask_gateway, facts.osn) == (None, None, None, None)


def test_the_zone_follows_the_region(tmp_path):
    assert facts_of(tmp_path, with_value(LEAST, "hub.region", "europe-west1")).hub.zone == "europe-west1-a"


@pytest.mark.parametrize("name", ["hub.yml", "examples/other-hub/hub.yml", "examples/minimal/hub.yml"])
def test_facts_of_a_guide_are_facts_of_a_stand_in(root, name):
    facts = load(root / name)

    assert type(facts) is Facts
    assert set(yaml.safe_load((root / name).read_text())["buckets"]["options"]) == set(facts.buckets.options)


def test_variables_follow_from_buckets_and_images(tmp_path):
    content = with_value(JUPYTERHUB, "buckets.options.my-scratch.variable", "SCRATCH_BUCKET")

    variables = facts_of(tmp_path, content).environment_variables.values

    assert {name: variable.value for name, variable in variables.items()} == {
        "JUPYTERHUB_USER": "$(JUPYTERHUB_USER)",
        "SCRATCH_BUCKET": "gs://my-scratch/$(JUPYTERHUB_USER)",
        "JUPYTER_IMAGE_SPEC": "$(IMAGE)",
    }


def test_variables_of_the_file_replace_those(tmp_path):
    content = with_value(LEAST, "environment_variables.values.NAME.value", "$(JUPYTERHUB_USER)")

    assert list(facts_of(tmp_path, content).environment_variables.values) == ["NAME"]


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("hub", {}, "hub.project: missing"),
        ("hub.project", "My Project", "hub.project: "),
        ("hub.cloud", "Azure", "hub.cloud: only a hub on Google Cloud can be played"),
        ("buckets.options.my-scratch.delete_after_days", 0, "buckets.options.my-scratch.delete_after_days: "),
        ("environment_variables.values.A.value", "gs://other/a", "values.A.value: unknown bucket 'other'"),
        ("environment_variables.values.A.value", "$(HOME)", "values.A.value: unknown variable 'HOME'"),
        ("environment_variables.values.A.value", "$(IMAGE)", "values.A.value: unknown variable 'IMAGE'"),
        ("environment_variables", {"values": {}, "on_dask_workers": ["B"]}, "on_dask_workers: unknown variable 'B'"),
        ("osn", {"endpoint": "https://osn.example.org"}, "osn.buckets: missing"),
        ("gpus", {"options": {}, "images": []}, "gpus.options: "),
    ],
)
def test_a_wrong_fact_is_one_line_with_its_key(tmp_path, key, value, message):
    assert message in error_of(tmp_path, with_value(LEAST, key, value))


@pytest.mark.parametrize("variable", [None, "gs://my-archive/$(JUPYTERHUB_USER)"])
def test_a_buckets_variable_is_a_path_in_it(tmp_path, variable):
    content = with_value(LEAST, "buckets.options", {"my-scratch": {"variable": "MINE"}, "my-archive": {}})
    values = {"MINE": {"value": variable}} if variable else {}

    message = error_of(tmp_path, with_value(content, "environment_variables.values", values))

    assert message.startswith("buckets.options.my-scratch.variable: ")


@pytest.mark.parametrize(
    ("key", "close"),
    [
        ("bucket", "buckets"),
        ("hub.regoin", "region"),
        ("buckets.options.my-scratch.delete_after_day", "delete_after_days"),
        ("buckets.options.my-scratch.uniform-access", "uniform_access"),
    ],
)
def test_a_misspelt_key_is_refused_with_the_right_one(tmp_path, key, close):
    assert error_of(tmp_path, with_value(LEAST, key, 7)) == f"{key}: unknown key; did you mean {close}?"


def test_a_key_that_only_pages_need_is_ignored(tmp_path):
    content = with_value(LEAST, "buckets.options.my-scratch.for", "what is not kept") | {"guide": {"title": "Ours"}}

    assert facts_of(tmp_path, content) == facts_of(tmp_path, LEAST)


def test_a_hub_may_have_no_teams_and_no_buckets(tmp_path):
    content = with_value(JUPYTERHUB, "access", {"admits": "everybody with an account"})

    facts = facts_of(tmp_path, with_value(content, "buckets.options", {}), load_hub)

    assert (facts.access.organization, facts.access.tiers, facts.buckets.options) == (None, [], {})
    assert set(facts.environment_variables.values) == {"JUPYTERHUB_USER", "JUPYTER_IMAGE_SPEC"}


def test_jupyterhub_needs_people_machines_and_images(tmp_path):
    assert facts_of(tmp_path, JUPYTERHUB, load_hub).images.default.label == "SciPy"
    assert error_of(tmp_path, LEAST, load_hub) == "access, node_shares, images: missing"


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("access.allowed_teams", ["nobody"], "access.allowed_teams: unknown team 'nobody'; known are all"),
        ("access.allowed_teams", [], "access.allowed_teams: none of them is the team of a tier"),
        ("access.tiers", [{"name": "All", "team": "all", "gpus": ["t4"]}], "access.tiers.0.gpus: unknown GPU 't4'"),
        ("access.extra_teams.more.gpus", ["t4"], "access.extra_teams.more.gpus: unknown GPU 't4'; known are none"),
        ("access", {}, "access: it has neither organization and tiers nor admits: who may log in?"),
        ("access", {"organization": "us"}, "access: it has neither organization and tiers nor admits"),
        ("access.admits", "everybody", "access: admits is for a hub without teams, so organization, tiers and teams"),
        ("further_profiles", [FURTHER], "further_profiles.0.teams: unknown team 'some'; known are all"),
        ("node_shares.options.large.default", False, "node_shares.options: exactly one is the default"),
        ("images.options.scipy.ref", "no-tag", "images.options.scipy.ref: "),
    ],
)
def test_a_wrong_fact_about_jupyterhub_is_one_line_with_its_key(tmp_path, key, value, message):
    assert error_of(tmp_path, with_value(JUPYTERHUB, key, value), load_hub).startswith(message)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [", "not YAML"),
        ("- a", "it should be a mapping with the sections hub, buckets"),
        ("a: 1\na: 2\n", "'a' is there twice"),
        ("", "it should be a mapping"),
        ("{}", "hub, buckets: missing"),
        ("? [a]\n: 1\n", "a key is a list or a mapping"),
    ],
)
def test_a_file_without_facts_is_one_line(tmp_path, text, message):
    (tmp_path / "hub.yml").write_text(text)

    with pytest.raises(FactsError, match=message) as error:
        load(tmp_path / "hub.yml")

    assert len(str(error.value).splitlines()) == 1


def test_a_missing_file_is_one_line(tmp_path):
    with pytest.raises(FactsError) as error:
        load(tmp_path / "no.yml")

    assert str(error.value).endswith(
        "no.yml: cannot be read (No such file or directory); name another with --hub-yml FILE"
    )
