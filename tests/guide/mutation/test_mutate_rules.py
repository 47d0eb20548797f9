"""Rules that are broken on purpose: of which kinds the mistakes are, and that a test notices one."""

import ast

import pytest

from guide.mutation.mutate_rules import TESTS, Trial, harmless, noticed_by_tests, source_of
from guide.mutation.rule_mutants import KINDS, mistakes

RULES = """
_READ = frozenset({"storage.objects.get", "storage.objects.list"})


def check(rights, token, now):
    if token.expires < now and not token.held:
        raise Refused(401)
    return rights >= _READ and len(rights) == 2
"""


def test_a_mistake_of_each_kind_is_made_and_is_python():
    found = list(mistakes(RULES))

    assert {one.kind for one in found} == set(KINDS)
    assert all(one.source != RULES and ast.parse(one.source) for one in found)


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
def test_rights_times_statuses_and_comparisons_are_changed(change):
    assert any(change in one.source for one in mistakes(RULES))


def test_every_module_of_the_rules_has_mistakes_and_tests(root):
    for module, tests in TESTS.items():
        assert list(mistakes((root / "fakehub" / module).read_text())), module
        assert all(list((root / "tests").glob(f"**/{name}.py")) for name in tests), module


def test_only_mistakes_that_can_be_made_are_declared_as_harmless(root):
    made = {
        (module, f"{one.before} -> {one.after}")
        for module in TESTS
        for one in mistakes((root / "fakehub" / module).read_text())
    }

    assert harmless().keys() <= made


def test_tests_notice_a_rule_that_is_turned():
    broken = source_of("storage/acl.py").replace("if bucket.uniform_access:", "if not bucket.uniform_access:")

    found = dict(noticed_by_tests([Trial("test_rules"), Trial("test_rules", "storage/acl.py", broken)], 2))

    assert found == {0: False, 1: True}
