"""Pages leave a reader's own files, objects and clusters as they are, also as the notebooks that launch links open.

Every eighth page runs, and one that opens as a notebook in one of these two ways; ``HARMLESS=all`` runs all pages in
both. What a page may remove is also checked without running it, by the rules for pages.
"""

import json
import os
import subprocess
import sys

import nbformat
import pytest

from guide.pages.reader import read_page
from guide.pages.toc import pages_of_book
from guide.run.compare_outputs import difference
from guide.run.page_session import visible_outputs
from guide.run.reader_files import names_on
from guide.site.harmless import made_notebook

# Each page in tests/broken/among-files, and the text that the line about it must contain.
GATES = {
    "results-removed.md": "removes ~/results, which was there before",
    "project-removed.md": "removes ~/my-project, which was there before",
    "runs-removed.md": "removes ~/model-2000.nc, which was there before",
    "drafts-removed.md": "removes ~/figures-a, which was there before",
    "large-removed.md": "removes ~/run-2019.nc, which was there before",
    "caches-emptied.md": "removes ~/.cache/pip, which was there before",
    "checkpoints-removed.md": "removes ~/.ipynb_checkpoints, which was there before",
    "store-removed.md": "removes gs://leap-scratch/funky-user/first.zarr/sst/c/0, which was there before",
    "colleague-removed.md": "removes gs://leap-persistent/another-member/",
    "clusters-stopped.ipynb": "stops a cluster that it did not start",
}
# Made notebooks start in the folder of their page, where the first two find nothing; notebooks run as opened only.
FAILS_ONCE = {"results-removed.md", "project-removed.md", "clusters-stopped.ipynb"}
THOROUGH = os.environ.get("HARMLESS") == "all"
# Runs pages among a reader's files, and prints the path, the status and the cells of each run.
RUN = """
import json, sys
from pathlib import Path
from guide.run.profile import RunProfile
from guide.site.harmless import run_among_files
paths = [Path(name) for name in sys.argv[3:]]
records = run_among_files(paths, RunProfile(sys.argv[1]), 2, in_turn=sys.argv[2] == "in turn")
print("\\n" + json.dumps([[record.page, record.status, record.error, record.notebook] for record in records]))
"""


@pytest.fixture(scope="module")
def broken(guide, stack):
    """The harmful pages, run among a reader's files by one command."""
    return guide("harmless", *(f"tests/broken/among-files/{page}" for page in GATES), "--stack", stack)


@pytest.mark.parametrize("page", GATES)
def test_a_harmful_page_fails_as_a_page_and_through_its_launch_link(broken, page):
    lines = [line for line in broken.stdout.splitlines() if GATES[page] in line and page.rpartition(".")[0] in line]

    assert broken.returncode == 1
    assert len(lines) == 1 + (page not in FAILS_ONCE), broken.stdout + broken.stderr


def test_in_an_empty_home_directory_the_harm_is_not_seen(guide, stack):
    """So these pages show that the files of the reader are what the check needs."""
    ran = guide("page", *(f"tests/broken/among-files/{page}" for page in GATES), "--stack", stack)

    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_every_harmful_page_is_tested(root):
    assert {path.name for path in (root / "tests/broken/among-files").iterdir() if path.is_file()} == set(GATES)


@pytest.fixture(scope="module")
def chosen():
    """The pages that run."""
    return pages_of_book()[:: 1 if THOROUGH else 8]


@pytest.fixture(scope="module")
def made(root, chosen):
    """The notebooks that are made from pages of Markdown, by the names of the pages."""
    named = {str(path.relative_to(root).with_suffix("")): path for path in chosen if path.suffix == ".md"}
    return {name: notebook for name, path in named.items() if (notebook := made_notebook(path))}


@pytest.fixture(scope="module")
def ran(root, stack, chosen):
    """The status, the error and the notebook of pages and notebooks, run among a reader's files, by their paths."""
    pages = [str(path.relative_to(root)) for path in chosen]
    command = [sys.executable, "-c", RUN, stack, "both ways" if THOROUGH else "in turn", *pages]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=3600)
    assert done.returncode == 0, done.stdout + done.stderr
    return {path: record for path, *record in json.loads(done.stdout.splitlines()[-1])}


def as_opened(ran, name):
    """Return the run of the notebook that was made from the page of that name; ``None`` if only the page ran."""
    made = (record for path, record in ran.items() if path.startswith("_build/") and path.endswith(f"{name}.ipynb"))
    return next(made, None)


def test_pages_leave_a_readers_files_as_they_are(ran, made, chosen):
    assert {path: error for path, (status, error, _) in ran.items() if status != "passed"} == {}
    assert len(ran) == len(chosen) + len(made) * THOROUGH
    assert sum(as_opened(ran, name) is not None for name in made) >= len(made) // 2


def _differs(cell, ran):
    """Return how a cell's outputs differ after a run; what its page hides is not part of the made notebook."""
    return difference(cell.outputs, visible_outputs(ran.outputs, "remove-stderr" in cell.metadata.get("tags", [])))


def _measured(root, name):
    """Return the sources of the cells of a page whose outputs differ from run to run."""
    notebook = read_page(root / f"{name}.md", root).notebook
    return (
        {cell.source for cell in notebook.cells if "measured" in cell.metadata.get("tags", [])} if notebook else set()
    )


def test_made_notebooks_print_what_the_pages_show(ran, made, site, root):
    """They print it wherever they start, so they enter the folders that they need."""
    differ = {}
    for name in made:
        if not (opened_run := as_opened(ran, name)):
            continue
        exported = nbformat.read(site / f"{name}.ipynb", as_version=4)
        shown = [cell for cell in exported.cells if cell.cell_type == "code"]
        opened = [cell for cell in nbformat.from_dict(opened_run[2]).cells if cell.cell_type == "code"]

        assert [cell.source for cell in shown] == [cell.source for cell in opened], name
        # The cluster of the reader is in the lists of clusters.
        pairs = [pair for pair in zip(shown, opened, strict=True) if "list_clusters" not in pair[0].source]
        pairs = [pair for pair in pairs if pair[0].outputs and not pair[0].source.startswith("%%")]
        pairs = [pair for pair in pairs if pair[0].source not in _measured(root, name)]
        if reasons := [reason for pair in pairs if (reason := _differs(*pair))]:
            differ[name] = reasons

    assert differ == {}


def page_of(tmp_path, text):
    (tmp_path / "page.md").write_text(text)
    return read_page(tmp_path / "page.md", tmp_path)


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("rm -r results", {"results"}),
        ("rm -rf ~/.cache $HOME/practice", {".cache", "practice"}),
        ("mkdir -p plots/2024 && rm run-*.nc", {"plots/2024", "run-1.nc"}),
        ("python upload.py 'my data'", {"upload.py"}),
        ("rm run-{a,b}.nc ~/out-{2000..2001}", {"run-a.nc", "run-b.nc", "out-2000", "out-2001"}),
        ("for year in 1999 {2001,2002}; do rm sst-${year}.nc; done", {"sst-1999.nc", "sst-2001.nc", "sst-2002.nc"}),
        ("name=tests; rm -r $HOME/my-$name", {"my-tests"}),
    ],
)
def test_names_in_a_shell_block_are_found(tmp_path, code, names):
    assert names <= set(names_on(page_of(tmp_path, f"```bash run\n{code}\n```\n")))


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ('Path.home() / "plots" / "map.png"', {"plots/map.png", "plots", "map.png"}),
        ('f"{bucket}/model/run.zarr"', {"model/run.zarr"}),
        ('for year in range(2000, 2002):\n    fs.rm(f"{bucket}/run-{year}.zarr")', {"run-2000.zarr", "run-2001.zarr"}),
        ('for name in ("a", "b"):\n    (Path.home() / f"{name}.nc").unlink()', {"a.nc", "b.nc"}),
        ('shutil.rmtree("my" + "-stuff")', {"my-stuff"}),
        ('shutil.rmtree("output")', {"output"}),
        ("!rm -r figures", {"figures"}),
        ("%%bash\nrm -r figures", {"figures"}),
    ],
)
def test_names_in_python_are_found(tmp_path, code, names):
    assert names <= set(names_on(page_of(tmp_path, f"```python run\n{code}\n```\n")))


def test_an_imported_module_is_not_hidden_by_a_readers_folder(tmp_path):
    assert "numpy" not in names_on(page_of(tmp_path, '```python run\nimport numpy\nprint("numpy")\n```\n'))


def test_a_made_notebook_starts_in_the_folder_of_its_page(root):
    made = made_notebook(root / "book/help/no-module-named.md")
    first = next(cell for cell in made.cells if cell.cell_type == "code")

    nbformat.validate(made)
    assert first.source.splitlines()[1:] == [
        "!mkdir -p ~/guide-examples/no-module-named",
        "%cd -q ~/guide-examples/no-module-named",
    ]
