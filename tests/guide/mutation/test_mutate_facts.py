"""``mutate --what facts``: every change of a fact is noticed, and an unused fact is reported."""

import copy

import pytest
import yaml

from guide.mutation.mutate_facts import TABLE, UNNOTICED, leaves, other_value, outcomes_of, table, with_other_value


@pytest.fixture(scope="module")
def content(root):
    return yaml.safe_load((root / "hub.yml").read_text())


def test_every_changed_fact_is_noticed_and_the_table_is_up_to_date(content):
    outcomes = list(outcomes_of(content, list(leaves(content))))

    assert [outcome.key for outcome in outcomes if outcome.noticed_by == UNNOTICED] == []
    assert TABLE.read_text() == table(outcomes), "the table is out of date; run: make mutate WHAT=facts"


def test_an_unused_fact_is_reported(content):
    more = copy.deepcopy(content)
    more["buckets"]["options"]["leap-persistent"]["note"] = "shown nowhere"

    outcomes = list(outcomes_of(more, [("buckets", "options", "leap-persistent", "note")]))

    assert [(it.key, it.noticed_by) for it in outcomes] == [("buckets.options.leap-persistent.note", UNNOTICED)]
    assert "not noticed: `buckets.options.leap-persistent.note`" in table(outcomes)


@pytest.mark.parametrize("value", [True, 3, 0.5, "text", None, []])
def test_the_other_value_differs(value):
    assert other_value(value) != value


def test_only_the_fact_at_the_key_changes(content):
    key = ("access", "tiers", 0, "name")

    assert with_other_value(content, key)["access"]["tiers"][0]["name"] == "Publicx"
    assert with_other_value(with_other_value(content, key), key)["hub"] == content["hub"]


def test_a_seed_always_draws_the_same_sample(guide):
    ran = [guide("mutate", "--what", "facts", "--sample", "2", "--seed", "7") for _ in range(2)]

    assert [run.returncode for run in ran] == [0, 0]
    assert ran[0].stdout == ran[1].stdout == "2 of 2 changed facts noticed\n"
