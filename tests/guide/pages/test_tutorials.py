"""What notebooks say about themselves: read from the first cell, and refused in one line if something is missing."""

import pytest

from guide.pages.tutorials import Tutorial, TutorialError, read_tutorial

FIRST = """# Read `a.nc` at once

Read a [file](a.md) in one go. It takes longer otherwise.

**Before you start.** You need a running server, with an image that has JAX and at least 16 GiB of memory.

**Time:** 25 minutes."""


def notebook(text=FIRST, **metadata):
    cells = [{"cell_type": "markdown", "source": text.splitlines(keepends=True)}]
    return {"cells": cells, "metadata": {"subjects": ["Zarr", "Dask"]} | metadata}


def test_a_notebook_says_what_it_is_about_and_what_it_needs():
    about = "Read a file in one go."

    read = read_tutorial(notebook())

    assert read == Tutorial("Read a.nc at once", about, 25, "an image that has JAX", 16, ("Zarr", "Dask"))


@pytest.mark.parametrize("share", ["any", "the smallest"])
def test_a_notebook_that_runs_everywhere_takes_half_an_hour(share):
    text = FIRST.replace("an image that has JAX", "any image").replace(
        "at least 16 GiB of memory", f"{share} node share"
    )

    read = read_tutorial(notebook(text.replace("25 minutes", "half an hour, with a wait")))

    assert (read.image, read.memory_gib, read.minutes) == ("any image", None, 30)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("# Read", "Read", "begin with a title, and a paragraph"),
        ("in one go", "in " + "one " * 25, "say the objective in at most 25 words"),
        ("with an image that has JAX and", "with", "say in the first cell: You need a running server, with any image"),
        ("**Time:** 25 minutes", "**Time:** a while", "say in the first cell how long it takes"),
    ],
    ids=["title", "objective", "server", "time"],
)
def test_a_notebook_that_lacks_something_is_refused(old, new, problem):
    assert old in FIRST

    with pytest.raises(TutorialError, match=problem):
        read_tutorial(notebook(FIRST.replace(old, new)))


@pytest.mark.parametrize("subjects", [[], [1]])
def test_a_notebook_without_subjects_is_refused(subjects):
    with pytest.raises(TutorialError, match="name one to three subjects in the metadata"):
        read_tutorial(notebook(subjects=subjects))
