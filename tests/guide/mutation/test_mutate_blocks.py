"""``mutate``: which mistakes are made in blocks, and what a page with a mistake does."""

import ast
import re

import pytest

from guide.mutation.block_mutants import KINDS, pick_mutant
from guide.mutation.mutate_blocks import SHARE, TABLE, BrokenBlock, Outcome, outcomes_of, surviving, verdict
from guide.pages.blocks import Block
from guide.pages.reader import read_page
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
    """Return the kind and the broken source of one mistake for each seed."""
    block = Block(1, "run", language, source)
    mutants = (pick_mutant(block, seed) for seed in SEEDS)
    return [(mutant.kind, mutant.apply(source)) for mutant in mutants if mutant]


@pytest.mark.parametrize(("language", "source"), [("python", PYTHON), ("bash", SHELL)])
def test_every_kind_of_mistake_is_made(language, source):
    made = changes(language, source)

    assert {kind for kind, _ in made} == set(KINDS)
    assert all(broken != source for _, broken in made)


def test_the_same_seed_makes_the_same_mistake():
    assert changes("python", PYTHON) == changes("python", PYTHON)


def test_broken_python_can_still_be_parsed():
    for _, broken in changes("python", PYTHON):
        ast.parse(broken)


def test_comments_are_not_changed():
    python, shell = changes("python", PYTHON), changes("bash", SHELL)

    assert all("  # the hub's variables\n" in broken for _, broken in python)
    assert all(broken.startswith("# list them\n") for _, broken in shell)


def test_in_a_transcript_only_the_commands_are_changed():
    made = changes("console", "$ ls -l results\ntotal 0\n")

    assert made
    assert all(broken.endswith("\ntotal 0\n") for _, broken in made)


def test_a_page_that_notices_too_little_is_named(guide):
    ran = guide("mutate", "tests/broken/promises-nothing.md")

    assert ran.returncode == 1
    assert "not noticed: tests/broken/promises-nothing.md:5: " in ran.stdout
    assert "1 of 2 mistakes noticed (50.0%)" in ran.stdout


def test_a_mistake_that_only_a_hidden_check_can_notice_is_noticed(guide):
    ran = guide("mutate", "tests/guide/mutation/pages/checked.md")

    assert ran.returncode == 0
    assert "checked.md:5: python block fails its hidden check depth == 3000: left side is " in ran.stdout
    assert "2 of 2 mistakes noticed (100.0%)" in ran.stdout


def test_a_page_that_fails_without_a_mistake_is_refused(guide):
    ran = guide("mutate", "tests/broken/failing-shell.md")

    assert ran.returncode == 1
    assert "these pages fail without any mistake: tests/broken/failing-shell.md" in ran.stdout


def test_nearly_all_mistakes_in_the_book_were_noticed(root):
    share = re.search(r"page red: ([\d.]+)%", TABLE.read_text())

    assert float(share[1]) >= SHARE * 100
    assert "mutations.md" in (root / "book/reference/what-was-tested.md").read_text()


def test_every_survivor_in_the_table_is_declared_while_its_page_has_the_line(root):
    rows = TABLE.read_text().partition("| Block |")[2].splitlines()[2:]
    shown = {
        (row.split()[1].rpartition(":")[0], row.split("`` ")[1].removesuffix(" ").replace("\\|", "|")) for row in rows
    }
    # A page may have changed since the run of the table, and runs of single pages may have found more survivors.
    current = {(page, change) for page, change in shown if has_line(root, page, change)}

    assert current <= surviving().keys()


def has_line(root, page, change):
    """Return whether a block of the page still has the line that was changed."""
    blocks = read_page(root / page, root).blocks if (root / page).is_file() else ()
    return any(change.partition(" → ")[0] in block.source for block in blocks)


def test_declared_survivors_are_lines_of_their_pages(root):
    for page, change in surviving():
        assert has_line(root, page, change), f"{page} no longer has the line of this survivor: {change}"


BLOCKS = [BrokenBlock("a.md", line, line, "name", f"{line} → {line + 1}", "") for line in range(100)]


@pytest.mark.parametrize(
    ("survivors", "declared", "whole_book", "status"),
    [
        (2, 2, True, 0),
        (2, 1, True, 1),  # one is not declared
        (1, 2, True, 1),  # one is declared, but noticed by now
        (3, 3, True, 1),  # too many, although all are declared
        (1, 2, False, 0),  # a run of some pages cannot judge the rest of the list
        (1, 0, False, 1),
    ],
)
def test_survivors_must_be_few_and_declared(survivors, declared, whole_book, status):
    outcomes = [Outcome(block, "" if block.line < survivors else "fails") for block in BLOCKS]
    reasons = {("a.md", f"{line} → {line + 1}"): "nobody sees it" for line in range(declared)}

    assert verdict(outcomes, reasons, whole_book) == status


def test_an_interrupted_run_is_continued(tmp_path, monkeypatch):
    ran = []

    def run_side_by_side(runs, profile, jobs):
        for place, one in enumerate(runs):
            ran.append(one.options[1])
            yield place, RunRecord("a.md", "hub", "failed", 1.0, error="fails")

    monkeypatch.setattr("guide.mutation.mutate_blocks.BUILD", tmp_path)
    monkeypatch.setattr("guide.mutation.mutate_blocks.run_side_by_side", run_side_by_side)
    records = {"a.md": RunRecord("a.md", "hub", "passed", 1.0, key="of this page")}
    interrupted = outcomes_of(BLOCKS, RunProfile(), 1, records)
    first = [next(interrupted) for _ in range(3)]
    interrupted.close()
    again = list(outcomes_of(BLOCKS, RunProfile(), 1, records))

    assert again[:3] == first
    assert len(again) == len(BLOCKS)
    assert len(ran) == len(BLOCKS)
