"""What a page may write, in a home directory that the tests create."""

import os
from pathlib import Path

import pytest

from guide.pages.blocks import Page
from guide.run.bucket_effects import EffectError
from guide.run.own_folder import HomeWatch, check_left


def page(**more):
    """Return a page named ``look``."""
    return Page(Path("book/look.md"), (), (), 0, (), None, **more)


@pytest.fixture
def home(tmp_path):
    """A home directory with a file, a link and a directory of the reader."""
    (tmp_path / "results").mkdir()
    (tmp_path / "results/run.txt").write_text("mine")
    (tmp_path / ".bashrc").write_text("# mine")
    (tmp_path / "latest").symlink_to("results")
    return tmp_path


def write(path, text="new"):
    """Write a file and the directories above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.mark.parametrize(
    "path", ["guide-examples/look/a.txt", "guide-examples/look/b/c.txt", ".cache/pip/a.whl", ".ipython/history"]
)
def test_a_page_may_write_to_its_folder_and_programs_to_their_own_files(home, path):
    watch = HomeWatch(home, page())
    write(home / path)

    assert list(watch.problems()) == []


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("notes.txt", "writes ~/notes.txt;"),
        ("results/more.txt", "writes ~/results/more.txt;"),
        ("guide-examples/other/a.txt", "writes ~/guide-examples/other;"),
        (".gitconfig", "writes ~/.gitconfig;"),
        (".ipython/profile_default/startup/00-guide.py", "writes ~/.ipython/profile_default/startup/00-guide.py;"),
        (".jupyter/jupyter_server_config.py", "writes ~/.jupyter/jupyter_server_config.py;"),
        (".local/share/jupyter/kernels/guide/kernel.json", "writes ~/.local/share/jupyter/kernels/guide;"),
        (".config/dask/guide.yaml", "writes ~/.config/dask/guide.yaml;"),
        ("results/run.txt", "changes ~/results/run.txt,"),
        (".bashrc", "changes ~/.bashrc,"),
    ],
)
def test_a_file_elsewhere_is_reported(home, path, problem):
    watch = HomeWatch(home, page())
    write(home / path)

    assert next(watch.problems()).startswith(problem)


def test_a_declared_file_may_be_written_and_its_neighbours_not(home):
    watch = HomeWatch(home, page(writes={"~/.config/gcloud/login.json": "gcloud stores the login there"}))
    write(home / ".config/gcloud/login.json")
    assert list(watch.problems()) == []

    write(home / ".config/gcloud/other.json")
    assert next(watch.problems()).startswith("writes ~/.config/gcloud/other.json;")


def test_what_is_removed_is_reported(home):
    watch = HomeWatch(home, page())
    (home / "results/run.txt").unlink()
    (home / "latest").unlink()

    assert [problem.partition(",")[0] for problem in watch.problems()] == [
        "removes ~/latest",
        "removes ~/results/run.txt",
    ]


def test_a_link_that_leads_elsewhere_and_other_permissions_are_reported(home):
    watch = HomeWatch(home, page())
    (home / "latest").unlink()
    (home / "latest").symlink_to(".bashrc")
    (home / ".bashrc").chmod(0o600)

    assert [problem.partition(",")[0] for problem in watch.problems()] == ["changes ~/.bashrc", "changes ~/latest"]


def test_a_large_file_is_compared_by_its_size_and_time(home):
    (home / "large.nc").touch()
    os.truncate(home / "large.nc", 100_000_000)
    watch = HomeWatch(home, page())
    assert list(watch.problems()) == []

    os.utime(home / "large.nc", (0, 0))
    assert next(watch.problems()).startswith("changes ~/large.nc,")


def test_the_same_content_written_again_is_no_change(home):
    watch = HomeWatch(home, page())
    write(home / "results/run.txt", "mine")

    assert list(watch.problems()) == []


def test_the_folder_may_stay_empty_but_not_with_files(home):
    (home / "guide-examples/look").mkdir(parents=True)
    check_left(home, page())

    write(home / "guide-examples/look/a.txt")
    with pytest.raises(EffectError, match=r"leaves ~/guide-examples/look/a\.txt behind"):
        check_left(home, page())
