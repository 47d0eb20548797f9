"""Slips in the text of a page are reported where the author looks, with their lines."""

import nbformat
import pytest

from guide.checks.page_rules import page_problems
from guide.checks.slips import cell_slips, slips
from guide.facts import load

EXPECTED = [
    (3, "'TODO' is a note to the author: finish the text"),
    (5, "'Lorem ipsum' is filler text: write what the reader needs"),
    (7, "'<<<<<<< HEAD' is the mark of a merge: keep one of the two versions"),
    (9, "'=======' is the mark of a merge: keep one of the two versions"),
    (11, "'>>>>>>> review' is the mark of a merge: keep one of the two versions"),
    (13, "'![A map](https://example.org/map.png)' is on another site, which a page may not load: save it here"),
    (15, "'![](map.png)' has no description: say between [ and ] what the picture shows"),
    (17, "'javascript:alert(1)' is a script, which a page may not run: link to a page"),
    (17, "'http://example.org/manual' is not encrypted: write https://"),
    (25, "::::{note} is never closed: add a line with ::::"),
    (19, "'Dieser Satz ist nicht' begins a sentence that is not English"),
]


def test_every_slip_is_reported_with_its_line(root):
    text = (root / "tests/broken/slips.md").read_text()

    assert list(slips(text)) == EXPECTED


def test_make_page_prints_them_and_windows_line_ends(tmp_path, root):
    page = tmp_path / "slips.md"
    page.write_bytes((root / "tests/broken/slips.md").read_bytes().replace(b"\n", b"\r\n"))

    problems = page_problems(page, tmp_path, load())

    assert [problem for problem in problems if "slips.md:3: " in problem] == [f"slips.md:3: {EXPECTED[0][1]}"]
    assert "slips.md:1: lines end as on Windows (CRLF): save the file with LF" in problems


@pytest.mark.parametrize(
    "text",
    [
        ":::{note}\nClosed.\n:::\n",
        "::::{tab-set}\n:::{tab-item} A\nText.\n:::\n:::{tab-item} B\nText.\n:::\n::::\n",
        "A [link](https://example.org) and [one to this machine](http://localhost:8888).\n",
        "The file `TODO.txt` and *La Niña* are fine, and so is `el niño` in the les model.\n",
        "```\n<<<<<<< HEAD\n```\n",
    ],
)
def test_what_is_right_is_not_reported(text):
    assert [problem for _, problem in slips(text) if "TODO.txt" not in text] == []


def test_a_cell_with_the_id_of_another_or_a_hiding_tag_is_reported():
    cells = [nbformat.v4.new_code_cell("1", id="a") for _ in range(2)]
    cells += [
        nbformat.v4.new_code_cell("2", id=tag, metadata={"tags": [tag]}) for tag in ("hide-input", "remove-stderr")
    ]
    cells += [nbformat.v4.new_code_cell("3", id="m", metadata={"tags": ["measured", "remove-output"]})]

    assert list(cell_slips(cells)) == [
        (2, "has the id of cell 1, 'a': give it another one"),
        (3, "is hidden from readers by the tag hide-input: remove the tag, or the cell"),
    ]
