"""The guides of different hubs whose facts were drafted from 2i2c's files, with nothing added or changed.

Members of *glacier* and *ocean* are in teams on GitHub, and have two buckets. The others have no teams: *meadow* has no
bucket, *reef* only one whose objects expire, and *island* only one that keeps them.
"""

import os
import re
import subprocess
import sys

import pytest
import yaml
from bs4 import BeautifulSoup
from rendered_guides import names_of_own_hub, render

CHECKOUT = "examples/from-2i2c"
# What the glacier's hub lacks, in words that its readers would find.
LACKING = re.compile(
    r"\b(GPUs?|Dask Gateway|dask[.-]gateway|Open Storage Network|OSN|PANGEO_SCRATCH|writers.? group|gh-scoped-creds"
    r"|public forum|office hours|application form|data catalog|requester pays|Build your own image\*"
    r"|issue tracker of the datasets|usage-quota)\b",
    re.IGNORECASE,
)


# What a hub without teams and buckets lacks, and what one of the buckets is called.
NO_TEAMS = r"\btiers?\b|\b(?:your|the hub's|its) teams\b|\b(?:a|join|joined) team\b|accept the invitation"
WITHOUT = {
    "meadow": rf"{NO_TEAMS}|\b(?:scratch|persistent)\b|\w+_BUCKET|your prefix|GitHub account",
    "reef": rf"{NO_TEAMS}|\bpersistent bucket|PERSISTENT_BUCKET",
    "island": rf"{NO_TEAMS}|\bscratch bucket|SCRATCH_BUCKET|\bin scratch\b|GitHub account",
}


def drafted(root, cluster):
    """Return the facts in the draft for the hub ``prod`` of a cluster."""
    command = [sys.executable, "-m", "fakehub.from_2i2c", str(root / CHECKOUT), cluster, "prod"]
    result = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    return yaml.safe_load(result.stdout)


def rendered(root, cluster, factory):
    """Return the HTML of the guide of a drafted hub."""
    return render(root, drafted(root, cluster), factory.mktemp(cluster))


@pytest.fixture(scope="module")
def at_night():
    """Skip tests of hubs that take minutes, unless HUBS is set."""
    if "HUBS" not in os.environ:
        pytest.skip("takes minutes: set HUBS")


@pytest.fixture(scope="module")
def glacier(root, tmp_path_factory):
    """The HTML of the guide of a hub with few features."""
    return rendered(root, "glacier", tmp_path_factory)


@pytest.fixture(scope="module")
def ocean(at_night, root, tmp_path_factory):
    """The HTML of the guide of a hub with Dask Gateway, a GPU and a group of writers."""
    return rendered(root, "ocean", tmp_path_factory)


@pytest.fixture(scope="module")
def meadow(root, tmp_path_factory):
    """The HTML of the guide of a teaching hub without teams, buckets and a list of servers."""
    return rendered(root, "meadow", tmp_path_factory)


@pytest.fixture(scope="module")
def reef(at_night, root, tmp_path_factory):
    """The HTML of the guide of a hub with only a scratch bucket, for all members of a GitHub organisation."""
    return rendered(root, "reef", tmp_path_factory)


@pytest.fixture(scope="module")
def island(at_night, root, tmp_path_factory):
    """The HTML of the guide of a hub with only a persistent bucket, for accounts of two of Google's domains."""
    return rendered(root, "island", tmp_path_factory)


def articles(site):
    """Return the text of each page of a site by its path, without menus."""
    found = {}
    for path in sorted(site.rglob("*.html")):
        article = BeautifulSoup(path.read_text(), "html.parser").find("article")
        if article:
            found[str(path.relative_to(site))] = " ".join(article.get_text(" ").split())
    return found


CLUSTERS = ("glacier", "ocean", "meadow", "reef", "island")


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_no_page_names_another_hub(request, root, cluster):
    site = request.getfixturevalue(cluster)
    others = "|".join(f"example-{other}" for other in CLUSTERS if other != cluster)
    names = re.compile(f"{names_of_own_hub(root).pattern}|{others}|Small River")
    pages = {path: path.read_text() for path in site.rglob("*.html")}

    assert [f"{path.name}: {name[0]}" for path, text in pages.items() for name in names.finditer(text)] == []


def test_no_page_names_what_a_hub_lacks(glacier):
    found = [f"{page}: {word[0]}" for page, text in articles(glacier).items() for word in LACKING.finditer(text)]

    assert found == []


@pytest.mark.parametrize("cluster", WITHOUT)
def test_no_page_names_teams_or_buckets_that_a_hub_lacks(request, cluster):
    lacking = re.compile(WITHOUT[cluster])
    pages = articles(request.getfixturevalue(cluster)).items()

    assert [
        f"{page}: {text[found.start() - 40 : found.end() + 40]}"
        for page, text in pages
        for found in lacking.finditer(text)
    ] == []


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_no_heading_is_empty(request, cluster):
    site = request.getfixturevalue(cluster)
    empty = [
        f"{path.name}: {section.get_text(' ', strip=True)}"
        for path in sorted(site.rglob("*.html"))
        for section in BeautifulSoup(path.read_text(), "html.parser").select("article section")
        if not [child for child in section.find_all(recursive=False) if child.name not in ("h1", "h2", "h3", "span")]
    ]

    assert empty == []


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_no_sentence_or_link_is_empty(request, cluster):
    site = request.getfixturevalue(cluster)
    empty = re.compile(r'href="(mailto:)?(None)?"|<p>\s*[.,;]\s*</p>|<td><p>\s*(None)?\s*</p></td>')
    pages = {path: path.read_text() for path in (site / "book").rglob("*.html")}

    assert [f"{path.name}: {part[0]}" for path, text in pages.items() for part in empty.finditer(text)] == []


def test_pages_about_missing_features_are_left_out(glacier, ocean):
    gateway, gpus, catalog = (
        "book/compute/dask-gateway.html",
        "book/compute/gpus.html",
        "book/uploads/request-a-dataset.html",
    )

    assert not any((glacier / page).exists() for page in (gateway, gpus, catalog))
    assert (ocean / gateway).exists() and (ocean / gpus).exists() and not (ocean / catalog).exists()


@pytest.mark.parametrize(
    ("cluster", "page", "text"),
    [
        ("glacier", "book/index", "The Example Glacier hub gives the people of Example Glacier JupyterLab"),
        ("glacier", "book/help/index", "Ask the people of Example Glacier who run the hub."),
        (
            "glacier",
            "book/hub/get-access",
            "To use the hub, ask for access and accept the invitation that GitHub sends",
        ),
        ("glacier", "book/hub/git", "The hub has no program that gets this permission for you"),
        ("glacier", "book/images/custom-image", "The hub offers only the images in the list"),
        ("glacier", "book/reference/buckets", "gs://glacier-scratch read and write after 14 days"),
        ("glacier", "book/reference/bibliography", "assumed when these facts were drafted"),
        ("ocean", "book/reference/machines", "24 GB"),
        ("ocean", "book/images/custom-image", "choose Another image"),
        ("ocean", "book/hub/git", "gh-scoped-creds"),
        ("ocean", "book/reference/buckets", "gs://ocean-archive read only"),
        ("meadow", "book/hub/get-access", "The hub admits everybody with an account at example.org. All you need"),
        ("meadow", "book/hub/log-in", "Log in with an account at example.org."),
        ("meadow", "book/hub/log-in", "The name should be the e-mail address of your account."),
        ("meadow", "book/reference/hub", "Log in with CILogon"),
        ("reef", "book/hub/get-access", "The hub admits members of the GitHub organisation example-reef."),
        ("reef", "book/buckets/rules", "An environment variable contains the address of your prefix"),
        ("island", "book/buckets/read-and-write", "as PERSISTENT_BUCKET does"),
        (
            "island",
            "book/hub/get-access",
            "everybody with a Google account of island.example.org or students.island.example.org.",
        ),
    ],
)
def test_facts_of_the_draft_are_on_the_pages(request, cluster, page, text):
    words = articles(request.getfixturevalue(cluster))[f"{page}.html"]

    assert text in re.sub(r"\s+([.,])", r"\1", words)
