"""The facts file: what is wrong with it is one line that names the key."""

import pytest
import yaml

from hubfacts.load import FactsError, load


def test_the_projects_facts_are_sound(root):
    facts = load(root / "hub.yml")

    assert facts.buckets.options["leap-scratch"].delete_after_days == 7
    assert facts.images.default.ref.startswith("pangeo/")


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("node_shares.options.mem_8.mem_limit_gb", "much", "node_shares.options.mem_8.mem_limit_gb"),
        ("buckets.options.leap-scratch.hub", "own", "buckets.options.leap-scratch.hub"),
        ("access.tiers.1.gpus", ["tesla_x"], "access.tiers.1.gpus: unknown GPU 'tesla_x'"),
        ("gpus.images", ["jax"], "gpus.images: unknown image 'jax'"),
        ("gpus.options.nvidia_l4.team", "nobody", "gpus.options.nvidia_l4.team: unknown team 'nobody'"),
        ("hub.src", ["hearsay"], "hub.src: unknown source 'hearsay'"),
        ("home.src", None, "home.src"),
        ("hub.moons", 3, "hub.moons"),
        ("images.options.pangeo.ref", "no-tag", "images.options.pangeo.ref"),
        ("images.options.pytorch.default", True, "images.options: exactly one is the default"),
    ],
)
def test_a_wrong_fact_is_one_line_with_its_key(root, tmp_path, path, value, message):
    content = yaml.safe_load((root / "hub.yml").read_text())
    *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    section = content
    for part in parents:
        section = section[part]
    section[last] = value
    if value is None:
        del section[last]
    broken = tmp_path / "hub.yml"
    broken.write_text(yaml.safe_dump(content))

    with pytest.raises(FactsError) as error:
        load(broken)

    assert message in str(error.value)
    assert str(broken) in str(error.value)
    assert len(str(error.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [", "not YAML"),
        ("- a", "should be a mapping"),
        ("a: 1\na: 2\n", "'a' is there twice"),
        ("", "mapping"),
    ],
)
def test_what_is_no_facts_file_is_one_line(tmp_path, text, message):
    (tmp_path / "hub.yml").write_text(text)

    with pytest.raises(FactsError, match=message) as error:
        load(tmp_path / "hub.yml")

    assert len(str(error.value).splitlines()) == 1
