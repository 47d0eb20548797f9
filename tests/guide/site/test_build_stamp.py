"""A site is not built again while nothing it is made of has changed, and only then."""

import os
import shutil
import subprocess
import sys

import pytest
from small_books import build, copy_of, environment

HOLDS = """
import sys
from guide.run.profile import RunProfile
from guide.paths import BUILD
from guide.site.build_stamp import holds, sources, stamp
profile = RunProfile(sys.argv[1])
print(holds(BUILD, stamp(sources((profile, False)), profile.name)))
"""
WHO = ["-c", "user.name=funky-user", "-c", "user.email=funky-user@example.org"]


@pytest.fixture(scope="module")
def built(root, stack, tmp_path_factory):
    """A checkout with a built site."""
    book = copy_of(root, tmp_path_factory.mktemp("unchanged") / "project")
    (book / ".gitignore").write_text("_build\n__pycache__\n")
    subprocess.run(["git", "init", "-q"], cwd=book, check=True)
    ran = build(book, "# Sound\n\nThe hub runs in {fact}`hub.region`.\n", stack)
    assert ran.returncode == 0 and "built in" in ran.stdout, ran.stdout + ran.stderr
    return book


@pytest.fixture
def book(built, tmp_path):
    """A place where the same site lies that may be spoilt; what a build would find of it is put back."""
    kept = tmp_path / "kept"
    shutil.copytree(built, kept, ignore=shutil.ignore_patterns("guide", "hubfacts", "fakehub", "__pycache__"))
    yield built
    shutil.copytree(kept, built, dirs_exist_ok=True)


@pytest.fixture
def holds(book, stack):
    """What a new process says of the site."""

    def ask(**variables: str) -> str:
        command = [sys.executable, "-c", HOLDS, stack]
        env = environment(book) | variables
        return subprocess.run(command, cwd=book, env=env, capture_output=True, text=True, check=True).stdout.strip()

    return ask


def test_nothing_to_do_is_said_before_anything_is_imported(book, stack):
    command = [sys.executable, "-X", "importtime", "-m", "guide", "build", "--stack", stack]
    ran = subprocess.run(command, cwd=book, env=environment(book), capture_output=True, text=True)

    assert ran.stdout == "_build/html/index.html: nothing changed since it was built\n"
    assert not any(name in ran.stderr for name in ("pydantic", "nbformat", "sphinx", "aiohttp"))


@pytest.mark.parametrize(
    "name", ["book/index.md", "hub.yml", "_config.yml", "_toc.yml", "book/_static/guide.css", "uv.lock"]
)
def test_another_source_makes_another_site(book, holds, name):
    assert holds() == "True"
    with (book / name).open("a") as file:
        file.write("\n# more\n")
    assert holds() == "False"


def test_a_new_page_another_run_and_a_lost_site_are_seen(book, holds, stack):
    (book / "book/new.md").write_text("# New\n")
    assert holds() == "False"
    (book / "book/new.md").unlink()
    assert holds() == "True"

    (record,) = (book / "_build/run" / stack).glob("*.json")
    os.utime(record, (1, 1))
    assert holds() == "False"

    shutil.rmtree(book / "_build/html")
    assert holds() == "False"


def test_what_was_asked_for_and_the_commit_are_part_of_it(book, holds):
    assert holds(SOURCE_DATE_EPOCH="1") == "False"
    assert holds() == "True"
    subprocess.run(["git", *WHO, "commit", "-q", "--allow-empty", "-m", "later"], cwd=book, check=True)
    assert holds() == "False"
