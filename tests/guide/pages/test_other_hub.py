"""A guide for a second hub: hub.yml alone says whose guide it is.

A few of its pages run; the whole book is rendered without outputs, which takes no stand-in, so that every fact of
every page is looked up for a hub that has less.
"""

import os
import re
import shutil
import subprocess
import sys

import pytest
import yaml

from guide.facts import load

EXAMPLE = "examples/other-hub/hub.yml"
# Of what the hubs differ in, each of these has something: buckets, rights, variables, regions, addresses for git.
PAGES = (
    "book/buckets/rules.md",
    "book/hub/how-the-hub-is-built.md",
    "book/hub/git.md",
    "book/help/keyerror-scratch-bucket.md",
    "book/reference/buckets.md",
    "book/reference/variables.md",
)
# Where a hub may be named outside hub.yml: what is about this project and its history, and tests of the stand-in;
# also in what pages printed on it.
MAY_NAME_IT = ("book/redirects.yml", "README.md", "LICENSE", "CHANGELOG.md", "hub.yml", "tests/", "lock/", "uv.lock")


def test_its_pages_run(guide, stack, root):
    ran = guide("page", *PAGES, "--stack", stack, env={"FAKEHUB_HUB_YML": str(root / EXAMPLE)})

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout.count(": passed") == len(PAGES)


@pytest.fixture(scope="module")
def rendered(root, tmp_path_factory):
    """The HTML of the other hub's whole guide, with cells that have printed nothing."""
    folder = tmp_path_factory.mktemp("other")
    name = f"rendered-{folder.name}"
    (folder / name).mkdir()
    shutil.copy(root / EXAMPLE, folder / name / "hub.yml")
    env = os.environ | {"PYTHONPATH": str(root), "FAKEHUB_HUB_YML": str(folder / name / "hub.yml")}
    written = subprocess.run([sys.executable, __file__], cwd=root, env=env, capture_output=True, text=True)
    assert written.returncode == 0, written.stderr
    env |= {"PYTHONWARNINGS": "ignore"}
    command = [sys.executable, "-m", "guide.site.sphinx_process", "html", str(folder / "site")]
    command += ["--report", str(folder / "report.json")]
    made = subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, timeout=600)
    shutil.rmtree(root / "_build/hubs" / name)
    assert made.returncode == 0, made.stdout[-3000:] + made.stderr[-3000:]
    return folder / "site/html"


def test_no_page_names_the_projects_own_hub(rendered, root):
    names = _names(root)
    found = {
        f"{path.relative_to(rendered)}: {name[0]}"
        for path in rendered.rglob("*.html")
        for name in names.finditer(path.read_text())
    }

    assert found == set()


def test_its_facts_are_on_the_pages(rendered):
    rules = (rendered / "book/buckets/rules.html").read_text()
    index = (rendered / "book/index.html").read_text()

    assert "gs://ocean-tmp" in rules and "30 days" in rules
    assert "Example Ocean hub" in index and "https://hub.ocean.example.org/" in index
    assert "https://github.com/example-ocean/hub-guide" in index


@pytest.mark.parametrize(
    "page",
    ["book/compute/gpus", "book/compute/dask-gateway", "book/help/forbidden", "notebooks/server-to-dask-cluster"],
)
def test_pages_about_what_it_lacks_are_left_out(rendered, page):
    name = page.rpartition("/")[2]

    assert not (rendered / f"{page}.html").exists()
    assert [path for path in rendered.rglob("*.html") if f"{name}.html" in path.read_text()] == []


def test_a_gpu_is_spoken_of_nowhere(rendered):
    texts = {path: re.sub(r"<[^>]+>", " ", path.read_text()) for path in (rendered / "book").rglob("*.html")}

    assert [str(path) for path, text in texts.items() if re.search(r"\bGPU", text)] == []


def test_only_the_facts_name_the_hub(root):
    listed = subprocess.run(["git", "ls-files"], cwd=root, capture_output=True, text=True, check=True).stdout.split()
    kinds = {".md", ".py", ".yml", ".css", ".js", ".html"}
    own = [root / name for name in listed if not name.startswith(MAY_NAME_IT) and "/_outputs/" not in name]
    names = _names(root)
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


def _names(root):
    """What the project's own hub, its owner and its buckets are called."""
    facts = load(root / "hub.yml")
    names = [*facts.buckets.names, *(facts.osn.buckets if facts.osn else ())]
    names += [facts.hub.project, facts.access.organization, facts.hub.url.split("/")[2]]
    return re.compile(rf"(?i:{'|'.join(map(re.escape, names))})|\b{facts.hub.community}\b")


def _write_records() -> None:
    """Records of runs that printed nothing."""
    from guide.pages.reader import read_page
    from guide.pages.toc import pages_of_book
    from guide.paths import ROOT, display_path
    from guide.run.records import RunRecord, keep, record_path

    for path in pages_of_book():
        notebook = read_page(path, ROOT).notebook
        for cell in notebook.cells if notebook else ():
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        keep(RunRecord(display_path(path), "hub", "passed", 0.0, notebook=notebook), record_path(path, "hub"))


if __name__ == "__main__":
    _write_records()
