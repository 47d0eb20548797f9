"""Mistakes that are made on purpose: of which kinds they are, and what a page does that is broken by one."""

import ast
import re

import pytest

from guide.mutation.block_mutants import KINDS, mutant
from guide.mutation.mutate_blocks import SHARE, TABLE, Break, Outcome, outcomes_of, surviving, verdict
from guide.pages.blocks import Block, read_page
from guide.run.profile import RunProfile
from guide.run.records import RunRecord

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


def test_of_the_breaks_of_the_whole_book_nearly_all_were_noticed(root):
    share = re.search(r"page red: ([\d.]+)%", TABLE.read_text())

    assert float(share[1]) >= SHARE * 100
    assert "mutations.md" in (root / "book/reference/what-was-tested.md").read_text()


def test_every_change_in_the_table_of_survivors_is_declared():
    rows = TABLE.read_text().partition("| Block |")[2].splitlines()[2:]
    shown = {row.split("`` ")[1].removesuffix(" ").replace("\\|", "|") for row in rows}

    assert shown == {change for _, change in surviving()}


def test_declared_survivors_are_lines_of_their_pages(root):
    for page, change in surviving():
        blocks = read_page(root / page, root).blocks

        assert any(change.partition(" → ")[0] in block.source for block in blocks), (
            f"{page} has no such line any more: {change}"
        )


BREAKS = [Break("a.md", line, line, "name", f"{line} → {line + 1}", "") for line in range(100)]


@pytest.mark.parametrize(
    ("green", "declared", "everything", "status"),
    [
        (2, 2, True, 0),  # as the list says
        (2, 1, True, 1),  # one that it does not have
        (1, 2, True, 1),  # one that is noticed by now
        (3, 3, True, 1),  # too many, though all have a reason
        (1, 2, False, 0),  # a part of the book says nothing of the rest of the list
        (1, 0, False, 1),
    ],
)
def test_survivors_are_those_of_the_list_and_few(green, declared, everything, status):
    outcomes = [Outcome(broken, "" if broken.line < green else "fails") for broken in BREAKS]
    reasons = {("a.md", f"{line} → {line + 1}"): "nobody sees it" for line in range(declared)}

    assert verdict(outcomes, reasons, everything) == status


def test_a_run_that_was_ended_goes_on_where_it_was(tmp_path, monkeypatch):
    ran = []

    def run_side_by_side(runs, profile, jobs):
        for place, one in enumerate(runs):
            ran.append(one.options[1])
            yield place, RunRecord("a.md", "hub", "failed", 1.0, error="fails")

    monkeypatch.setattr("guide.mutation.mutate_blocks.BUILD", tmp_path)
    monkeypatch.setattr("guide.mutation.mutate_blocks.run_side_by_side", run_side_by_side)
    records = {"a.md": RunRecord("a.md", "hub", "passed", 1.0, key="of this page")}
    begun = outcomes_of(BREAKS, RunProfile(), 1, records)
    first = [next(begun) for _ in range(3)]
    begun.close()
    again = list(outcomes_of(BREAKS, RunProfile(), 1, records))

    assert again[:3] == first
    assert len(again) == len(BREAKS)
    assert len(ran) == len(BREAKS)
