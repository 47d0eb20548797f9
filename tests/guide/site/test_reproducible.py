"""Two builds of one commit, in different folders, time zones and with different hash seeds, have the same bytes."""

import pytest
from small_books import build, copy_of

PAGES = {
    "cells.md": """---
file_format: mystnb
kernelspec: {name: python3}
---

# Cells

```{code-cell} python
import numpy as np
import xarray as xr

ds = xr.Dataset({"sst": (("time", "lat"), np.arange(6.0).reshape(2, 3))})
ds
```

```{code-cell} python
ds.sst
```

```bash run
echo once
```
""",
    "more.md": "# More\n\n```{fact-table} buckets\n```\n\n```{fact-diagram} who-may-write\n```\n\n[Cells](cells.md)\n",
    "reference.md": "# What ran\n\n```{report-summary}\n```\n\n```{report-download}\n```\n",
}
COMMIT = {"SOURCE_DATE_EPOCH": "1700000000"}


@pytest.fixture(scope="module")
def sites(root, stack, tmp_path_factory):
    """The folders of both sites."""
    folders = []
    for name, more in (
        ("one", {"PYTHONHASHSEED": "1", "TZ": "UTC"}),
        ("other", {"PYTHONHASHSEED": "2", "TZ": "Asia/Tokyo"}),
    ):
        book = copy_of(root, tmp_path_factory.mktemp(name) / f"project-{name}")
        built = build(book, "# Index\n\nIn {fact}`hub.region`.\n", stack, more=PAGES, env=COMMIT | more)
        assert built.returncode == 0, built.stdout + built.stderr
        folders.append(book / "_build/html")
    return folders


def test_both_have_the_same_files_and_bytes(sites):
    one, other = (
        {str(path.relative_to(site)): path.read_bytes() for path in site.rglob("*") if path.is_file()} for site in sites
    )

    assert one.keys() == other.keys()
    assert [name for name in one if one[name] != other[name]] == []


def test_the_date_is_that_of_the_commit(sites):
    text = (sites[0] / "book/reference.html").read_text()

    assert "2023-11-14" in text
