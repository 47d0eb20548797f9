"""Pages and notebooks of the book: in the table of contents, by the rules, run, and readable as HTML."""

import html
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlparse

import pytest
import yaml
from bs4 import BeautifulSoup

from guide.checks.prose import prose_lines
from guide.checks.reader_environment import environment_problems
from guide.pages.hub_variant import for_hub
from guide.pages.reader import read_page
from guide.pages.toc import pages_of_book
from guide.report.report import Report
from guide.run.recorded_outputs import record_of


def _sources(root):
    pages = [path for path in (root / "book").rglob("*.md")]
    return sorted(pages + list((root / "notebooks").glob("*.ipynb")))


def test_the_table_of_contents_has_every_page_once(root):
    assert sorted(pages_of_book()) == _sources(root)


def test_the_output_of_every_page_is_recorded(root):
    pages = [path for path in pages_of_book() if path.suffix == ".md"]
    kinds = {path: {block.kind for block in read_page(path, root).blocks} for path in pages}
    with_cells = {record_of(path) for path in pages if "cell" in kinds[path]}
    recorded = set((root / "book").rglob("_outputs/*.yml"))

    assert with_cells <= recorded <= {record_of(path) for path in pages}


def test_readers_get_the_versions_that_are_locked(root):
    assert len(yaml.safe_load((root / "environment.yml").read_text())["dependencies"]) > 25
    assert environment_problems(root) == []


class _HtmlPage(HTMLParser):
    """The links, ids and loaded addresses of one HTML page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links, self.ids = set(), set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self.ids.add(values.get("id"))
        for name in ("href", "src"):
            if values.get(name) and tag != "link":
                self.links.add(values[name])


def test_links_inside_the_site_are_alive(site):
    pages = {path: _HtmlPage(path.read_text()) for path in site.rglob("*.html") if "_static" not in path.parts}
    dead = []
    for path, page in pages.items():
        for link in page.links:
            parts = urlparse(link)
            if parts.scheme or parts.netloc or not (parts.path or parts.fragment):
                continue
            # The page for missing addresses is served at any depth, so its links start at the root of the site.
            where = f"{site}{parts.path}" if path.name == "404.html" else path.parent / parts.path
            target = Path(unquote(str(where))).resolve() if parts.path else path
            if not target.exists() or (
                parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].ids
            ):
                dead.append(f"{path.relative_to(site)}: {link}")

    assert dead == []


def test_no_page_shows_where_it_was_built(site, root):
    assert [path.name for path in site.rglob("*.html") if str(root) in path.read_text()] == []


def test_a_picture_of_a_measurement_is_not_reported_as_compared(site, root):
    pages = Report.read(root / "_build/report.json").pages
    pictures = {page.page: (page.pictures, page.pictures_compared) for page in pages if page.pictures}

    assert pictures["notebooks/memory-the-lazy-way.ipynb"] == (2, 1)
    assert pictures["notebooks/first-zarr-store.ipynb"] == (2, 2)


def test_no_sentence_repeats_a_word(site):
    """For example, where a page writes the unit after a fact that has one already."""
    repeated = []
    for path in site.rglob("*.html"):
        for place in BeautifulSoup(path.read_text(), "html.parser").select("article p:not(.notebook-subjects)"):
            text = " ".join(place.get_text().split())
            repeated += [f"{path.name}: {match[0]}" for match in re.finditer(r"\b([A-Za-z]{2,}) \1\b", text)]

    assert repeated == []


def test_no_link_of_a_page_is_lost_on_the_site(site, root):
    """The site rewrites paragraphs, for example to link terms; a part that it drops often has a link."""
    lost = []
    for page in (path for path in pages_of_book() if path.suffix == ".md"):
        html = (site / page.relative_to(root).with_suffix(".html")).read_text()
        links = BeautifulSoup(html, "html.parser").select("article a")
        shown = {_plain(link.get_text()) for link in links}
        text = "\n".join(line for _, line in prose_lines(for_hub(page.read_text())))
        for words in re.findall(r"(?<![!`\[])\[([^\]`{*]+)\]\([^)]+\)", text):
            if _plain(words) not in shown:
                lost.append(f"{page.name}: {words}")

    assert lost == []


def _plain(text: str) -> str:
    """Return text with single spaces and straight apostrophes."""
    return " ".join(text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").split())


def test_every_block_of_the_book_is_in_the_report_and_passed(site, root, stack):
    report = Report.read(root / "_build/report.json")

    assert [page.page for page in report.pages] == [str(p.relative_to(root)) for p in pages_of_book()]
    ran = [block for block in report.blocks if not block.lacks_program]
    assert {block.status for block in ran} <= {"passed", "skipped", "parsed"}
    assert report.stack == stack
    assert report.versions["xarray"] in (site / "book/reference/what-was-tested.html").read_text()


def test_every_notebook_opens_on_the_hub_with_one_click(site, root):
    for path in (root / "notebooks").glob("*.ipynb"):
        page = html.unescape((site / "notebooks" / f"{path.stem}.html").read_text())
        start = "https://leap.2i2c.cloud/hub/user-redirect/git-pull?repo=https"

        assert start in page
        assert f"urlpath=lab/tree/hub-guide-pages/notebooks/{path.name}&branch=launch" in page


@pytest.mark.parametrize("page", ["book/buckets/read-and-write.md"])
def test_a_page_runs_for_another_user_and_twice_on_one_store(guide, stack, page, tmp_path):
    import subprocess
    import sys

    for user in ("someone-else", "third-user", "third-user"):
        inside = [sys.executable, "-m", "guide", "page", page, "--stack", stack]
        command = [
            sys.executable,
            "-m",
            "fakehub",
            "run",
            "--user",
            user,
            "--state",
            str(tmp_path / "state"),
            "--",
        ]
        env = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
        ran = subprocess.run([*command, *inside], capture_output=True, text=True, env=env, timeout=200)

        assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize("mode", ["names", "proxy"])
def test_a_page_runs_in_both_modes(guide, stack, mode):
    from fakehub.isolation import namespace

    if mode == "names" and not namespace.available():
        pytest.skip("this system allows no namespaces")

    ran = guide("page", "book/buckets/read-and-write.md", "--stack", stack, "--mode", mode)

    assert ran.returncode == 0, ran.stdout + ran.stderr
