"""Facts that are changed on purpose: each change is noticed, and a fact that nobody uses is told."""

import copy

import pytest
import yaml

from guide.mutation.mutate_facts import TABLE, UNNOTICED, changed, leaves, other, outcomes_of, table


@pytest.fixture(scope="module")
def content(root):
    return yaml.safe_load((root / "hub.yml").read_text())


def test_each_fact_that_is_changed_is_noticed_and_the_table_says_so(content):
    outcomes = list(outcomes_of(content, list(leaves(content))))

    assert [one.key for one in outcomes if one.outcome == UNNOTICED] == []
    assert TABLE.read_text() == table(outcomes), "the table is old; run: make mutate WHAT=facts"


def test_a_fact_that_nobody_uses_is_told(content):
    more = copy.deepcopy(content)
    more["buckets"]["options"]["leap-persistent"]["note"] = "said nowhere"

    outcomes = list(outcomes_of(more, [("buckets", "options", "leap-persistent", "note")]))

    assert [(one.key, one.outcome) for one in outcomes] == [("buckets.options.leap-persistent.note", UNNOTICED)]
    assert "not noticed: `buckets.options.leap-persistent.note`" in table(outcomes)


@pytest.mark.parametrize("value", [True, 3, 0.5, "text", None, []])
def test_a_changed_value_is_another(value):
    assert other(value) != value


def test_a_change_leaves_everything_else(content):
    key = ("access", "tiers", 0, "name")

    assert changed(content, key)["access"]["tiers"][0]["name"] == "Publicx"
    assert changed(changed(content, key), key)["hub"] == content["hub"]


def test_a_sample_is_drawn_again_by_its_seed(guide):
    ran = [guide("mutate", "--what", "facts", "--sample", "2", "--seed", "7") for _ in range(2)]

    assert [one.returncode for one in ran] == [0, 0]
    assert ran[0].stdout == ran[1].stdout == "2 of 2 changed facts noticed\n"
