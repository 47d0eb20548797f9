"""Mistakes that are made on purpose: of which kinds they are, and what a page does that is broken by one."""

import ast

import pytest
from guide.blocks import Block
from guide.mutants import KINDS, mutant
from guide.mutate import surviving

SEEDS = [str(seed) for seed in range(60)]
PYTHON = """import os  # the hub's variables
url = f"{os.environ['SCRATCH_BUCKET']}/a.zarr"
if not ready(url, mode="w", level=3) == True:
    print("écrit", flush=True)
"""
SHELL = """# list them
mkdir -p results/2024 && ls -l results
export SEASON=winter
"""


def changes(language, source):
    """Kind and broken source of one mistake for each seed."""
    block = Block(1, "run", language, source)
    return [(found.kind, found.of(source)) for seed in SEEDS if (found := mutant(block, seed))]


@pytest.mark.parametrize(("language", "source"), [("python", PYTHON), ("bash", SHELL)])
def test_a_block_gets_one_mistake_of_any_kind(language, source):
    found = changes(language, source)

    assert {kind for kind, _ in found} == set(KINDS)
    assert all(broken != source for _, broken in found)


def test_the_same_seed_makes_the_same_mistake():
    assert changes("python", PYTHON) == changes("python", PYTHON)


def test_broken_python_can_still_be_read():
    for _, broken in changes("python", PYTHON):
        ast.parse(broken)


def test_what_nobody_runs_is_not_broken():
    python, shell = changes("python", PYTHON), changes("bash", SHELL)

    assert all("  # the hub's variables\n" in broken for _, broken in python)
    assert all(broken.startswith("# list them\n") for _, broken in shell)


def test_of_a_transcript_only_the_commands_are_broken():
    found = changes("console", "$ ls -l results\ntotal 0\n")

    assert found
    assert all(broken.endswith("\ntotal 0\n") for _, broken in found)


def test_a_page_that_promises_too_little_is_named(guide):
    ran = guide("mutate", "tests/broken/promises-nothing.md")

    assert ran.returncode == 1
    assert "not noticed: tests/broken/promises-nothing.md:5: " in ran.stdout
    assert "1 of 2 breaks noticed (50.0%)" in ran.stdout


def test_a_page_that_fails_as_it_is_says_nothing_of_breaks(guide):
    ran = guide("mutate", "tests/broken/failing-shell.md")

    assert ran.returncode == 1
    assert "pages fail as they are: tests/broken/failing-shell.md" in ran.stdout


def test_declared_survivors_are_lines_of_their_pages(root):
    for entries in surviving().values():
        for page, change in entries:
            path = root / page
            text = path.read_text() if path.suffix == ".md" else path.read_text().replace('\\"', '"')

            assert change.partition(" → ")[0] in text, f"{page} has no such line any more: {change}"
