"""What of a page runs in the browser."""

from __future__ import annotations

import json

import pytest

from guide.live.gate import hub_settings, job
from guide.live.pages import live_page, not_here
from guide.pages.reader import read_page

FRONT = "---\nfile_format: mystnb\n---\n\n# Page\n\n"
CELL = "```{code-cell}\nx = 1\n```\n\n"


@pytest.fixture
def live(tmp_path):
    """Return a function that reads a page with this text, and returns what of it runs in the browser."""

    def read(text: str, **files: str):
        for name, content in files.items():
            (tmp_path / f"{name}.py").write_text(content)
        (tmp_path / "page.md").write_text(text)
        return live_page(read_page(tmp_path / "page.md", tmp_path))

    return read


def sources(live):
    return [block.source.strip() for block in live.blocks]


def test_cells_and_python_blocks_run(live):
    page = live(f"{FRONT}{CELL}```python run\ny = 2\n```\n")

    assert sources(page) == ["x = 1", "y = 2"]
    assert [page.is_compared(block) for block in page.blocks] == [True, True]


@pytest.mark.parametrize(
    "block",
    [
        "```bash run\nls\n```\n",
        "```console run\n$ ls\n```\n",
        "```python run on=laptop\ny = 2\n```\n",
        "```python skip='only an example'\ny = 2\n```\n",
    ],
)
def test_other_blocks_do_not(live, block):
    assert sources(live(f"{FRONT}{CELL}{block}")) == ["x = 1"]


def test_files_of_blocks_are_written(live):
    page = live(f"{FRONT}```python file=recipe.py\ndepth = 1\n```\n\n{CELL}")
    blocks = job(page, [])["blocks"]

    assert [block["target"] for block in blocks] == ["recipe.py", ""]
    assert [page.is_compared(block) for block in page.blocks] == [False, True]


@pytest.mark.parametrize(
    "text",
    [
        "# Page\n\nOnly text.\n",
        "# Page\n\n```bash run\nls\n```\n",
        "# Page\n\n```python file=recipe.py\ndepth = 1\n```\n",
        f"{FRONT}{CELL}```{{code-cell}}\n%pip list\n```\n",
        f"{FRONT}{CELL}```{{code-cell}}\n!ls\n```\n",
        f"{FRONT}{CELL}```{{code-cell}}\nif x:\n    !ls\n```\n",
    ],
    ids=["text", "shell", "file", "magic", "shell magic", "indented magic"],
)
def test_a_page_without_python_for_the_browser_does_not_run_there(live, text):
    assert live(text) is None


@pytest.mark.parametrize(
    ("code", "packs"),
    [
        ("x = 10 % 3", ()),
        ("import matplotlib.pyplot as plt", ("figures",)),
        ("ds.sst.plot()", ("figures",)),
        ("plotted = 1", ()),
        ("from google.cloud import storage", ("client",)),
        ("from google.cloud import storage\nds.sst.plot.line()", ("figures", "client")),
    ],
)
def test_a_page_names_the_packs_that_it_needs(live, code, packs):
    assert live(f"{FRONT}```{{code-cell}}\n{code}\n```\n").packs == packs


def test_what_the_page_offers_is_in_the_home_directory(live):
    text = f"---\nfile_format: mystnb\nfiles: [recipe.py]\n---\n\n# Page\n\n{CELL}"

    assert live(text, recipe="depth = 1\n").files == {"recipe.py": "depth = 1\n"}


def test_the_digest_is_that_of_the_code(live):
    one = live(f"{FRONT}{CELL}").code

    assert live(f"{FRONT}Other text.\n\n{CELL}").code == one
    assert live(f"{FRONT}{CELL.replace('1', '2')}").code != one
    assert live(f"{FRONT}{CELL}{CELL}").code != one


def test_what_the_gate_gets_of_a_block(live):
    text = f"{FRONT}```{{code-cell}}\n---\ntags: [raises-exception]\nraises: 'ValueError'\n---\nint('a')\n```\n\n{CELL}"
    page = live(text)
    task = job(page, ["packages.tar.zst", "hub.tar.zst"])

    assert task["packs"] == ["packages.tar.zst", "hub.tar.zst"]
    assert [block["raises"] for block in task["blocks"]] == [True, False]
    assert [block["skip"] for block in task["blocks"]] == [False, False]
    assert json.loads(json.dumps(task)) == task


def test_the_settings_are_those_of_the_guides_hub():
    settings = json.loads(hub_settings())

    assert settings["variables"]["SCRATCH_BUCKET"] == "gs://leap-scratch/funky-user"
    assert settings["home"] == "/home/jovyan"
    assert {"facts", "public_data"} <= set(settings)


def declared():
    return [(page, cell) for page, cells in not_here().items() for cell in cells]


@pytest.mark.parametrize(("name", "cell"), declared(), ids=lambda value: getattr(value, "cell", value))
def test_a_declared_cell_is_on_its_page_and_has_a_reason(root, name, cell):
    page = live_page(read_page(root / name, root))
    matching = [block for block in page.blocks if page.declared(block) == cell]

    assert len(matching) == 1
    assert not page.is_compared(matching[0])
    assert len(cell.why) > 20 and cell.why.endswith(".")
    task = job(page, [])["blocks"][page.blocks.index(matching[0])]
    assert (task["skip"], task["may_fail"], task["checks"]) == (not cell.runs, True, [])
