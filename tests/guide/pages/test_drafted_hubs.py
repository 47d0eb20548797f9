"""The guides of two different hubs whose facts were drafted from 2i2c's files, with nothing added or changed."""

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


def drafted(root, cluster):
    """Return the facts in the draft for the hub ``prod`` of a cluster."""
    command = [sys.executable, "-m", "fakehub.from_2i2c", str(root / CHECKOUT), cluster, "prod"]
    result = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    return yaml.safe_load(result.stdout)


@pytest.fixture(scope="module")
def glacier(root, tmp_path_factory):
    """The HTML of the guide of a hub with few features."""
    return render(root, drafted(root, "glacier"), tmp_path_factory.mktemp("glacier"))


@pytest.fixture(scope="module")
def ocean(root, tmp_path_factory):
    """The HTML of the guide of a hub with Dask Gateway, a GPU and a group of writers."""
    if "HUBS" not in os.environ:
        pytest.skip("takes minutes: set HUBS")
    return render(root, drafted(root, "ocean"), tmp_path_factory.mktemp("ocean"))


def articles(site):
    """Return the text of each page of a site by its path, without menus."""
    found = {}
    for path in sorted(site.rglob("*.html")):
        article = BeautifulSoup(path.read_text(), "html.parser").find("article")
        if article:
            found[str(path.relative_to(site))] = " ".join(article.get_text(" ").split())
    return found


@pytest.mark.parametrize("cluster", ["glacier", "ocean"])
def test_no_page_names_another_hub(request, root, cluster):
    site = request.getfixturevalue(cluster)
    other = {"glacier": "example-ocean", "ocean": "example-glacier"}[cluster]
    names = re.compile(f"{names_of_own_hub(root).pattern}|{other}|Small River")
    pages = {path: path.read_text() for path in site.rglob("*.html")}

    assert [f"{path.name}: {name[0]}" for path, text in pages.items() for name in names.finditer(text)] == []


def test_no_page_names_what_a_hub_lacks(glacier):
    found = [f"{page}: {word[0]}" for page, text in articles(glacier).items() for word in LACKING.finditer(text)]

    assert found == []


@pytest.mark.parametrize("cluster", ["glacier", "ocean"])
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
        ("glacier", "book/images/custom-image", "The form offers only the images in the list"),
        ("glacier", "book/reference/buckets", "gs://glacier-scratch read and write after 14 days"),
        ("glacier", "book/reference/bibliography", "assumed when these facts were drafted"),
        ("ocean", "book/reference/machines", "24 GB"),
        ("ocean", "book/images/custom-image", "choose Another image"),
        ("ocean", "book/hub/git", "gh-scoped-creds"),
        ("ocean", "book/reference/buckets", "gs://ocean-archive read only"),
    ],
)
def test_facts_of_the_draft_are_on_the_pages(request, cluster, page, text):
    words = articles(request.getfixturevalue(cluster))[f"{page}.html"]

    assert text in re.sub(r"\s+([.,])", r"\1", words)
