"""Blocks and their execution modes, read from pages and notebooks."""

import nbformat
import pytest

from guide.pages.blocks import BlockError
from guide.pages.reader import read_page

CELLS = "---\nfile_format: mystnb\nkernelspec: {name: python3}\nleaves: [$SCRATCH_BUCKET/a.zarr]\n---\n"


def test_cells_and_fences_come_in_the_order_of_the_page(page):
    read = page(
        CELLS + "# T\n\n```{code-cell} python\n1\n```\n\n```bash run\nls\n```\n\n```{code-cell} python\n2\n```\n"
    )

    assert [(b.kind, b.language, b.line) for b in read.blocks] == [
        ("cell", "python", 8),
        ("run", "bash", 12),
        ("cell", "python", 16),
    ]
    assert [read.notebook.cells[b.cell].source for b in read.blocks if b.kind == "cell"] == ["1", "2"]
    assert read.leaves == ("$SCRATCH_BUCKET/a.zarr",)


def test_options_of_a_cell_are_read_and_not_run(page):
    (block,) = page(
        CELLS + '```{code-cell} python\n:tags: [raises-exception]\n:raises: "ValueError: invalid"\nint("a")\n```\n'
    ).blocks

    assert (block.source, block.raises) == ('int("a")', "ValueError: invalid")


def test_attributes_of_a_fence_may_hold_spaces(page):
    (block,) = page('```bash run fails="No such file" leaves="gs://b/x gs://b/y"\ncat x\n```\n').blocks

    assert block.fails == "No such file"
    assert block.leaves == ("gs://b/x", "gs://b/y")


def test_blocks_inside_tabs_and_notes_are_read_with_their_line(page):
    text = "# T\n\n::::{tab-set}\n:::{tab-item} A\n\n```bash run\nls\n```\n:::\n::::\n"

    (block,) = page(text).blocks

    assert (block.kind, block.line) == ("run", 6)


def test_a_file_block_names_its_file(page):
    (block,) = page("```yaml file=conf/environment.yml\na: 1\n```\n").blocks

    assert (block.kind, block.target, block.source) == ("file", "conf/environment.yml", "a: 1\n")


def test_fences_in_the_text_of_a_notebook_need_a_mode_too(tmp_path):
    cells = [nbformat.v4.new_markdown_cell("# T\n\n```bash\nls\n```")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "n.ipynb")

    with pytest.raises(BlockError, match="declares no execution mode"):
        read_page(tmp_path / "n.ipynb", tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("    print(1)\n", "indented code block"),
        ("<pre>print(1)</pre>\n", "<pre> cannot declare an execution mode"),
        ("```python run skip='it is run, too'\n1\n```\n", "declares run and skip"),
        ("```yaml run\na: 1\n```\n", "a yaml block cannot run"),
        ("```text file=/etc/passwd\nx\n```\n", "does not lead upwards"),
        ("```text file=../x\nx\n```\n", "does not lead upwards"),
        ("```python run fails=x\n1\n```\n", "fails= is for bash"),
        ("```bash run raises=x\n1\n```\n", "raises= is for python"),
        ("```bash run 'unclosed\n1\n```\n", "cannot be read"),
        ("---\na: [\n---\n# T\n", "front matter is not YAML"),
        ("---\nleaves: nothing\n---\n# T\n", "leaves must be a list"),
        ("---\nbetween_writes_s: soon\n---\n# T\n", "between_writes_s must be a number of seconds, at most 60"),
        (CELLS + "```{code-cell} python\n:tags: [skip-execution]\n1\n```\n", "hide what a page does"),
        (CELLS + ":::{note}\n```{code-cell} python\n1\n```\n:::\n", "is inside another directive"),
    ],
)
def test_a_page_that_cannot_be_tested_is_refused_in_one_line(page, text, message):
    with pytest.raises(BlockError, match=message) as error:
        page(text)

    assert len(str(error.value).splitlines()) == 1
    assert str(error.value).startswith("page.md")


def test_a_page_in_another_encoding_is_one_line(tmp_path):
    (tmp_path / "page.md").write_bytes("# Café\n".encode("latin-1"))

    with pytest.raises(BlockError, match=r"^page\.md: byte 5 is not UTF-8; save the file in this encoding$"):
        read_page(tmp_path / "page.md", tmp_path)


def test_a_broken_notebook_is_one_line(page):
    with pytest.raises(BlockError, match=r"n\.ipynb: not a notebook"):
        page("{", "n.ipynb")
