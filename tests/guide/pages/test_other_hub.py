"""The guide of another hub: hub.yml alone says whose guide it is.

A few pages run. The whole book is rendered without outputs, which needs no stand-in. So each fact of each page is
looked up for a hub that has less, and for one whose parts all have other names.
"""

import html
import re
import subprocess

import pytest
import yaml
from rendered_guides import names_of_own_hub, render

from guide.facts import load
from guide.pages.features import FEATURES, lacking

EXAMPLE = "examples/other-hub/hub.yml"
# Between them, these pages show every difference of the hubs: buckets, permissions, variables, regions, git addresses.
PAGES = (
    "book/buckets/rules.md",
    "book/hub/how-the-hub-is-built.md",
    "book/hub/git.md",
    "book/help/keyerror-scratch-bucket.md",
    "book/reference/buckets.md",
    "book/reference/variables.md",
)
# The facts, where they are checked, and the workflow that fetches what they are compared with.
FACTS = ("hub.yml", "hub.upstream.yml", "hub.checked.yml", ".github/workflows/nightly.yml")
# What the small hub has, because most pages are about it.
BASIC = ("teams", "login-button", "start-form", "buckets", "scratch-bucket", "persistent-bucket")
# Files that may name the project's own hub: those about the project and its history, tests of the stand-in, and the
# script that is made from the hub's facts.
MAY_NAME_IT = (
    "book/hub/check_hub.py",
    "book/redirects.yml",
    "README.md",
    "LICENSE",
    "CHANGELOG.md",
    "tests/",
    "lock/",
    "uv.lock",
    *FACTS,
)


def test_its_pages_run(guide, stack, root):
    ran = guide("page", *PAGES, "--stack", stack, env={"FAKEHUB_HUB_YML": str(root / EXAMPLE)})

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout.count(": passed") == len(PAGES)


@pytest.fixture(scope="module")
def rendered(root, tmp_path_factory):
    """The HTML of the other hub's whole guide, without outputs."""
    return render(root, yaml.safe_load((root / EXAMPLE).read_text()), tmp_path_factory.mktemp("other"))


@pytest.fixture(scope="module")
def renamed(root, tmp_path_factory):
    """The HTML of the guide of a hub with most features and other names, without outputs."""
    content = _other_names(yaml.safe_load((root / "hub.yml").read_text()))
    return render(root, content, tmp_path_factory.mktemp("renamed"))


def _other_names(content):
    """Return facts with other buckets, tiers, images, variables and sizes, and without optional details."""
    tiers, buckets, variables = content["access"]["tiers"], content["buckets"], content["environment_variables"]
    for number, tier in enumerate(tiers):
        tier |= {"name": f"Tier {number}", "gpus": ["k80"] if tier["gpus"] else []}
        tier.pop("note", None)
    content["access"]["extra_teams"] = {"data-and-compute": {"everything": True}}
    content["gpus"] |= {"options": {"k80": content["gpus"]["options"]["tesla_t4"]}, "images": ["learning"]}
    images = content["images"]["options"]
    content["images"]["options"] = {"standard": images["pangeo"], "learning": images["tensorflow"]}
    content["images"]["source"] = "https://github.com/example/images"
    names = {"scratch": "cloud-trials", "persistent": "cloud-results", "persistent-ro": "cloud-library"}
    buckets["options"] = {names[name.partition("-")[2]]: bucket for name, bucket in buckets["options"].items()}
    buckets["options"]["cloud-library"] |= {"writers_group": False, "uniform_access": False}
    values = variables["values"]
    values["SCRATCH_BUCKET"]["value"] = "gs://cloud-trials/$(JUPYTERHUB_USER)"
    values["PERSISTENT_BUCKET"]["value"] = "gs://cloud-results/$(JUPYTERHUB_USER)"
    values["TRIALS"] = values.pop("PANGEO_SCRATCH") | {"value": "gs://cloud-trials/$(JUPYTERHUB_USER)"}
    variables["on_dask_workers"] = []
    content["dask_gateway"]["worker_resource_allocation"] = {"one size": {"cores": 1, "cores_limit": 1, "memory": "2G"}}
    content["osn"]["buckets"] = {"cloud-inbox": next(iter(content["osn"]["buckets"].values()))}
    content["guide"]["repository"] = "https://gitlab.com/example/guide"
    content["hub"]["url"] = "https://hub.example.org/"  # the pictures of the project's own hub show its tiers
    return content


def test_no_page_names_the_projects_own_hub(rendered, root):
    names = names_of_own_hub(root)
    found = {
        f"{path.relative_to(rendered)}: {name[0]}"
        for path in rendered.rglob("*.html")
        for name in names.finditer(path.read_text())
    }

    assert found == set()


def test_its_facts_are_on_the_pages(rendered):
    rules = (rendered / "book/buckets/rules.html").read_text()
    index = (rendered / "book/index.html").read_text()

    assert "ocean-tmp" in rules and "30-day lifetime" in rules
    assert "Example Ocean hub" in index and "https://hub.ocean.example.org/" in index
    assert "https://github.com/example-ocean/hub-guide" in index


@pytest.mark.parametrize(
    "page",
    ["book/compute/gpus", "book/compute/dask-gateway", "notebooks/server-to-dask-cluster"],
)
def test_pages_about_missing_features_are_left_out(rendered, page):
    name = page.rpartition("/")[2]

    assert not (rendered / f"{page}.html").exists()
    assert [path for path in rendered.rglob("*.html") if f"{name}.html" in path.read_text()] == []


def test_a_gpu_is_spoken_of_nowhere(rendered):
    texts = {path: re.sub(r"<[^>]+>", " ", path.read_text()) for path in (rendered / "book").rglob("*.html")}

    assert [str(path) for path, text in texts.items() if re.search(r"\bGPU", text)] == []


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("book/reference/variables", '"SCRATCH_BUCKET", "PERSISTENT_BUCKET", "TRIALS"'),
        ("book/reference/variables", 'options.worker_resource_allocation = "one size"'),
        ("book/compute/gpus", "an image that supports it: Pangeo Tensorflow ML Notebook (2026.06.04)."),
        ("book/hub/git", 'url."https://gitlab.com/".insteadOf "git@gitlab.com:"'),
        ("book/hub/get-access", "Tier 0 leads to a separate public hub, which this guide does not describe."),
        ("book/uploads/publish-outside-osn", "The config profile (osn) could not be found."),
        ("book/help/permissions", "the read-only bucket, which is filled from outside the hub."),
    ],
)
def test_other_names_are_on_the_pages(renamed, page, text):
    words = html.unescape(re.sub(r"<[^>]+>", "", (renamed / f"{page}.html").read_text()))

    assert text in " ".join(words.split())


def test_a_small_hub_lacks_every_feature_and_the_projects_own_lacks_none(root):
    """So between them, the guides of the two run both variants of every section.

    The small hub has teams and buckets; ``test_drafted_hubs`` has guides of hubs without them.
    """
    small, own = load(root / "examples/small-hub/hub.yml"), load(root / "hub.yml")

    assert [name for name in FEATURES if name not in lacking(small, list(FEATURES))] == list(BASIC)
    assert lacking(own, list(FEATURES)) == []


def test_every_feature_is_asked_for(root):
    paths = [*(root / "book").rglob("*.md"), *(root / "notebooks").glob("*.ipynb")]
    pages = "\n".join(path.read_text() for path in paths)
    asked = re.findall(r"\{if-(?:not-)?hub\} ([\w -]+)|\bneeds\"?:\s*\[([^\]]+)\]", pages)

    assert {name for names in asked for name in re.findall(r"[\w-]+", " ".join(names))} == set(FEATURES)


def test_only_the_facts_name_the_hub(root):
    listed = subprocess.run(["git", "ls-files"], cwd=root, capture_output=True, text=True, check=True).stdout.split()
    kinds = {".md", ".py", ".yml", ".css", ".js", ".html"}
    own = [root / name for name in listed if not name.startswith(MAY_NAME_IT) and "/_outputs/" not in name]
    names = names_of_own_hub(root)
    found = [
        f"{path.relative_to(root)}:{number}: {word[0]}"
        for path in own
        if path.suffix in kinds
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        for word in names.finditer(line)
    ]

    assert found == []


def test_a_hub_on_another_cloud_is_refused_in_one_line(guide, root, tmp_path):
    content = yaml.safe_load((root / EXAMPLE).read_text())
    content["hub"]["cloud"] = "Amazon Web Services"
    (tmp_path / "hub.yml").write_text(yaml.safe_dump(content))

    ran = guide("build", env={"FAKEHUB_HUB_YML": str(tmp_path / "hub.yml")})

    assert ran.returncode == 1 and ran.stdout == ""
    assert "hub.cloud: only a hub on Google Cloud can be played" in ran.stderr
    assert len(ran.stderr.splitlines()) == 1
