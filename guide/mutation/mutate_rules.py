"""``make mutate WHAT=rules``: puts one mistake at a time into the rules of the stand-in; a test must notice.

Rules are who may what, until when, and what a refusal says. Each mistake stands in a copy of the project, on which
the tests of its module run until one fails. What was found is kept in ``_build/mutants``, by module, mistake and tests.
``tests/surviving-rules.yml`` lists mistakes that make no difference, with the reason.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from fakehub.isolation.fork import side_by_side
from guide.mutation.rule_mutants import KINDS, Mistake, mistakes
from guide.paths import BUILD, ROOT

TABLE = ROOT / "tests" / "mutated-rules.md"
SURVIVING = ROOT / "tests" / "surviving-rules.yml"
# So many of the mistakes that make a difference must be noticed.
SHARE = 0.95
# A test that hangs has noticed as well; it is ended after so many seconds.
_LIMIT_S = 600
# The modules of the rules, and the tests that are about them, the quickest to notice first.
TESTS = {
    "accounts/personas.py": ("test_rules", "test_identity_tokens", "test_xml_rights"),
    "accounts/identities.py": ("test_rules", "test_identity_tokens", "test_identity_metadata"),
    "accounts/tokens.py": ("test_accounts_tokens", "test_accounts_login"),
    "accounts/grants.py": ("test_accounts_tokens", "test_accounts_login"),
    "accounts/consent.py": ("test_accounts_login", "test_accounts_tokens"),
    "accounts/iam.py": ("test_accounts_tokens", "test_signed_urls"),
    "accounts/keys.py": ("test_accounts_tokens", "test_identity_tokens"),
    "accounts/metadata_server.py": ("test_identity_metadata", "test_identity_machines"),
    "storage/acl.py": ("test_rules", "test_storage_api", "test_xml_objects", "test_schema"),
    "storage/json_api/acls.py": ("test_storage_api", "test_schema"),
    "storage/conditions.py": ("test_rules", "test_storage_api"),
    "storage/xml_api/signed_urls.py": ("test_signed_urls",),
    "storage/json_api/buckets.py": ("test_storage_api", "test_schema", "test_grpc_layout"),
    "osn.py": ("test_osn",),
    "storage/grpc_layout.py": ("test_grpc_layout",),
}
_COPIED = ("hubfacts", "fakehub", "tests/fakehub", "tests/clients")


@dataclass(frozen=True)
class Outcome:
    """A mistake in a module, and whether a test noticed it."""

    module: str
    mistake: Mistake
    noticed: bool

    @property
    def told(self) -> str:
        """The mistake in one line, by which it is declared as harmless."""
        return f"{self.mistake.before} -> {self.mistake.after}"


def mutate_rules(jobs: int, sample: int | None, seed: str) -> int:
    """Make every mistake, or a ``sample``; 1 when too few are noticed, or when tests fail as they are."""
    chosen = [(module, one) for module in TESTS for one in mistakes(source_of(module))]
    if sample:
        chosen = random.Random(seed).sample(chosen, min(sample, len(chosen)))  # noqa: S311 - drawn again by its seed
    noticed: set[int] = set()
    for rank in range(max(map(len, TESTS.values()))):
        runs = [
            (number, Trial(TESTS[module][rank], module, one.source))
            for number, (module, one) in enumerate(chosen)
            if number not in noticed and rank < len(TESTS[module])
        ]
        tests = sorted({trial.tests for _, trial in runs})
        sound = dict(noticed_by_tests([Trial(name) for name in tests], jobs))
        if failing := [name for number, name in enumerate(tests) if sound[number]]:
            print(f"these tests fail as they are: {', '.join(failing)}")
            return 1
        for place, found in noticed_by_tests([trial for _, trial in runs], jobs):
            number = runs[place][0]
            noticed |= {number} if found else set()
            _say(Outcome(*chosen[number], found), runs[place][1].tests, f"{len(noticed)}/{len(chosen)}")
    outcomes = [Outcome(*both, number in noticed) for number, both in enumerate(chosen)]
    if not sample:
        TABLE.write_text(table(outcomes), encoding="utf-8")
    return _verdict(outcomes)


def _say(outcome: Outcome, tests: str, count: str) -> None:
    said = f"noticed by {tests}" if outcome.noticed else f"not noticed by {tests}"
    print(f"{count} {outcome.module}:{outcome.mistake.line}: {outcome.told}: {said}", flush=True)


def source_of(module: str) -> str:
    """The source of a module of the rules as it is."""
    return (ROOT / "fakehub" / module).read_text(encoding="utf-8")


@dataclass(frozen=True)
class Trial:
    """A file of ``tests`` to be run on the project with another ``source`` of a ``module``, or as it is."""

    tests: str
    module: str = ""
    source: str = ""

    @property
    def file(self) -> Path:
        """The file of the tests, below the project."""
        return next(path.relative_to(ROOT) for path in ROOT.glob(f"tests/**/{self.tests}.py"))


def noticed_by_tests(trials: list[Trial], jobs: int) -> Iterator[tuple[int, bool]]:
    """Run each of the ``trials``: the number, and whether a test failed, as they end."""
    stores = [_store(trial) for trial in trials]
    todo = [number for number, store in enumerate(stores) if not store.is_file()]
    for number in sorted(set(range(len(trials))) - set(todo)):
        yield number, json.loads(stores[number].read_text(encoding="utf-8"))
    if todo:
        _import_what_tests_import()
    for place, status in side_by_side([_action(trials[number]) for number in todo], jobs):
        store, noticed = stores[todo[place]], status != 0
        if trials[todo[place]].module or not noticed:  # tests that fail as they are may be mended outside their file
            store.parent.mkdir(parents=True, exist_ok=True)
            store.write_text(json.dumps(noticed), encoding="utf-8")
        yield todo[place], noticed


def _store(trial: Trial) -> Path:
    digest = hashlib.sha256(f"{trial.module}\0{trial.source}\0{trial.tests}".encode())
    digest.update((ROOT / trial.file).read_bytes())
    return BUILD / "mutants" / f"rule-{digest.hexdigest()[:32]}.json"


def _import_what_tests_import() -> None:
    """Once, for all the processes that run tests, each of which is a copy of this one."""
    import requests  # noqa: F401 - loaded for the copies


def _action(trial: Trial) -> Callable[[], int]:
    """What runs the tests on a copy of the project; pytest's status."""

    def action() -> int:
        signal.alarm(_LIMIT_S)
        with tempfile.TemporaryDirectory(prefix="rules-") as folder:
            copy = Path(folder)
            for name in _COPIED:
                shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
            for file in (ROOT / "hub.yml", ROOT / "pyproject.toml", *ROOT.glob("tests/*.py")):
                shutil.copy(file, copy / file.relative_to(ROOT))
            for name in (".venv", "lock"):
                (copy / name).symlink_to(ROOT / name)
            if trial.module:
                (copy / "fakehub" / trial.module).write_text(trial.source, encoding="utf-8")
            return _pytest(copy, trial.file)

    return action


def _pytest(copy: Path, file: Path) -> int:
    import pytest

    for name in [name for name in sys.modules if name.partition(".")[0] in ("hubfacts", "fakehub", file.stem)]:
        del sys.modules[name]
    os.chdir(copy)
    sys.path.insert(0, str(copy))
    os.environ |= {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONWARNINGS": "ignore"}
    os.environ.pop("FAKEHUB_HUB_YML", None)
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    return int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", "--rootdir", str(copy), str(file)]))


def harmless() -> dict[tuple[str, str], str]:
    """Declared mistakes that make no difference, by module and words (see ``Outcome.told``), with the reason."""
    declared = yaml.safe_load(SURVIVING.read_text(encoding="utf-8")) or []
    return {(entry["module"], entry["mistake"]): entry["why"] for entry in declared}


def _missed(outcomes: list[Outcome]) -> list[Outcome]:
    declared = harmless()
    return [one for one in outcomes if not one.noticed and (one.module, one.told) not in declared]


def _verdict(outcomes: list[Outcome]) -> int:
    missed = _missed(outcomes)
    noticed = sum(one.noticed for one in outcomes)
    for one in missed:
        print(f"not noticed: fakehub/{one.module}:{one.mistake.line}: {one.told}")
    share = noticed / max(1, noticed + len(missed))
    unchanged = len(outcomes) - noticed - len(missed)
    print(f"{noticed} of {noticed + len(missed)} mistakes noticed ({share:.1%}); {unchanged} make no difference")
    return 0 if share >= SHARE else 1


def table(outcomes: list[Outcome]) -> str:
    """The result as the site shows it: counts by kind, and each mistake that no test noticed."""
    missed, noticed = _missed(outcomes), [one for one in outcomes if one.noticed]
    same = [one for one in outcomes if not one.noticed and one not in missed]
    share = len(noticed) / max(1, len(noticed) + len(missed))
    lines = [
        f"{len(outcomes)} mistakes in the rules of the copy, one at a time: {len(noticed)} turned a test red,",
        f"{len(missed)} did not, {len(same)} make no difference. Noticed: {share:.1%}.",
        "",
        "| What was wrong | Noticed | Not noticed | No difference |",
        "|---|---|---|---|",
    ]
    counts = [Counter(one.mistake.kind for one in group) for group in (noticed, missed, same)]
    lines += [f"| {kind} | {' | '.join(str(count[kind]) for count in counts)} |" for kind in KINDS]
    if missed or same:
        lines += ["", "| Rule | What was changed | Why no test noticed |", "|---|---|---|"]
    reasons = harmless()
    for one in [*missed, *same]:
        why = reasons.get((one.module, one.told), "no test is about it")
        lines.append(f"| {one.module}:{one.mistake.line} | `` {one.told.replace('|', chr(92) + '|')} `` | {why} |")
    return "\n".join(lines) + "\n"
