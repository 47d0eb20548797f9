"""Numbers, errors, units and links in prose that contradict what the page, the facts or the other page shows."""

import pytest

from guide.checks.fact_units import unfitting_units
from guide.checks.link_texts import misleading_links
from guide.checks.stated import unshown
from guide.pages.reader import read_page

PAGE = """\
# A store

{prose}

```python run
chunks = {{"time": 100_000, "lat": 45}}
```

```bash run fails="No space left on device"
cat notes.txt
```
"""
ADD = "or add it to guide/checks/stated.yml"


def problems(tmp_path, prose):
    file = tmp_path / "page.md"
    file.write_text(PAGE.format(prose=prose))
    return list(unshown(read_page(file, tmp_path), [("page.md", file.read_text())]))


@pytest.mark.parametrize(
    "prose",
    [
        "Chunks of 100,000 steps, 45 rows each.",
        "1. Open the store.\n2. Read it (15 min).",
        "**OSError: [Errno 28] No space left on device.** The disk is full.",
        "HTTP 403 is about permissions, and `400 MB` is code.",
        "It was read on 2026-05-16; see https://example.org/7 and [the list](list-12.md).",
    ],
    ids=["in code", "list", "error", "status and code", "date and address"],
)
def test_what_a_block_shows_or_what_is_no_number_is_fine(prose, tmp_path):
    assert problems(tmp_path, prose) == []


@pytest.mark.parametrize(
    ("prose", "problem"),
    [
        ("Chunks of 10,000 steps.", f"page.md:3: no block shows the number 10,000: correct it, {ADD}"),
        ("Text.\n\nOr 46.5 rows.", f"page.md:5: no block shows the number 46.5: correct it, {ADD}"),
        (
            "The disk is full:\n**OSError: [Errno 28] No space on device.**",
            f"page.md:4: no block shows the error 'OSError: [Errno 28] No space on device.': copy it again, {ADD}",
        ),
    ],
    ids=["thousands", "line", "error"],
)
def test_a_number_or_an_error_that_no_block_shows_is_reported(prose, problem, tmp_path):
    assert problems(tmp_path, prose) == [problem]


def test_an_error_that_another_page_shows_is_fine(tmp_path):
    assert problems(tmp_path, "**KeyError: 'SCRATCH_BUCKET'** means that this is not the hub.") == []


def test_a_listed_number_that_a_page_no_longer_states_is_reported(root):
    page = read_page(root / "book/buckets/backups.md", root)
    text = (root / "book/buckets/backups.md").read_text()
    assert "**OutsideDestinationError**" in text

    found = list(unshown(page, [("p", text.replace("OutsideDestinationError", "it"))]))

    name = "guide/checks/stated.yml"
    assert found == [
        f"{page.path}: {name} lists 'OutsideDestinationError', which the page does not state: remove it there"
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{fact}`home.recommended_gb` GB and {{ home.recommended_gb }} GB", None),
        ("{fact}`home.recommended_gb` GiB", "'GiB' is not the unit of home.recommended_gb"),
        ("{fact}`home.recommended_gb`-MB files", "'MB' is not the unit of home.recommended_gb"),
        ("after {fact}`dask_gateway.idle_timeout_minutes` hours", "'hours' is not the unit of dask_gateway.idle_timeo"),
        ("{{ buckets.scratch.delete_after_days }} weeks", "'weeks' is not the unit of buckets.scratch.delete_after_d"),
        ("{fact}`hub.timeouts.spawn_timeout_s|minutes` minutes", "spawn_timeout_s|minutes is written with its unit"),
        ("{fact}`hub.community` sends it", None),
    ],
)
def test_a_unit_that_is_not_the_facts_is_reported(text, problem):
    found = list(unfitting_units(f"# Title\n\nIt has {text}.\n"))

    assert [line for line, _ in found] == ([] if problem is None else [3])
    assert problem is None or problem in found[0][1]


@pytest.mark.parametrize(
    ("link", "problem"),
    [
        ("[Choose chunk sizes](chunks.md)", None),
        ("[Chunking](chunks.md)", None),
        ("[large chunks](chunks.md#shards)", None),
        ("[when nobody is there](chunks.md#shards)", None),
        ("[log in](chunks.md)", "'log in' has no word in common with chunks.md: name its subject, or correct it"),
        ("[log\nin](chunks.md#shards)", "'log in' has no word in common with chunks.md#shards"),
        ("[log in](missing.md) and `[log in](chunks.md)`", None),
    ],
    ids=["title", "stem", "heading", "section", "wrong", "two lines", "missing"],
)
def test_a_link_to_a_page_about_something_else_is_reported(link, problem, tmp_path):
    chunks = "---\nneeds: [buckets]\n---\n# Choose chunk sizes\n\nLead.\n\n## Shards\n\nIf nobody reads it.\n"
    (tmp_path / "chunks.md").write_text(chunks)

    found = list(misleading_links(f"# Title\n\nSee {link}.\n", tmp_path / "page.md"))

    assert [line for line, _ in found] == ([] if problem is None else [3])
    assert problem is None or problem in found[0][1]
