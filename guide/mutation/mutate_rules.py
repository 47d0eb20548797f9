"""``make mutate WHAT=rules``: put one mistake at a time into the rules of the stand-in; a test must notice it.

The rules decide who may do what, until when, and what a refusal says. Each mistake is made in a copy of the project,
where the tests of its module run until one fails. ``_build/mutants`` keeps the result of each run, so an interrupted
run can be continued. ``tests/surviving-rules.yml`` lists mistakes that change nothing, each with the reason.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass

import yaml

from guide.mutation.rule_mutants import KINDS, Mistake, mistakes
from guide.mutation.rule_trials import Trial, failed_trials
from guide.paths import ROOT

TABLE = ROOT / "tests" / "mutated-rules.md"
SURVIVING = ROOT / "tests" / "surviving-rules.yml"
# The least share of the mistakes, apart from harmless ones, that a test must notice.
SHARE = 0.95
# The modules that hold rules, and the tests of each, in the order in which they run.
TESTS = {
    "accounts/personas.py": ("test_rules", "test_identity_tokens", "test_xml_rights"),
    "accounts/identities.py": ("test_rules", "test_identity_tokens", "test_identity_metadata"),
    "accounts/tokens.py": ("test_accounts_tokens", "test_accounts_tokeninfo", "test_accounts_login"),
    "accounts/grants.py": ("test_accounts_tokens", "test_accounts_login"),
    "accounts/consent.py": ("test_accounts_login", "test_accounts_tokens"),
    "accounts/iam.py": ("test_accounts_tokens", "test_signed_urls"),
    "accounts/keys.py": ("test_accounts_tokens", "test_identity_tokens"),
    "accounts/metadata_server.py": ("test_identity_metadata", "test_identity_machines"),
    "storage/acl.py": ("test_access_lists", "test_rules", "test_storage_api", "test_xml_objects", "test_schema"),
    "storage/json_api/acls.py": ("test_storage_api", "test_schema"),
    "storage/billing.py": ("test_billing", "test_rules"),
    "storage/bucket_access.py": ("test_rules", "test_parameters", "test_storage_api", "test_bucket_changes"),
    "storage/conditions.py": ("test_conditions", "test_parameters", "test_storage_api"),
    "storage/json_api/refusals.py": ("test_refusals",),
    "storage/json_api/values.py": ("test_parameters",),
    "storage/uploads.py": ("test_upload_rules", "test_metadata_rules", "test_storage_api"),
    "storage/xml_api/bucket_parts.py": ("test_xml_rights",),
    "storage/xml_api/signed_urls.py": ("test_signed_urls",),
    "storage/bucket_table.py": ("test_bucket_changes",),
    "storage/hashes.py": ("test_upload_rules", "test_storage_api"),
    "storage/json_api/bucket_bodies.py": ("test_bucket_changes",),
    "storage/json_api/buckets.py": (
        "test_bucket_changes",
        "test_bucket_list",
        "test_storage_api",
        "test_schema",
        "test_grpc_layout",
    ),
    "osn.py": ("test_osn",),
    "public_s3.py": ("test_public_s3",),
    "public_data/names.py": ("test_public_names",),
    "public_data/layout.py": ("test_public_names", "test_layouts"),
    "public_data/bucket.py": ("test_public_names", "test_public_reads"),
    "storage/grpc_layout.py": ("test_grpc_layout",),
}


@dataclass(frozen=True)
class Outcome:
    """A mistake in a module, and whether a test noticed it."""

    module: str
    mistake: Mistake
    noticed: bool

    @property
    def description(self) -> str:
        """The mistake in one line, under which ``surviving-rules.yml`` declares it as harmless."""
        return f"{self.mistake.before} -> {self.mistake.after}"


def mutate_rules(jobs: int, sample: int | None, seed: str) -> int:
    """Make every mistake, or a ``sample`` of them, and print which ones no test noticed.

    Returns 1 if too few are noticed, or if tests fail without any mistake. A run of all mistakes writes ``TABLE``.
    """
    made = [(module, mistake) for module in TESTS for mistake in mistakes(source_of(module))]
    if sample:
        made = random.Random(seed).sample(made, min(sample, len(made)))  # noqa: S311 - reproducible, not secret
    noticed: set[int] = set()
    for rank in range(max(map(len, TESTS.values()))):
        left = [
            number for number, (module, _) in enumerate(made) if number not in noticed and rank < len(TESTS[module])
        ]
        trials = [Trial(TESTS[made[number][0]][rank], made[number][0], made[number][1].source) for number in left]
        if failing := _failing_without_a_mistake(trials, jobs):
            print(f"these tests fail without any mistake: {', '.join(failing)}")
            return 1
        for place, failed in failed_trials(trials, jobs):
            number = left[place]
            if failed:
                noticed.add(number)
            _print_outcome(Outcome(*made[number], failed), trials[place].tests, f"{len(noticed)}/{len(made)}")
    outcomes = [Outcome(*pair, number in noticed) for number, pair in enumerate(made)]
    if not sample:
        TABLE.write_text(table(outcomes), encoding="utf-8")
    return _verdict(outcomes)


def source_of(module: str) -> str:
    """Return the source of a module of the stand-in."""
    return (ROOT / "fakehub" / module).read_text(encoding="utf-8")


def _failing_without_a_mistake(trials: list[Trial], jobs: int) -> list[str]:
    """Return the names of the tests of ``trials`` that fail on the unchanged project."""
    names = sorted({trial.tests for trial in trials})
    failed = dict(failed_trials([Trial(name) for name in names], jobs))
    return [name for number, name in enumerate(names) if failed[number]]


def _print_outcome(outcome: Outcome, tests: str, count: str) -> None:
    verb = "noticed" if outcome.noticed else "not noticed"
    print(f"{count} {outcome.module}:{outcome.mistake.line}: {outcome.description}: {verb} by {tests}", flush=True)


def harmless() -> dict[tuple[str, str], str]:
    """Return the reason for each mistake that is declared as harmless, by module and ``Outcome.description``."""
    declared = yaml.safe_load(SURVIVING.read_text(encoding="utf-8")) or []
    return {(entry["module"], entry["mistake"]): entry["why"] for entry in declared}


@dataclass(frozen=True)
class _Sorted:
    """The outcomes by what they mean for the tests."""

    noticed: list[Outcome]
    missed: list[Outcome]
    harmless: list[Outcome]

    @property
    def share(self) -> float:
        """The share of the mistakes that change anything which a test noticed."""
        return len(self.noticed) / max(1, len(self.noticed) + len(self.missed))


def _sorted(outcomes: list[Outcome]) -> _Sorted:
    declared = harmless()
    groups = _Sorted([], [], [])
    for outcome in outcomes:
        if outcome.noticed:
            groups.noticed.append(outcome)
        elif (outcome.module, outcome.description) in declared:
            groups.harmless.append(outcome)
        else:
            groups.missed.append(outcome)
    return groups


def _verdict(outcomes: list[Outcome]) -> int:
    groups = _sorted(outcomes)
    for outcome in groups.missed:
        print(f"not noticed: fakehub/{outcome.module}:{outcome.mistake.line}: {outcome.description}")
    noticed, missed = len(groups.noticed), len(groups.missed)
    print(f"{noticed} of {noticed + missed} mistakes noticed ({groups.share:.1%}); {len(groups.harmless)} are harmless")
    return 0 if groups.share >= SHARE else 1


def table(outcomes: list[Outcome]) -> str:
    """Return the result as Markdown: counts by kind, and every mistake that no test noticed."""
    groups = _sorted(outcomes)
    lines = [
        f"{len(outcomes)} mistakes in the rules of the copy, one at a time: {len(groups.noticed)} turned a test red,",
        f"{len(groups.missed)} did not, {len(groups.harmless)} make no difference. Noticed: {groups.share:.1%}.",
        "",
        "| What was wrong | Noticed | Not noticed | No difference |",
        "|---|---|---|---|",
    ]
    columns = (groups.noticed, groups.missed, groups.harmless)
    counts = [Counter(outcome.mistake.kind for outcome in column) for column in columns]
    lines += [f"| {kind} | {' | '.join(str(count[kind]) for count in counts)} |" for kind in KINDS]
    if groups.missed or groups.harmless:
        lines += ["", "| Rule | What was changed | Why no test noticed |", "|---|---|---|"]
    reasons = harmless()
    for outcome in [*groups.missed, *groups.harmless]:
        why = reasons.get((outcome.module, outcome.description), "no test is about it")
        change = outcome.description.replace("|", "\\|")
        lines.append(f"| {outcome.module}:{outcome.mistake.line} | `` {change} `` | {why} |")
    return "\n".join(lines) + "\n"
