"""Links of the builder on the page about course material, followed on the hub as students do."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import nbformat
import pytest
from hub_driver import LONG_MS, ROOT, log_in, press_start, sign_in, start, start_server
from nbformat.v4 import new_markdown_cell, new_notebook
from playwright.sync_api import expect

from guide.browser.launch import launch
from guide.browser.static_server import serve

expect.set_options(timeout=LONG_MS)
PAGE = "book/teach/course-material.html"
COURSE = "https://github.com/funky-user/ocean-course"
PLAIN = "https://git.example.org/{name}.git"
AUTUMN = "autumn/2026"
# By name: what is typed as the repository, the branch and the file, and the file that opens, in its folder at home.
LINKS = {
    "a notebook": ((f"{COURSE}.git", "main", "lesson-1.ipynb"), "ocean-course/lesson-1.ipynb"),
    "spaces and signs": ((COURSE, "main", "week 1/é (1) & 2+3=5.ipynb"), "ocean-course/week 1/é (1) & 2+3=5.ipynb"),
    "signs that end an address": ((COURSE, "main", "is it #1?.ipynb"), "ocean-course/is it #1?.ipynb"),
    "the address of the file": ((f"{COURSE}/blob/main/week%201/plot.ipynb", "", ""), "ocean-course/week 1/plot.ipynb"),
    "a branch with a slash": ((PLAIN.format(name="winds"), AUTUMN, "plot.ipynb"), "winds.git/plot.ipynb"),
}
HELP = re.sub(r"\s+", " ", (ROOT / "book/help/server-or-login.md").read_text())
# What is wrong with a link, by its address on the hub: the texts of the page that it leads to, where the help has them.
WRONG = {
    "user/education-user/lab": ("404 : Not Found", "Jupyter has lots of moons, but this is not one..."),
    "hub/user-redirect/an-extension-that-is-missing": (
        "404 : Not Found",
        "You are requesting a page that does not exist!",
    ),
    "hub/user-redirect/lab/tree/ocean-course/no.ipynb": ("Cannot open", "Could not find path: "),
}
# Without a kernel in the file, JupyterLab asks for one, and shows other messages only after the answer.
_KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
_AUTHOR = {f"GIT_{role}_{key}": "somebody@example.org" for role in ("AUTHOR", "COMMITTER") for key in ("NAME", "EMAIL")}


def _git(where: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=where, env=os.environ | _AUTHOR, check=True, capture_output=True)


def _commit(where: Path, names: list[str], message: str) -> None:
    """Commit notebooks that contain a ``message``."""
    for name in names:
        path = where / name
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(new_notebook(cells=[new_markdown_cell(message)], metadata=_KERNEL), path)
    _git(where, "add", "-A")
    _git(where, "commit", "--quiet", "-m", message)


def _repository(where: Path, branch: str, names: list[str]) -> Path:
    where.mkdir()
    _git(where, "init", "--quiet", "-b", branch)
    _commit(where, names, "first version")
    return where


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """The repository of a course."""
    names = [file.partition("/")[2] for _, file in LINKS.values() if file.startswith("ocean-course/")]
    return _repository(tmp_path_factory.mktemp("git") / "course", "main", names)


@pytest.fixture(scope="module")
def hub(playwright, stack, course):
    """A hub on which the addresses of two repositories lead to local ones."""
    winds = _repository(course.parent / "winds", AUTUMN, ["plot.ipynb"])
    repositories = {COURSE: course, PLAIN.format(name="winds"): winds}
    options = [word for address, path in repositories.items() for word in ("--repository", f"{address}={path}")]
    with start(stack, *options) as started:
        yield started


@pytest.fixture(scope="module")
def builder(playwright, site):
    """The page with the form."""
    with serve(site) as address:
        browser = launch(playwright)
        page = browser.new_page()
        page.goto(f"{address}/{PAGE}")
        yield page
        browser.close()


@pytest.fixture(scope="module")
def page(hub, browser):
    """The page of a user whose server runs."""
    context = browser.new_context(ignore_https_errors=True)
    page = context.new_page()
    log_in(page, hub, "funky-user")
    start_server(page)
    yield page
    context.close()


def _build(builder, repository: str, branch: str, path: str, app: str = "JupyterLab") -> str:
    """Fill the form in and return the link."""
    for label, text in {"Branch": branch, "File or folder to open": path, "Repository": repository}.items():
        builder.get_by_label(label, exact=True).fill(text)
    builder.get_by_label(app, exact=True).check()
    builder.get_by_role("button", name="Get the link").click()
    return builder.get_by_label("Link for your students", exact=True).input_value()


def _shown(page, text: str):
    """Return the cell with a text in the notebook in front."""
    return page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-RenderedMarkdown", has_text=text)


@pytest.mark.parametrize("case", LINKS)
def test_a_link_pulls_the_repository_and_opens_the_file(builder, hub, page, case):
    filled, file = LINKS[case]

    page.goto(_build(builder, *filled))

    tab = page.get_by_role("tab", name=Path(file).name)
    expect(tab).to_be_visible()
    assert (hub.folder / "homes/funky-user" / file).is_file()
    expect(_shown(page, "first version")).to_be_visible()


def test_a_link_to_the_folder_shows_its_files(builder, hub, page):
    page.goto(_build(builder, COURSE, "main", "week 1"))

    expect(page.locator(".jp-DirListing-item", has_text="plot.ipynb")).to_be_visible()


@pytest.mark.parametrize("address", WRONG)
def test_a_wrong_link_shows_what_the_help_page_explains(hub, page, address):
    title, message = WRONG[address]
    assert f"**{title}. {message}" in HELP

    page.goto(f"{hub.facts.hub.url}{address}")

    for text in (title, message):
        expect(page.get_by_text(text).first).to_be_visible()


def test_a_link_for_notebook_leads_to_its_address(builder, hub, page):
    link = _build(builder, COURSE, "main", "week 1/plot.ipynb", "Notebook")

    with page.expect_request(re.compile(r"/tree/ocean-course/week%201/plot\.ipynb$")):
        page.goto(link)


def test_a_student_without_a_server_gets_the_file_after_the_start(builder, hub, visit, course):
    page = visit()

    page.goto(_build(builder, COURSE, "main", "lesson-1.ipynb"))
    sign_in(page, hub, "education-user")
    press_start(page)

    expect(page.get_by_role("tab", name="lesson-1.ipynb")).to_be_visible()
    assert (hub.folder / "homes/education-user/ocean-course/lesson-1.ipynb").is_file()


def test_the_same_link_fetches_a_correction_and_keeps_edits(builder, hub, page, course):
    link = _build(builder, COURSE, "main", "lesson-1.ipynb")
    page.goto(link)
    expect(page.get_by_role("tab", name="lesson-1.ipynb")).to_be_visible()
    mine = hub.folder / "homes/funky-user/ocean-course/lesson-1.ipynb"
    mine.write_text(mine.read_text().replace("first version", "my answer"))
    _commit(course, ["lesson-1.ipynb", "lesson-2.ipynb"], "second version")

    page.goto(link)

    expect(_shown(page, "my answer")).to_be_visible()
    assert "second version" in mine.with_name("lesson-2.ipynb").read_text()
