"""``mutate --what rules``: which mistakes are made, and that a test notices one."""

import ast

import pytest

from guide.mutation.mutate_rules import TESTS, Outcome, harmless, source_of, table
from guide.mutation.rule_mutants import KINDS, mistakes
from guide.mutation.rule_trials import Trial, failed_trials

RULES = """
_READ = frozenset({"storage.objects.get", "storage.objects.list"})


def check(rights, token, now):
    if token.expires < now and not token.held:
        raise Refused(401)
    return rights >= _READ and len(rights) == 2
"""


def test_each_kind_of_mistake_is_made_and_is_valid_python():
    made = mistakes(RULES)

    assert {mistake.kind for mistake in made} == set(KINDS)
    assert all(mistake.source != RULES and ast.parse(mistake.source) for mistake in made)


@pytest.mark.parametrize(
    "change",
    [
        '_READ = frozenset(({"storage.objects.list"}))',
        "if (token.expires >= now) and",
        "if (False) and not token.held",
        "raise Refused(403)",
        "(token.expires < now or not token.held)",
        "(len(rights) != 2)",
    ],
)
def test_permissions_expiry_statuses_and_comparisons_are_changed(change):
    assert any(change in mistake.source for mistake in mistakes(RULES))


def test_every_module_of_rules_has_mistakes_and_tests(root):
    for module, tests in TESTS.items():
        assert mistakes(source_of(module)), module
        assert all(list((root / "tests").glob(f"**/{name}.py")) for name in tests), module


def test_every_mistake_declared_as_harmless_can_be_made():
    made = {
        (module, Outcome(module, mistake, False).description)
        for module in TESTS
        for mistake in mistakes(source_of(module))
    }

    assert harmless().keys() <= made


def test_the_table_counts_mistakes_and_lists_the_missed_ones():
    made = mistakes(RULES)
    outcomes = [Outcome("acl.py", mistake, mistake.kind != "a status") for mistake in made]

    lines = table(outcomes).splitlines()

    assert f"Noticed: {(len(made) - 1) / len(made):.1%}." in lines[1]
    assert "| a status | 0 | 1 | 0 |" in lines
    assert lines[-1] == "| acl.py:7 | `` 401 -> 403 `` | no test is about it |"


def test_tests_notice_an_inverted_rule():
    broken = source_of("storage/acl.py").replace("if bucket.uniform_access:", "if not bucket.uniform_access:")

    failed = dict(failed_trials([Trial("test_access_lists"), Trial("test_access_lists", "storage/acl.py", broken)], 2))

    assert failed == {0: False, 1: True}
