"""The prose of pages and notebooks: short, plain and without spelling mistakes."""

import subprocess
import sys

from guide.checks.page_rules import texts_of
from guide.checks.prose import sentences, unwanted_words


def test_words_are_spelled_correctly(root, tmp_path):
    for notebook in (root / "notebooks").glob("*.ipynb"):
        (tmp_path / notebook.stem).write_text("\n".join(texts_of(notebook)))
    paths = [root / name for name in ("book", "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "fakehub")]
    command = [sys.executable, "-m", "codespell_lib", "--skip", "*.png,*.pyc", "--ignore-words-list", "nd,notin,otu"]

    done = subprocess.run([*command, *map(str, paths), str(tmp_path)], capture_output=True, text=True)

    assert done.stdout == ""


def test_unwanted_words_are_reported_outside_code():
    assert unwanted_words("# A\n\nSimply do it.\n\n```python run\nsimply = 1\n```\n\U0001f680\n") == [
        (3, "Simply"),
        (8, "\U0001f680"),
    ]


def test_prose_continues_after_a_table_and_inside_a_directive():
    page = "```{fact-table} hub\n```\n\nSimply read.\n\n```{tip}\nJust a tip.\n```\n\n```python run\njust = 1\n```\n"

    assert unwanted_words(page) == [(4, "Simply"), (7, "Just")]


def test_sentences_are_the_running_text():
    page = (
        "---\na: b\n---\n# Title\n\nRead {fact}`hub.region` and\n[this](page.md) with `code`.\n\n- one\n- two:\n\n"
        ":::{tip}\nA tip.\n:::\n\n| a | b |\n"
    )

    assert sentences(page) == "Read it and this with it.\none.\ntwo.\nA tip."
