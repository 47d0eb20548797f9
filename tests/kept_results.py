"""Pytest plugin for ``--once``: do not run tests again that passed, as long as nothing they depend on has changed.

The results of a file of tests are kept together, under a digest of everything that decides them. That is all files of
the checkout, the installed packages, the Python, the programs that tests call, and the week. Files of tests that read
no page of the guide are listed here: their digest excludes the pages, and they fail if they open one. A file is run
again if any of its tests failed, was skipped or was not run.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
import re
import shutil
import sys
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TypedDict

import pytest

from guide.external_programs import PROGRAMS
from guide.site.build_stamp import checkout

# The guide's text and its recorded outputs. All other files are code, facts, locks and pictures.
_PAGE = re.compile(r"book/(?!_).*\.(md|yml)|notebooks/.*|_toc\.yml|(README|CHANGELOG|CONTRIBUTING)\.md")
# Files of tests that read no page, and call nothing that does.
_PAGELESS = re.compile(
    r"tests/(clients/|client_suites/|uploads/|buckets/|hubfacts/|bench/test_bench\.py"
    r"|fakehub/(?!accounts/test_ended_credentials|hub/test_(built_links|choices|launch_links|pictures)"
    r"|lab/|test_installed_elsewhere|test_wheel))"
)
# Fixtures that read all pages.
_READERS = {"guide", "site"}


class Kept(TypedDict):
    """The names of the tests of a file that ``passed``, and the ``key`` under which the result is valid."""

    key: str
    passed: list[str]


def reads_pages(file: str) -> bool:
    """Return whether a file of tests, given relative to the root, may read pages of the guide."""
    return not _PAGELESS.match(file)


class Keys:
    """The keys of the checkout ``root`` as it is now; results are valid only if ``valid``."""

    def __init__(self, root: Path, stack: str) -> None:
        names, head = checkout(root)
        self.valid = bool(names)  # without git, changes cannot be detected
        rest = hashlib.sha256(_environment(root, stack).encode())
        pages = hashlib.sha256(head)
        for name in names:
            digest = pages if _PAGE.fullmatch(name) else rest
            content = (root / name).read_bytes() if (root / name).is_file() else b"gone"
            digest.update(name.encode() + b"\0" + hashlib.sha256(content).digest())
        self._pageless = rest.hexdigest()
        self._whole = hashlib.sha256(rest.digest() + pages.digest()).hexdigest()

    def of(self, file: str) -> str:
        """Return the key of a file of tests, given relative to the root."""
        return self._whole if reads_pages(file) else self._pageless


def _environment(root: Path, stack: str) -> str:
    """Describe what tests depend on outside the checkout. With the week in it, no result is kept for longer."""
    lines = (line.split("#")[0].split() for line in (root / "apt.txt").read_text(encoding="utf-8").splitlines())
    programs = sorted({*PROGRAMS, *(command for words in lines for command in words[1:])})
    paths = {name: shutil.which(name) for name in programs}
    versions = {path: (os.stat(path).st_size, os.stat(path).st_mtime_ns) for path in paths.values() if path}
    return repr((stack, sys.version, platform.platform(), paths, versions, datetime.now(UTC).isocalendar()[:2]))


class KeptResults:
    """Deselects the files of tests whose kept results are valid, and keeps the results of this run."""

    def __init__(self, config: pytest.Config) -> None:
        self._is_worker = hasattr(config, "workerinput")
        self._store = config.rootpath / "_build" / "passed" / f"{config.getoption('--stack')}.json"
        self._outcomes: dict[str, dict[str, bool]] = defaultdict(dict)
        if self._is_worker:
            self._valid: dict[str, list[str]] = config.workerinput["kept_results"]
            return
        self._keys = Keys(config.rootpath, config.getoption("--stack"))
        kept: dict[str, Kept] = {}
        if self._store.is_file() and self._keys.valid:
            kept = json.loads(self._store.read_text())
        self._kept = {file: result for file, result in kept.items() if result["key"] == self._keys.of(file)}
        self._valid = {file: result["passed"] for file, result in self._kept.items()}

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node) -> None:
        """Let every worker deselect the same files."""
        node.workerinput["kept_results"] = self._valid

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Deselect each file of which exactly the collected tests have passed."""
        files: dict[str, list[pytest.Item]] = defaultdict(list)
        for item in items:
            files[_file(item.nodeid)].append(item)
        passed = {file for file, tests in files.items() if self._valid.get(file) == sorted(it.nodeid for it in tests)}
        deselected = [item for item in items if _file(item.nodeid) in passed]
        items[:] = [item for item in items if _file(item.nodeid) not in passed]
        config.hook.pytest_deselected(items=deselected)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note whether a test has passed so far: its setup, itself and its teardown."""
        if not self._is_worker:
            outcomes = self._outcomes[_file(report.nodeid)]
            outcomes[report.nodeid] = outcomes.get(report.nodeid, True) and report.passed

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Keep the files of which all tests passed; a run that has nothing left to do succeeds."""
        if self._is_worker:
            return
        kept = {file: result for file, result in self._kept.items() if file not in self._outcomes}
        for file, outcomes in self._outcomes.items():
            if all(outcomes.values()) and self._keys.valid:
                kept[file] = Kept(key=self._keys.of(file), passed=sorted(outcomes))
        self._store.parent.mkdir(parents=True, exist_ok=True)
        part = self._store.with_suffix(f".{os.getpid()}.part")
        part.write_text(json.dumps(kept, indent=1))
        part.replace(self._store)
        if self._valid and session.exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED:
            session.exitstatus = pytest.ExitCode.OK

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print how many tests were not run."""
        counts = [len(tests) for file, tests in self._valid.items() if file not in self._outcomes]
        if counts:
            terminalreporter.line(
                f"{sum(counts)} tests of {len(counts)} files passed before, and nothing they depend on has changed; "
                "to run all tests: make test ARGS=tests"
            )


class NoPage:
    """Fails a test that opens a page of the guide, if its file is listed as one that reads none."""

    def __init__(self, root: Path) -> None:
        self._root = f"{root}/"
        self._test: str | None = None
        sys.addaudithook(self._check_open)

    def _check_open(self, event: str, arguments: tuple) -> None:
        if self._test and event == "open" and isinstance(arguments[0], str | os.PathLike):
            path = os.path.abspath(arguments[0])
            if path.startswith(self._root) and _PAGE.fullmatch(path.removeprefix(self._root)):
                raise AssertionError(f"{self._test} reads {path}, but tests/kept_results.py lists it as pageless")

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(self, collector: pytest.Collector):
        """Check the import of a file."""
        with self._checked(collector.nodeid):
            return (yield)

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Fail a test whose fixtures read pages, because other processes may do that for them."""
        if self._test and _READERS & set(item.fixturenames):
            pytest.fail(f"{self._test} reads all pages, but tests/kept_results.py lists it as pageless", pytrace=False)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item):
        """Check the run of a test."""
        with self._checked(item.nodeid):
            return (yield)

    @contextlib.contextmanager
    def _checked(self, node: str) -> Iterator[None]:
        file = _file(node)
        self._test = node if file.endswith(".py") and not reads_pages(file) else None
        try:
            yield
        finally:
            self._test = None


def _file(nodeid: str) -> str:
    """Return the file of a test, relative to the root."""
    return nodeid.partition("::")[0]
