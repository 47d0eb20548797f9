"""The gate: a page has a verdict that depends on what each of its blocks prints, raises and leaves."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import nbformat
import pytest

from guide.live import gate
from guide.live.pack import Packs
from guide.live.pages import live_page
from guide.live.verdicts import Verdict, last_verdicts
from guide.pages.reader import read_page

PACKS = Packs(Path("files"), {"packages": "packages.tar.zst", "figures": "figures.tar.zst", "hub": "hub.tar.zst"})
VERSIONS = "numpy: 2.3.5"


def printed(text):
    return {"output_type": "stream", "name": "stdout", "text": text}


def result(*outputs, problem=""):
    """Return what Node.js reports of a block."""
    return {"outputs": list(outputs), "problem": problem, "ms": 1250}


def error(text="no depth"):
    return {"output_type": "error", "ename": "ValueError", "evalue": text, "traceback": [text], "details": "Traceback"}


GOOD = [result(printed("4000\n")), result(printed(f"{VERSIONS}\n")), result(error())]


@pytest.fixture
def live(tmp_path, monkeypatch):
    """A notebook with three cells and their recorded outputs; the last one raises an error."""
    monkeypatch.setattr(gate, "ROOT", tmp_path)
    cells = [
        nbformat.v4.new_code_cell(
            source, outputs=[nbformat.from_dict({k: v for k, v in output.items() if k != "details"})]
        )
        for source, output in [
            ("print(4000)", printed("4000\n")),
            ("print(versions)", printed(f"{VERSIONS}\n")),
            ("raise ValueError('no depth')", error()),
        ]
    ]
    cells[2].metadata.update(tags=["raises-exception"], raises="ValueError: no depth")
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "page.ipynb")
    return live_page(read_page(tmp_path / "page.ipynb", tmp_path))


@pytest.fixture
def judge(live, monkeypatch):
    """Return a function that judges the page with these results of its blocks."""

    def judged(*blocks):
        monkeypatch.setattr(gate, "_run", lambda task, packs: {"blocks": list(blocks), "times": {}})
        return gate.judge(live, PACKS)

    return judged


def test_a_page_that_prints_what_is_recorded_runs(live, judge):
    assert judge(*GOOD) == Verdict("page.ipynb", "", live.code, (), 3.8)


def test_an_allowed_difference_is_in_the_verdict(judge):
    verdict = judge(GOOD[0], result(printed("numpy: 2.4.1\n")), GOOD[2])

    assert (verdict.problem, verdict.differences) == ("", ("versions",))


def test_text_in_several_pieces_is_the_same(judge):
    assert judge(result(printed("4000"), printed("\n")), *GOOD[1:]).problem == ""


@pytest.mark.parametrize(
    ("number", "block", "problem"),
    [
        (0, result(printed("5000\n")), "prints something else"),
        (0, result(), "prints something else"),
        (0, result(printed("4000\n"), printed("more\n")), "prints something else"),
        (0, result(printed("4000\n"), error("other")), ""),
        (1, result(printed(f"{VERSIONS}\n"), problem="len(x) == 1: left side is 2"), "does not pass its check"),
        (2, result(error("other reason")), "should raise 'ValueError: no depth'"),
        (2, result(), "should raise 'ValueError: no depth'"),
    ],
)
def test_a_block_that_does_something_else_is_named(judge, number, block, problem):
    blocks = list(GOOD)
    blocks[number] = block
    verdict = judge(*blocks)

    assert verdict.problem.startswith(f"page.ipynb:{number + 1}: {problem}")
    assert verdict.differences == ()


def test_a_run_that_does_not_end_is_tried_again_the_next_time(live, monkeypatch, tmp_path):
    def run(task, packs):
        raise subprocess.TimeoutExpired("node", 300)

    monkeypatch.setattr(gate, "_run", run)

    shown = []
    for _ in range(2):
        (verdict,) = gate.verdicts([live], PACKS, tmp_path / "cache", 1, shown.append)
        assert verdict.problem == "does not end within 300 s"
    assert len(shown) == 2


def test_a_run_that_ends_with_an_error(live, monkeypatch):
    monkeypatch.setattr(gate, "_run", lambda task, packs: "ends with an error: no module named sst")

    assert gate.judge(live, PACKS).problem == "ends with an error: no module named sst"


def test_a_page_is_judged_again_only_if_something_changed(live, judge, tmp_path, monkeypatch):
    shown = []

    def verdicts(packs=PACKS):
        return gate.verdicts([live], packs, tmp_path / "cache", 1, shown.append)

    judge(*GOOD)
    first = verdicts()
    assert verdicts() == first and len(shown) == 1

    verdicts(Packs(Path("files"), PACKS.names | {"hub": "another.tar.zst"}))
    assert len(shown) == 2
    verdicts(Packs(Path("files"), PACKS.names, {"python_stdlib.zip": 1}))
    assert len(shown) == 3

    (tmp_path / "page.ipynb").write_text((tmp_path / "page.ipynb").read_text() + "\n")
    verdicts()
    assert len(shown) == 4


def test_verdicts_are_read_again(tmp_path):
    fields = {"page": "book/a.md", "problem": "", "code": "1", "differences": ["versions"], "seconds": 2.0}
    (tmp_path / "verdicts.json").write_text(json.dumps([fields]))

    assert last_verdicts(tmp_path / "verdicts.json") == {"book/a.md": Verdict("book/a.md", "", "1", ("versions",), 2.0)}
    assert last_verdicts(tmp_path / "missing.json") == {}
