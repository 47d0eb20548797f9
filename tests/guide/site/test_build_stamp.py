"""A site is built again only if something that it is made from has changed."""

import os
import shutil
import subprocess
import sys
from datetime import date

import pytest
from small_books import build, copy_of, environment

from guide.upstream.record import Record, write_record

UP_TO_DATE = """
import sys
from guide.run.profile import RunProfile
from guide.paths import BUILD
from guide.site.build_stamp import inputs_digest, is_up_to_date, stamp_of
profile = RunProfile(sys.argv[1])
print(is_up_to_date(BUILD, stamp_of(inputs_digest((profile, False)), profile.name)))
"""
PAGE = "# Sound\n\nThe hub runs in {fact}`hub.region`.\n"
AUTHOR = ["-c", "user.name=funky-user", "-c", "user.email=funky-user@example.org"]


@pytest.fixture(scope="module")
def built(root, stack, tmp_path_factory):
    """A checkout with a built site."""
    book = copy_of(root, tmp_path_factory.mktemp("unchanged") / "project")
    (book / ".gitignore").write_text("_build\n__pycache__\n")
    subprocess.run(["git", "init", "-q"], cwd=book, check=True)
    ran = build(book, PAGE, stack)
    assert ran.returncode == 0 and "built in" in ran.stdout, ran.stdout + ran.stderr
    return book


@pytest.fixture
def book(built, tmp_path):
    """The same checkout; what a test changes in it is restored afterwards."""
    kept = tmp_path / "kept"
    shutil.copytree(built, kept, ignore=shutil.ignore_patterns("guide", "hubfacts", "fakehub", "__pycache__"))
    yield built
    shutil.copytree(kept, built, dirs_exist_ok=True)


@pytest.fixture
def up_to_date(book, stack):
    """Whether a new process finds the site up to date, as text."""

    def ask(**variables: str) -> str:
        command = [sys.executable, "-c", UP_TO_DATE, stack]
        env = environment(book) | variables
        return subprocess.run(command, cwd=book, env=env, capture_output=True, text=True, check=True).stdout.strip()

    return ask


def test_an_unchanged_site_is_reported_before_slow_imports(book, stack):
    command = [sys.executable, "-X", "importtime", "-m", "guide", "build", "--stack", stack]
    ran = subprocess.run(command, cwd=book, env=environment(book), capture_output=True, text=True)

    assert ran.stdout == "_build/html/index.html: nothing changed since it was built\n"
    assert not any(name in ran.stderr for name in ("pydantic", "nbformat", "sphinx", "aiohttp"))


@pytest.mark.parametrize(
    "name", ["book/index.md", "hub.yml", "_config.yml", "_toc.yml", "book/_static/guide.css", "uv.lock"]
)
def test_a_changed_source_makes_the_site_outdated(book, up_to_date, name):
    assert up_to_date() == "True"
    with (book / name).open("a") as file:
        file.write("\n# more\n")
    assert up_to_date() == "False"


def test_a_new_page_a_new_run_and_a_lost_site_make_it_outdated(book, up_to_date, stack):
    (book / "book/new.md").write_text("# New\n")
    assert up_to_date() == "False"
    (book / "book/new.md").unlink()
    assert up_to_date() == "True"

    (record,) = (book / "_build/run" / stack).glob("*.json")
    os.utime(record, (1, 1))
    assert up_to_date() == "False"

    shutil.rmtree(book / "_build/html")
    assert up_to_date() == "False"


def test_the_date_of_a_reproducible_build_and_the_commit_count_as_inputs(book, up_to_date):
    assert up_to_date(SOURCE_DATE_EPOCH="1") == "False"
    assert up_to_date() == "True"
    subprocess.run(["git", *AUTHOR, "commit", "-q", "--allow-empty", "-m", "later"], cwd=book, check=True)
    assert up_to_date() == "False"


def test_every_page_shows_when_the_facts_were_last_checked(book, stack):
    page = book / "_build/html/book/index.html"
    assert "facts checked on" not in page.read_text()

    for checked in ("2026-10-02", "2026-10-03"):
        write_record(book / "hub.yml", Record(date.fromisoformat(checked), {}, {}))
        ran = build(book, PAGE, stack)

        assert ran.returncode == 0, ran.stdout + ran.stderr
        assert f'facts checked on <time datetime="{checked}">{checked}</time>' in page.read_text()
    (book / "hub.checked.yml").unlink()
