"""Checks of blocks: how pages and notebooks write them, and how they are removed from what readers see."""

import json

import nbformat
import pytest

from guide.pages.blocks import BlockError
from guide.pages.hidden_checks import notebook_without_checks, without_checks

CELLS = "---\nfile_format: mystnb\nkernelspec: {name: python3}\n---\n"


def notebook(metadata):
    """Return the text of a notebook with one cell."""
    cell = nbformat.v4.new_code_cell("ds = 1", metadata=metadata)
    return nbformat.writes(nbformat.v4.new_notebook(cells=[cell])) + "\n"


def test_a_cell_may_have_several_checks_which_need_no_quotes(page):
    checks = ['ds.sizes["time"] == 24', '"sst" in ds', "{'time': 24} == dict(ds.sizes)", "all(x > 0 for x in ds)  # K"]
    lines = "".join(f":check: {check}\n" for check in checks)
    read = page(f"{CELLS}\n```{{code-cell}} python\n:tags: [remove-stderr]\n{lines}ds = 1\n```\n")
    (block,) = read.blocks

    assert block.checks == tuple(checks)
    assert block.source == "ds = 1"
    assert read.cell_of(block).source == "ds = 1"
    assert dict(read.cell_of(block).metadata) == {"tags": ["remove-stderr"]}


def test_options_between_two_dashed_lines_may_have_checks_too(page):
    (block,) = page(f"{CELLS}\n```{{code-cell}} python\n---\ncheck: [ds == 1, ds < 2]\n---\nds = 1\n```\n").blocks

    assert (block.checks, block.source) == (("ds == 1", "ds < 2"), "ds = 1")


def test_a_fence_may_have_several_checks(page):
    (block,) = page("```bash run check=\"grep -q 'a b' x\" check='test -s x' leaves=gs://b/x\ncat y > x\n```\n").blocks

    assert block.checks == ("grep -q 'a b' x", "test -s x")
    assert block.leaves == ("gs://b/x",)


@pytest.mark.parametrize("check", ["ds == 1", ["ds == 1"]])
def test_a_cell_of_a_notebook_has_them_in_its_metadata(page, check):
    (block,) = page(notebook({"check": check}), "page.ipynb").blocks

    assert block.checks == ("ds == 1",)


def test_facts_are_filled_in(page):
    text = f'{CELLS}\n```{{code-cell}} python\n:check: "{{{{ buckets.scratch.name }}}}" in url\nurl = ""\n```\n'
    (block,) = page(text).blocks

    assert block.checks == ('"leap-scratch" in url',)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("```bash skip='needs a GPU here' check='true'\nx\n```\n", "a check needs a block that runs"),
        ("```text file=a.txt check='test -f a.txt'\nx\n```\n", "a check needs a block that runs"),
        ("```bash parsed=conda check='test -f a.txt'\nx\n```\n", "a check needs a block that runs"),
        ("```bash run check=''\nx\n```\n", "check must be an expression"),
        (CELLS + "```{code-cell} python\n:check:\nx = 1\n```\n", "check must be an expression"),
        (CELLS + "```{code-cell} python\n:check: x = 1\nx = 1\n```\n", "check x = 1 is not a Python expression"),
        (CELLS + "```{code-cell} python\n:check: x == (1\nx = 1\n```\n", "is not a Python expression: '.' was never"),
        (CELLS + "```{code-cell} python\n:check: True\nx = 1\n```\n", "check True cannot fail"),
        (CELLS + "```{code-cell} python\n:checks: x\nx = 1\n```\n", "unknown option 'checks'; a cell may have tags,"),
        (CELLS + "```{code-cell} python\n---\ncheck: {x: 1}\n---\nx = 1\n```\n", "check must be an expression"),
    ],
)
def test_a_check_that_cannot_be_made_is_refused_in_one_line(page, text, message):
    with pytest.raises(BlockError, match=message) as error:
        page(text)

    assert len(str(error.value).splitlines()) == 1
    assert str(error.value).startswith("page.md:")


@pytest.mark.parametrize("metadata", [{"execution": {}}, {"collapsed": True}, {"vscode": {"languageId": "python"}}])
def test_what_jupyter_and_editors_write_about_a_cell_is_not_unknown(page, metadata):
    assert page(notebook(metadata), "page.ipynb").blocks


def test_a_page_is_shown_without_its_checks_and_keeps_its_line_numbers():
    text = "# T\n\n````{code-cell} python\n:tags: [a]\n:check: x == 1\n:check: x\nx = 1\n:check: y\n````\n\nlast\n"
    shown = without_checks(text)

    assert shown == "# T\n\n````{code-cell} python\n:tags: [a]\nx = 1\n:check: y\n````\n\n\n\nlast\n"
    assert shown.split("\n").index("last") == text.split("\n").index("last")


def test_a_page_is_shown_without_the_names_of_machines():
    text = "```{code-cell} python\n:tags: [a]\n:on: hpc\nx = 1\n```\n\n:on: is text\n"

    assert without_checks(text) == "```{code-cell} python\n:tags: [a]\nx = 1\n```\n\n\n:on: is text\n"


def test_only_options_of_cells_are_removed():
    text = "Write `:check:`.\n\n:check: x\n\n```md\n:check: x\n```\n\n```{note}\n:check: x\n```\n"

    assert without_checks(text) == text


@pytest.mark.parametrize("hidden", [{"check": ["ds == 1"]}, {"exercise": {"solution": "n = 2"}}])
def test_a_notebook_is_downloaded_without_its_checks_and_exercises(hidden):
    text = notebook({**hidden, "tags": ["measured"]})
    shown = notebook_without_checks(text)

    assert json.loads(shown)["cells"][0]["metadata"] == {"tags": ["measured"]}
    expected = nbformat.from_dict(json.loads(text))
    expected.cells[0].metadata = {"tags": ["measured"]}
    assert shown == nbformat.writes(expected) + "\n"


def test_a_notebook_without_checks_is_unchanged():
    text = notebook({"tags": ["measured"]}).replace("\n", "\n ")

    assert notebook_without_checks(text) == text
