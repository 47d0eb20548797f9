"""No reader sees a hidden check: neither on the site, nor in what can be downloaded or opened from it."""

import csv
import json

import nbformat
import pytest
from small_books import build, copy_of

PAGE = """---
file_format: mystnb
kernelspec: {name: python3}
---

# Depth

The depth is in metres.

```{code-cell} python
:check: depth + 271828 == 274828
:check: "271828" not in str(depth)
depth = 3000
depth
```

```python run check="depth < 271828"
depth = depth / 1000
```

```bash run check="test $DEPTH -lt 271828"
export DEPTH=3000
```

```console run check="test $DEPTH -lt 271828"
$ echo $DEPTH
3000
```
"""
INDEX = "# Guide\n\nA page and a notebook.\n\n```{report-summary}\n```\n\n```{report-download}\n```\n"


def notebook():
    """Return the text of a notebook whose one cell has a check."""
    cell = nbformat.v4.new_code_cell("depth = 3000", metadata={"check": ["depth < 271828"]}, execution_count=1)
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    text = nbformat.v4.new_markdown_cell("# Depth of the sea\n\nIn metres.")
    return nbformat.writes(nbformat.v4.new_notebook(cells=[text, cell], metadata=metadata))


@pytest.fixture(scope="module")
def built(root, stack, tmp_path_factory):
    """A copy of the project whose book has a page and a notebook with checks, built."""
    book = copy_of(root, tmp_path_factory.mktemp("checks") / "project")
    done = build(book, INDEX, stack, more={"depth.md": PAGE, "sea.ipynb": notebook()})

    assert done.returncode == 0, done.stdout + done.stderr
    return book / "_build"


def test_no_file_of_the_site_has_a_check(built):
    files = [path for folder in ("html", "launch") for path in (built / folder).rglob("*") if path.is_file()]

    assert {".html", ".ipynb", ".py", ".md", ".js"} <= {path.suffix for path in files}
    assert {built / name for name in ("html/book/depth.html", "launch/book/depth.ipynb", "launch/book/sea.ipynb")} <= {
        *files
    }
    assert [path for path in files if b"271828" in path.read_bytes()] == []


def test_checks_are_counted_where_the_site_says_what_ran(built):
    text = (built / "html/book/index.html").read_text()
    report = json.loads((built / "report.json").read_text())

    assert "5 blocks ran, 6 hidden checks, " in text
    rows = list(csv.DictReader((built / "html/tested-blocks.csv").read_text().splitlines()))
    assert [(row["page"], row["hidden checks"]) for row in rows] == [
        *(("book/depth.md", count) for count in "2111"),
        ("book/sea.ipynb", "1"),
    ]
    assert [block["checks"] for block in report["blocks"]] == [2, 1, 1, 1, 1]
