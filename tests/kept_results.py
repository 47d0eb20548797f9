"""Pytest plugin: with ``--once``, what has passed is not run again while nothing that it is made of has changed.

A file of tests is kept whole, under the digest of all files of the checkout, what is installed, the Python, the
programs it calls and the week. Only files that read no page of the guide say so here: theirs leaves the pages out, and
opening one fails them. A test that was skipped, or failed, or was left out, has its file run again.
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

import pytest

from guide.external_programs import PROGRAMS
from guide.site.build_stamp import checkout

ROOT = Path(__file__).resolve().parents[1]
# The guide's own text, with what was recorded of it. What is left are code, facts, locks and pictures.
_PAGE = re.compile(r"book/(?!_).*\.(md|yml)|notebooks/.*|_toc\.yml|(README|CHANGELOG|CONTRIBUTING)\.md")
# Files of tests that read none of it, and call nothing that does.
_PAGELESS = re.compile(
    r"tests/(clients/|uploads/|hubfacts/|bench/test_bench\.py"
    r"|fakehub/(?!accounts/test_ended_credentials|hub/test_(choices|launch_links|pictures)))"
)
# Fixtures that read all pages.
_READERS = {"guide", "site"}


def reads_pages(file: str) -> bool:
    """Whether a file of tests, named from the root, may read pages of the guide."""
    return not _PAGELESS.match(file)


class Keys:
    """What results are kept under now: ``of`` a file of tests."""

    def __init__(self, root: Path, stack: str) -> None:
        names, head = checkout(root)
        self.sound = bool(names)  # outside a git checkout there is no telling that nothing changed
        rest = hashlib.sha256(_world(root, stack).encode())
        pages = hashlib.sha256(head)
        for name in names:
            digest = pages if _PAGE.fullmatch(name) else rest
            content = (root / name).read_bytes() if (root / name).is_file() else b"gone"
            digest.update(name.encode() + b"\0" + hashlib.sha256(content).digest())
        self._pageless = rest.hexdigest()
        self._whole = hashlib.sha256(rest.digest() + pages.digest()).hexdigest()

    def of(self, file: str) -> str:
        """The key of a file of tests, named from the root."""
        return self._whole if reads_pages(file) else self._pageless


def _world(root: Path, stack: str) -> str:
    """What tests depend on outside the checkout; nothing is believed for longer than a week."""
    lines = (line.split("#")[0].split() for line in (root / "apt.txt").read_text(encoding="utf-8").splitlines())
    programs = sorted({*PROGRAMS, *(command for words in lines for command in words[1:])})
    found = {name: shutil.which(name) for name in programs}
    sizes = {path: (os.stat(path).st_size, os.stat(path).st_mtime_ns) for path in found.values() if path}
    return repr((stack, sys.version, platform.platform(), found, sizes, datetime.now(UTC).isocalendar()[:2]))


class KeptResults:
    """Leaves out the files of tests whose results hold, and notes those of this run."""

    def __init__(self, config: pytest.Config) -> None:
        self._worker = hasattr(config, "workerinput")
        self._store = ROOT / "_build" / "passed" / f"{config.getoption('--stack')}.json"
        if self._worker:
            self._holds: dict[str, list[str]] = config.workerinput["kept_results"]
            return
        self._keys = Keys(ROOT, config.getoption("--stack"))
        known = json.loads(self._store.read_text()) if self._store.is_file() and self._keys.sound else {}
        self._known = {file: kept for file, kept in known.items() if kept["key"] == self._keys.of(file)}
        self._holds = {file: kept["passed"] for file, kept in self._known.items()}
        self._outcomes: dict[str, dict[str, bool]] = defaultdict(dict)

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node) -> None:
        """Every worker leaves out the same."""
        node.workerinput["kept_results"] = self._holds

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Leave out each file all of whose tests passed as they are."""
        files: dict[str, list[pytest.Item]] = defaultdict(list)
        for item in items:
            files[item.nodeid.partition("::")[0]].append(item)
        kept = {file for file, its in files.items() if self._holds.get(file) == sorted(item.nodeid for item in its)}
        out = [item for item in items if item.nodeid.partition("::")[0] in kept]
        items[:] = [item for item in items if item.nodeid.partition("::")[0] not in kept]
        config.hook.pytest_deselected(items=out)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note what became of each part of a test."""
        if not self._worker:
            file, _, _ = report.nodeid.partition("::")
            before = self._outcomes[file].get(report.nodeid, True)
            self._outcomes[file][report.nodeid] = before and report.passed

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Keep the files that passed whole; a run in which nothing was left to do has passed."""
        if self._worker:
            return
        kept = {file: self._known[file] for file in self._known if file not in self._outcomes}
        for file, tests in self._outcomes.items():
            if all(tests.values()) and self._keys.sound:
                kept[file] = {"key": self._keys.of(file), "passed": sorted(tests)}
        self._store.parent.mkdir(parents=True, exist_ok=True)
        part = self._store.with_suffix(f".{os.getpid()}.part")
        part.write_text(json.dumps(kept, indent=1))
        part.replace(self._store)
        if self._holds and session.exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED:
            session.exitstatus = pytest.ExitCode.OK

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say what was not run."""
        held = [len(tests) for file, tests in self._holds.items() if file not in self._outcomes]
        if held:
            told = f"{sum(held)} tests of {len(held)} files passed before, and nothing they are made of has changed"
            terminalreporter.line(f"{told}; all of them again with: make test ARGS=tests")


class NoPage:
    """Fails a test that opens a page of the guide, in a file that says it reads none."""

    def __init__(self) -> None:
        self._now: str | None = None
        sys.addaudithook(self._opened)

    def _opened(self, event: str, arguments: tuple) -> None:
        if self._now and event == "open" and isinstance(arguments[0], str | os.PathLike):
            path = os.path.abspath(arguments[0])
            if path.startswith(f"{ROOT}/") and _PAGE.fullmatch(path.removeprefix(f"{ROOT}/")):
                raise AssertionError(f"{self._now} reads {path}, which tests/kept_results.py says it does not")

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(self, collector: pytest.Collector):
        """Look on while a file is imported."""
        with self._looking(collector.nodeid):
            return (yield)

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """What a fixture reads, other processes may read."""
        if self._now and _READERS & set(item.fixturenames):
            pytest.fail(f"{self._now} reads all pages, which tests/kept_results.py says it does not", pytrace=False)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item):
        """Look on while a test runs."""
        with self._looking(item.nodeid):
            return (yield)

    @contextlib.contextmanager
    def _looking(self, node: str) -> Iterator[None]:
        file = node.partition("::")[0]
        self._now = node if file.endswith(".py") and not reads_pages(file) else None
        try:
            yield
        finally:
            self._now = None
