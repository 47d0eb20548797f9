"""The facts of a guide: what the stand-in does without is required, and errors are one line that names the key."""

import subprocess
import sys

import pytest
import yaml

from guide.facts import load
from guide.pages.fact_values import FactError, fact
from guide.pages.features import lacking
from hubfacts.load import FactsError


@pytest.fixture
def content(root):
    """The facts of this guide, to be changed."""
    return yaml.safe_load((root / "hub.yml").read_text())


@pytest.fixture
def load_changed(tmp_path):
    """Load facts with this content."""

    def load_content(content):
        (tmp_path / "hub.yml").write_text(yaml.safe_dump(content, sort_keys=False))
        return load(tmp_path / "hub.yml")

    return load_content


def test_the_projects_facts_are_sound(root):
    facts = load(root / "hub.yml")

    assert facts.buckets.scratch.delete_after_days == 7
    assert facts.images.default.ref.startswith("pangeo/")


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("node_shares.options.mem_8.mem_limit_gib", "much", "node_shares.options.mem_8.mem_limit_gib"),
        ("buckets.options.leap-scratch.hub", "own", "buckets.options.leap-scratch.hub"),
        ("access.tiers.1.gpus", ["tesla_x"], "access.tiers.1.gpus: unknown GPU 'tesla_x'"),
        ("gpus.images", ["jax"], "gpus.images: unknown image 'jax'"),
        ("gpus.options.nvidia_l4.team", "nobody", "gpus.options.nvidia_l4.team: unknown team 'nobody'"),
        ("hub.src", ["hearsay"], "hub.src: unknown source 'hearsay'"),
        ("home.src", None, "home.src: missing"),
        ("hub.region", None, "hub.region: missing"),
        ("help", {"src": ["seed"]}, "help.email: it is missing, and so is help.website; readers need one of them"),
        ("help.email", None, "help.email: it is missing, and so is help.website"),
        ("help.forum", None, "help.forum: it is missing, and pages about help.listed_until need it"),
        ("help.feedstock_template", None, "help.feedstock_template: it is missing, and pages about help.catalog need"),
        ("help.catalog", None, "help.catalog: it is missing, and pages about osn need it"),
        ("help.application_form", None, "help.application_form: it is missing, and pages about access.tiers need it"),
        ("home.recommended_gb", None, "home.recommended_gb: it is missing, and pages about home.usage_alert need it"),
        ("buckets.options.leap-scratch.writers_group", None, "buckets.options.leap-scratch.writers_group: missing"),
        ("environment_variables", None, "environment_variables: missing"),
        ("hub.moons", 3, "hub.moons"),
        ("hub.regions", 3, "hub.regions"),
        ("node_shares.options.mem_8.colour", "red", "node_shares.options.mem_8.colour"),
        ("osn.buckets.leap-pubs", {"rule": "no user writes"}, "osn.buckets.leap-pubs.write: missing"),
        ("images.options.pangeo.ref", "no-tag", "images.options.pangeo.ref"),
        ("images.options.pytorch.default", True, "images.options: exactly one is the default"),
        ("buckets.options.leap-scratch.variable", None, "buckets.options: none has the variable SCRATCH_BUCKET, which"),
        ("buckets.options.leap-persistent.delete_after_days", 9, "the persistent bucket has null"),
    ],
)
def test_a_wrong_fact_is_one_line_with_its_key(content, load_changed, tmp_path, path, value, message):
    *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    section = content
    for part in parents:
        section = section[part]
    section[last] = value
    if value is None:
        del section[last]

    with pytest.raises(FactsError) as error:
        load_changed(content)

    assert message in str(error.value)
    assert str(error.value).startswith(f"{tmp_path / 'hub.yml'}: ")
    assert len(str(error.value).splitlines()) == 1


def test_a_pod_without_an_inbox_has_a_guide_without_the_page_about_it(content, load_changed):
    for bucket in content["osn"]["buckets"].values():
        bucket |= {"write": False, "rule": "nobody has write access"}

    facts = load_changed(content)

    assert (facts.osn.inbox, facts.osn.inbox_is) == (None, None)
    assert lacking(facts, ["osn", "osn-inbox"]) == ["osn-inbox"]
    with pytest.raises(FactError, match=r"hub\.yml has no fact 'osn\.inbox'"):
        fact(facts, "osn.inbox")


def test_a_pod_with_nothing_but_inboxes_has_none_that_is_only_read(content, load_changed):
    for bucket in content["osn"]["buckets"].values():
        bucket["write"] = True

    facts = load_changed(content)

    assert (facts.osn.inbox, facts.osn.published) == ("leap-pangeo-inbox", None)


def list_problems(root, path):
    """Run ``python -m guide.facts`` on a file."""
    command = [sys.executable, "-m", "guide.facts", str(path)]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=60)


def test_all_problems_of_a_facts_file_are_listed(root):
    result = list_problems(root, root / "examples/minimal/hub.yml")

    assert result.returncode == 1 and result.stdout == ""
    lines = result.stderr.splitlines()
    assert {"guide: missing", "home: missing", "hub.members: missing", "buckets.src: missing"} <= set(lines)
    assert all(": " in line for line in lines)


@pytest.mark.parametrize("name", ["hub.yml", "examples/other-hub/hub.yml"])
def test_a_complete_facts_file_has_no_problems(root, name):
    result = list_problems(root, root / name)

    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == f"{root / name}: complete\n"


@pytest.mark.parametrize(
    ("hub", "archive"),
    [
        ("other-hub", "https://github.com/example-ocean/hub-guide/archive/refs/heads/trunk.zip"),
        ("small-hub", "https://gitlab.com/small-river/hub-guide/-/archive/stable/hub-guide-stable.zip"),
    ],
)
def test_the_sources_archive_is_where_the_host_of_the_repository_has_it(root, hub, archive):
    assert load(root / "examples" / hub / "hub.yml").guide.archive == archive
