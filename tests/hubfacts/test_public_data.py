"""The facts about public datasets: what a wrong one causes, which is one line with its key."""

import shutil
import subprocess
import sys

import pytest
import yaml

from hubfacts.load import FactsError
from hubfacts.load import load as load_hub_facts
from hubfacts.public_data import FILE, beside, load

BROKEN = {
    "no-coordinate.yml": "datasets.ours.variables.temperature: unknown coordinate 'depth'; known are time",
    "chunks-of-other-dimensions.yml": (
        "datasets.ours.variables.temperature: the lengths of a chunk are [10, 10], and the dimensions ['time']"
    ),
    "unknown-function.yml": "datasets.ours.variables.temperature.like: Input should be 'air_temperature', 'bounds', ",
    "unknown-source.yml": "datasets.ours.src: unknown source 'nobody'; known are us",
    "misspelt-key.yml": "datasets.ours.dim: unknown key; did you mean dims?",
    "neither-values-nor-size.yml": "datasets.ours.coordinates.time: it has either values or a size",
    "no-region.yml": "datasets.ours.region: missing; it is a part of the address of a bucket in s3",
    "not-a-time.yml": "datasets.ours.stored.1: Invalid isoformat string: 'yesterday' (it is 'yesterday')",
    "not-in-a-bucket.yml": "datasets.ours.url: String should match pattern ",
}


def test_every_broken_file_is_listed(root) -> None:
    assert {path.name for path in (root / "tests/broken/public-data").iterdir()} == set(BROKEN)


@pytest.mark.parametrize(("name", "message"), BROKEN.items())
def test_a_wrong_fact_is_one_line_with_its_key(root, name, message) -> None:
    file = root / "tests/broken/public-data" / name
    with pytest.raises(FactsError) as error:
        load(file)
    assert str(error.value).startswith(f"{file}: {message}")
    assert len(str(error.value).splitlines()) == 1


@pytest.mark.parametrize(("text", "message"), [("a: [", "not YAML"), ("- a", "sources, datasets: missing")])
def test_a_file_without_facts_is_one_line(tmp_path, text, message) -> None:
    (tmp_path / "public_data.yml").write_text(text)
    with pytest.raises(FactsError, match=message) as error:
        load(tmp_path / "public_data.yml")
    assert len(str(error.value).splitlines()) == 1


def test_a_missing_file_is_one_line(tmp_path) -> None:
    with pytest.raises(FactsError, match=r"no.yml: cannot be read \(No such file or directory\)"):
        load(tmp_path / "no.yml")


def test_the_server_says_what_is_wrong_and_stops(root, tmp_path) -> None:
    shutil.copytree(root / "hubfacts", tmp_path / "hubfacts")
    shutil.copytree(root / "fakehub", tmp_path / "fakehub")
    shutil.copy(root / "tests/broken/public-data/unknown-source.yml", tmp_path / "hubfacts" / FILE.name)
    command = [sys.executable, "-m", "fakehub", "run", "--hub-yml", root / "hub.yml", "--", "true"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode != 0
    (line,) = done.stderr.splitlines()
    assert line.endswith(BROKEN["unknown-source.yml"])


def test_all_sources_are_used() -> None:
    data = load()
    used = {source for facts in (*data.datasets.values(), *data.catalogs.values()) for source in facts.src}
    assert used == set(data.sources)


def test_every_page_can_show_them(root) -> None:
    from guide.facts import load as load_guide
    from guide.pages.fact_values import fact

    for name in ("hub.yml", "examples/other-hub/hub.yml"):
        facts = load_guide(root / name)
        assert fact(facts, "public_data.arco_era5.chunks") == "1, 721, 1440"
        assert fact(facts, "public_data.arco_era5.attributes.valid_time_start") == "1940-01-01"
        assert fact(facts, "public_catalogs.cmip6.url") == "https://storage.googleapis.com/cmip6/pangeo-cmip6.csv"


def test_a_bucket_of_the_hub_is_not_a_public_one(root) -> None:
    facts = load_hub_facts(root / "examples/minimal/hub.yml")
    assert beside(facts) == ["gcp-public-data-arco-era5", "weatherbench2", "cmip6"]
    options = {**facts.buckets.options, "cmip6": next(iter(facts.buckets.options.values()))}
    buckets = facts.buckets.model_copy(update={"options": options})
    assert beside(facts.model_copy(update={"buckets": buckets})) == ["gcp-public-data-arco-era5", "weatherbench2"]


def test_it_is_read_once() -> None:
    assert load() is load()
    assert yaml.safe_load(FILE.read_text())["datasets"].keys() == load().datasets.keys()
