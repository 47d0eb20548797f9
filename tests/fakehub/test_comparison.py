"""The comparison with other fakes: its table is what they do, and its figures are those of the benchmark."""

from __future__ import annotations

import re

import pytest
from comparison import OURS, QUESTIONS, answers

from bench.servers import PEERS, ServerError


@pytest.fixture(scope="module")
def page(root) -> str:
    return (root / "fakehub/docs/comparison.md").read_text()


@pytest.mark.parametrize("name", [OURS, *PEERS])
def test_the_table_is_what_each_does(page, name):
    rows = [re.split(r" \| ", line.strip("| ")) for line in page.splitlines() if line.endswith((" yes |", " no |"))]
    head = re.search(r"^\| +\| (fakehub .+) \|$", page, re.MULTILINE)[1].split(" | ")
    try:
        found = answers(name)
    except ServerError as error:
        pytest.skip(f"not run: {error}")

    assert [row[0] for row in rows] == list(QUESTIONS)
    assert [row[1 + head.index(name)] for row in rows] == ["yes" if one else "no" for one in found]


def test_fakehub_does_all_of_it(page):
    rows = [line.split(" | ") for line in page.splitlines() if line.endswith((" yes |", " no |"))]

    assert {row[1] for row in rows} <= {"yes"}


def test_what_it_says_about_speed_is_what_the_benchmark_measured(root, page):
    measured, said = (root / "bench/README.md").read_text(), " ".join(page.split())
    rows = re.findall(r"^\| ([^|]+) \| [^|]+ \| ([^|]+) \| ([^|]+) \| [^|]+ \| ([\d.]+) \|$", measured, re.MULTILINE)
    ratios = {(name, peer): float(ratio) for name, _, peer, ratio in rows if peer in PEERS}
    small = [ratio for (name, _), ratio in ratios.items() if "connection" in name]

    assert "Small requests are answered faster than by both" in said and len(small) == 20 and min(small) > 1
    assert "The start takes longer" in said and min(ratios["start to first answer", peer] for peer in PEERS) > 1
