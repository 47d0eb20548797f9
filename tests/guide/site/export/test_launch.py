"""Launch links, the branch of notebooks, and dates from git, in repositories that the tests create."""

import os
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import nbformat
import pytest
from nbgitpuller.pull import GitPuller

from guide.facts import load
from guide.site.export.launch_links import Places, missing_targets
from guide.site.publish.git_history import last_changes
from guide.site.settings import settings
from scripts.publish_branch import main as publish

DAY = 86400
AUTHOR = {f"GIT_{role}_{key}": "somebody@example.org" for role in ("AUTHOR", "COMMITTER") for key in ("NAME", "EMAIL")}


def git(where: Path, *arguments: str, seconds: int = DAY) -> str:
    """Run git with a date: that many seconds after the start of 1970."""
    env = os.environ | AUTHOR | {f"GIT_{role}_DATE": f"@{seconds} +0000" for role in ("AUTHOR", "COMMITTER")}
    return subprocess.run(["git", *arguments], cwd=where, env=env, check=True, capture_output=True, text=True).stdout


def commit(where: Path, name: str, text: str, day: int) -> None:
    """Commit one file, that many days after the start of 1970."""
    (where / name).parent.mkdir(parents=True, exist_ok=True)
    (where / name).write_text(text)
    git(where, "add", "-A")
    git(where, "commit", "--quiet", "-m", f"{name} on day {day}", seconds=day * DAY)


@pytest.fixture
def places(root):
    """The places in the settings of the book."""
    config = settings(load(root / "hub.yml"))
    launch = config["sphinx"]["config"]["guide_launch"]
    hub, repository = config["launch_buttons"]["jupyterhub_url"], config["repository"]
    return Places(hub, repository["url"], repository["branch"], launch["branch"], launch["folder"])


@pytest.fixture
def checkout(tmp_path):
    """A checkout with two files, and its remote repository beside it."""
    git(tmp_path, "init", "--quiet", "--bare", "-b", "main", "remote.git")
    git(tmp_path, "clone", "--quiet", "remote.git", "checkout")
    where = tmp_path / "checkout"
    git(where, "checkout", "--quiet", "-B", "main")
    commit(where, "book/old.md", "old", 1)
    commit(where, "book/new.md", "new", 2)
    commit(where, "book/old.md", "changed", 3)
    git(where, "push", "--quiet", "origin", "main")
    return where


def test_a_link_that_opens_nothing_or_the_whole_repository_is_reported_with_its_page(root, tmp_path, places):
    site = tmp_path / "site"
    site.mkdir()
    shutil.copy(root / "tests/broken/launch/page.html", site)

    lines = missing_targets(site, places, tmp_path / "launch")

    assert lines == [
        "page.html: its launch link opens book/no-such-page.ipynb, which is not on the branch launch",
        *(f"page.html: its launch link does not belong to this guide: {line.rpartition(' ')[2]}" for line in lines[1:]),
    ]
    assert len(lines) == 3


def test_a_file_has_the_date_of_its_last_commit(checkout):
    assert last_changes(checkout) == {
        "book/old.md": datetime.fromtimestamp(3 * DAY, UTC),
        "book/new.md": datetime.fromtimestamp(2 * DAY, UTC),
    }


def test_a_file_from_before_the_start_of_a_shallow_clone_has_no_date(checkout, tmp_path):
    git(tmp_path, "clone", "--quiet", "--depth", "2", f"file://{tmp_path}/remote.git", "shallow")

    assert last_changes(tmp_path / "shallow") == {"book/old.md": datetime.fromtimestamp(3 * DAY, UTC)}


def test_a_file_with_uncommitted_changes_has_no_date(checkout):
    (checkout / "book/new.md").write_text("other")

    assert list(last_changes(checkout)) == ["book/old.md"]


def test_outside_git_nothing_has_a_date(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))

    assert last_changes(tmp_path) == {}


def made(folder: Path, text: str) -> Path:
    """Write a made notebook into ``folder``; return the folder."""
    cell = nbformat.v4.new_code_cell(text, id="one")
    (folder / "book").mkdir(parents=True, exist_ok=True)
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), folder / "book/page.ipynb")
    return folder


def test_a_readers_clone_follows_the_branch_and_keeps_the_readers_files(checkout, tmp_path, monkeypatch, capsys):
    for name, value in AUTHOR.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(checkout)
    folder = made(tmp_path / "build/launch", "print(1)")
    copy = tmp_path / "home/guide-pages"

    def pull() -> str:
        list(GitPuller(f"file://{tmp_path}/remote.git", str(copy), branch="launch").pull())
        return (copy / "book/page.ipynb").read_text()

    assert publish([str(folder)]) == 0
    assert "print(1)" in pull()
    (copy / "mine.txt").write_text("kept")
    made(folder, "print(2)")
    assert publish([str(folder)]) == 0
    assert publish([str(folder)]) == 0

    assert "print(2)" in pull()
    assert (copy / "mine.txt").read_text() == "kept"
    assert git(checkout, "ls-remote", "--heads", "origin").count("refs/heads/") == 2
    assert git(tmp_path / "remote.git", "rev-list", "--count", "launch").strip() == "2"
    assert git(checkout, "status", "--short") == ""
    assert capsys.readouterr().out.splitlines()[-1].endswith("launch: already published")


def test_a_launch_link_keeps_an_edited_notebook_and_downloads_it_again_once_it_is_renamed(checkout, tmp_path):
    """The help page on Git problems says so."""
    copy = tmp_path / "copy"

    def pull() -> None:
        list(GitPuller(f"file://{tmp_path}/remote.git", str(copy), branch="main").pull())

    pull()
    (copy / "book/old.md").write_text("my edit")
    commit(checkout, "book/old.md", "next version", 4)
    commit(checkout, "book/new.md", "next version", 4)
    git(checkout, "push", "--quiet", "origin", "main")
    pull()
    assert [(copy / f"book/{name}.md").read_text() for name in ("old", "new")] == ["my edit", "next version"]

    (copy / "book/old.md").rename(copy / "book/my-old.md")
    pull()
    assert [(copy / f"book/{name}.md").read_text() for name in ("old", "my-old")] == ["next version", "my edit"]


def test_an_empty_folder_is_not_published(checkout, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(checkout)
    (tmp_path / "launch").mkdir()

    assert publish([str(tmp_path / "launch")]) == 1
    assert capsys.readouterr().err.strip().endswith("has no notebook; build the book first")
    assert "launch" not in git(checkout, "ls-remote", "--heads", "origin")
