"""What readers can export from a page: to the hub, as a notebook, a script and text; and its date and edit link."""

import os
import re
import subprocess
import sys
from html.parser import HTMLParser

import nbformat
import pytest
import yaml

from guide.pages.blocks import Block
from guide.pages.hidden_checks import notebook_without_checks
from guide.pages.reader import read_page
from guide.pages.toc import pages_of_book
from guide.run.compare_outputs import difference
from guide.run.records import read_record
from guide.site.export.formats import ExportedPage, script

RULES = "book/buckets/rules"
SITE = "https://leap-stc.github.io"


class _Links(HTMLParser):
    """Collects the links of a page."""

    def __init__(self):
        super().__init__()
        self.links = []

    def handle_starttag(self, tag, attrs):
        if tag == "a" and dict(attrs).get("href"):
            self.links.append(dict(attrs)["href"])


def links(path):
    """Return the targets of the links on a built page."""
    parser = _Links()
    parser.feed(path.read_text())
    return parser.links


def runs(path, root):
    """Return whether a page has cells and can run on a server of the hub."""
    page = read_page(path, root)
    return any(b.kind == "cell" for b in page.blocks) and (path.suffix == ".ipynb" or page.on_the_hub_alone)


@pytest.fixture(scope="module")
def names(root):
    """The source of every page, by its name."""
    return {str(path.relative_to(root).with_suffix("")): path for path in pages_of_book()}


def test_only_pages_with_cells_open_on_the_hub(site, root, names):
    for name, path in names.items():
        launches = {link for link in links(site / f"{name}.html") if "/git-pull?" in link}

        own = {link for link in launches if f"/{name}.ipynb&" in link}

        assert len(own) == runs(path, root), name
        assert own == launches or name == "book/notebooks", name  # this one has links to all notebooks
        assert all("urlpath=lab/tree/" in link for link in launches), name


def test_the_branch_of_notebooks_has_those_that_pages_open_and_the_files_that_they_need(site, root, names):
    branch = site.with_name("launch")
    there = {str(path.relative_to(branch)) for path in branch.rglob("*") if path.is_file()}
    notebooks = {f"{name}.ipynb" for name, path in names.items() if runs(path, root)}
    files = {
        str(file.resolve().relative_to(root))
        for path in names.values()
        if path.suffix == ".ipynb"
        for file in read_page(path, root).files
    }

    assert there == {*notebooks, *files, "README.md"} and len(files) > 1
    for name in notebooks:
        nbformat.validate(nbformat.read(branch / name, as_version=4))
        assert (branch / name).read_bytes() == (site / name).read_bytes()
    assert [name for name in files if (branch / name).read_bytes() != (root / name).read_bytes()] == []


def test_a_notebook_is_downloaded_as_it_is_committed_but_for_its_checks_and_its_links_to_pages(site, names):
    for name, path in names.items():
        if path.suffix == ".ipynb":
            committed = re.sub(r"\]\(\.\./([\w/-]+)\.md\b", rf"]({SITE}/\1.html", path.read_text())
            assert (site / f"{name}.ipynb").read_text() == notebook_without_checks(committed)


def test_links_of_a_notebook_open_where_it_is_opened(site, names):
    for name in (name for name, path in names.items() if path.suffix == ".ipynb"):
        path = site.with_name("launch") / f"{name}.ipynb"
        texts = [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "markdown"]
        for target in re.findall(r"\]\((?!https?:(?!//leap-stc\.github\.io/)|#)([^)\s]+)\)", "\n".join(texts)):
            page = site / target.removeprefix(f"{SITE}/").partition("#")[0]
            assert (page if target.startswith(SITE) else path.parent / target).is_file(), (name, target)


def test_a_made_notebook_has_the_cells_of_the_page_in_order_with_their_outputs(site, root, names, stack):
    for name, path in names.items():
        if path.suffix == ".ipynb" or not runs(path, root):
            continue
        ran = read_record(path, stack).notebook
        cells = [cell for cell in ran.cells if cell.cell_type == "code"]
        made = nbformat.read(site / f"{name}.ipynb", as_version=4)
        outputs = {cell.source: cell.outputs for cell in made.cells if cell.cell_type == "code"}
        own = [source for source in outputs if source in {cell.source.rstrip("\n") for cell in cells}]

        assert own == list(dict.fromkeys(cell.source.rstrip("\n") for cell in cells)), name
        assert all(difference(cell.outputs, outputs[cell.source.rstrip("\n")]) == "" for cell in cells), name


def test_every_script_is_python(site, root, names):
    scripts = [site / f"{name}.py" for name, path in names.items() if runs(path, root)]

    assert len(scripts) > 40
    for path in scripts:
        compile(path.read_text(), str(path), "exec")


@pytest.mark.parametrize("name", ["book/hub/jupyterlab", "book/help/no-module-named", "book/help/write-errors"])
def test_a_script_runs_to_its_end(site, root, name):
    command = [sys.executable, "-m", "fakehub", "run", "--", sys.executable, str(site / f"{name}.py")]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=300)

    assert done.returncode == 0, done.stdout + done.stderr


def test_markdown_has_the_facts_the_blocks_and_their_outputs(site):
    text = (site / f"{RULES}.md").read_text()

    assert "{fact" not in text and "scratch bucket, leap-scratch" in text
    assert "```python\nimport os\n" in text and "```text\ngs://leap-scratch/funky-user\n" in text
    assert "](https://leap-stc.github.io/book/hub/home-directory.html)" in text
    assert "Tested 20" not in text


def test_no_page_leaves_a_role_or_a_directive_in_its_markdown(site, names):
    for name in names:
        code = False
        for line in (site / f"{name}.md").read_text().splitlines():
            code ^= line.startswith("```")
            assert code or not line.startswith((":::", "```{")), f"{name}: {line}"


def test_the_edit_link_opens_the_source_of_the_page(site, root, names):
    start = "https://github.com/leap-stc/leap-stc.github.io/edit/main/"
    for name, path in names.items():
        edits = {link for link in links(site / f"{name}.html") if "/edit/" in link}

        assert edits == {start + str(path.relative_to(root))}


def test_the_date_of_a_page_is_that_of_its_last_commit_and_never_a_guess(site, root):
    def git(*arguments):
        env = os.environ | {"TZ": "UTC"}
        return subprocess.run(["git", *arguments], cwd=root, env=env, capture_output=True, text=True).stdout.strip()

    day = git("log", "-1", "--no-merges", "--format=%cd", "--date=format-local:%Y-%m-%d", "--", f"{RULES}.md")
    edited, shallow = git("status", "--short", "--", f"{RULES}.md"), git("rev-parse", "--is-shallow-repository")
    dates = re.findall(r"Last changed on <time datetime=.([0-9-]+)", (site / f"{RULES}.html").read_text())

    assert dates in ([day], []) if shallow == "true" else dates == ([] if edited or not day else [day])


def test_every_page_shows_the_date_of_the_facts_and_of_their_last_check(site, names, root):
    checked = yaml.safe_load((root / "hub.checked.yml").read_text())["checked"]
    newest = max(
        line.split('date: "')[1][:10] for line in (root / "hub.yml").read_text().splitlines() if "commit:" in line
    )
    for name in names:
        html = (site / f"{name}.html").read_text()
        assert f'as of <time datetime="{newest}">' in html, name
        assert f'facts checked on <time datetime="{checked}">{checked}</time>' in html, name


def test_a_cell_that_runs_in_a_shell_is_a_call_of_bash_in_the_script(tmp_path):
    cell = Block(kind="cell", language="python", source="%%bash\nprintf one > one.txt\ntest -s one.txt\n", line=1)
    (tmp_path / "page.py").write_text(script(ExportedPage("https://example.org/page.html", "page", [cell], [])))
    subprocess.run([sys.executable, "page.py"], cwd=tmp_path, check=True)

    assert (tmp_path / "one.txt").read_text() == "one"
