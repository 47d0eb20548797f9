"""Every source of the corpus is copied bit for bit, or refused in one line.

Every third target is in the bucket, the others are on the disk. ``CORPUS=all`` runs every entry with both targets.
"""

from __future__ import annotations

import os

import pytest
from corpus import ENTRIES
from corpus.table import TABLE, table
from corpus.trial import Trial

ALL = os.environ.get("CORPUS") == "all"
CASES = [
    (entry.name, remote)
    for number, entry in enumerate(ENTRIES.values())
    for remote in ((True, False) if ALL else (number % 3 == 0,))
    if ALL or not entry.more
]


@pytest.mark.parametrize(
    "name, remote", CASES, ids=[f"{name}, {'bucket' if remote else 'disk'}" for name, remote in CASES]
)
def test_source(cloud, folder, name, remote):
    entry = ENTRIES[name]
    trial = Trial(cloud, folder, name, remote, entry.make(folder / "source"))

    check = {"copied": trial.check_copied, "refused": trial.check_refused, "stopped": trial.check_line}
    check[entry.right]()


@pytest.mark.parametrize("remote", [True, False], ids=["bucket", "disk"])
@pytest.mark.parametrize("name", ["regular grid", "different in the first file: units of values"])
def test_a_wrong_expectation_is_noticed(cloud, folder, name, remote):
    entry = ENTRIES[name]
    trial = Trial(cloud, folder, name, remote, entry.make(folder / "source"))

    with pytest.raises(AssertionError, match="status"):
        trial.check_refused() if entry.right == "copied" else trial.check_copied()


def test_the_table_is_complete():
    assert TABLE.read_text(encoding="utf-8") == table(), "run: python tests/uploads/corpus/table.py"
