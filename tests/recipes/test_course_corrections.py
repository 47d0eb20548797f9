"""What the table on the page about course material says of corrections that meet a student's changes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

NAME = "lesson-1.ipynb"
GIT = {f"GIT_{role}_{key}": "somebody@example.org" for role in ("AUTHOR", "COMMITTER") for key in ("NAME", "EMAIL")}


def _run(where: Path, *command: str) -> None:
    subprocess.run(command, cwd=where, env=os.environ | GIT, check=True, capture_output=True)


def _pull(where: Path) -> None:
    _run(where, sys.executable, "-m", "nbgitpuller.pull", (where / "ocean-course.git").as_uri(), "main", "student")


def _add_cell(file: Path, number: int, source: str) -> None:
    lesson = nbformat.read(file, as_version=4)
    lesson.cells.insert(number, new_code_cell(source))
    nbformat.write(lesson, file)


def _run_cells(file: Path) -> None:
    lesson = nbformat.read(file, as_version=4)
    for number, cell in enumerate(lesson.cells, start=1):
        cell.execution_count = number
    nbformat.write(lesson, file)


@pytest.fixture
def courses(tmp_path):
    """A course with a notebook of three cells, and a student's copy; the folder of both."""
    _run(tmp_path, "git", "init", "--quiet", "--bare", "--initial-branch", "main", "ocean-course.git")
    _run(tmp_path, "git", "clone", "--quiet", "ocean-course.git", "ocean-course")
    cells = [new_code_cell(source) for source in ("sst = 14.2", "sst + 1", "sst + 2")]
    nbformat.write(new_notebook(cells=cells), tmp_path / "ocean-course" / NAME)
    _publish(tmp_path)
    _pull(tmp_path)
    return tmp_path


def _publish(where: Path) -> None:
    for command in (
        ["add", "."],
        ["commit", "--quiet", "-m", "Correct the lesson"],
        ["push", "--quiet", "origin", "main"],
    ):
        _run(where / "ocean-course", "git", *command)


def _sources(where: Path) -> list[str]:
    return [cell.source for cell in nbformat.read(where / "student" / NAME, as_version=4).cells]


def test_a_new_cell_arrives_in_a_notebook_that_was_not_run(courses):
    _add_cell(courses / "ocean-course" / NAME, 1, "new = True")
    _publish(courses)
    _pull(courses)

    assert _sources(courses) == ["sst = 14.2", "new = True", "sst + 1", "sst + 2"]


def test_a_new_cell_above_one_that_was_run_does_not_arrive(courses):
    _run_cells(courses / "student" / NAME)
    _add_cell(courses / "ocean-course" / NAME, 1, "new = True")
    _publish(courses)
    _pull(courses)

    assert _sources(courses) == ["sst = 14.2", "sst + 1", "sst + 2"]


def test_of_two_new_cells_in_one_place_the_student_keeps_their_own(courses):
    _add_cell(courses / "student" / NAME, 1, "mine = True")
    _add_cell(courses / "ocean-course" / NAME, 1, "new = True")
    _publish(courses)
    _pull(courses)

    assert _sources(courses) == ["sst = 14.2", "mine = True", "sst + 1", "sst + 2"]
