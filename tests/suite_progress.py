"""Pytest plugin: report progress in one line on a terminal, or in a few lines elsewhere, and how to rerun failures.

It replaces pytest's letter for each test. With ``-v``, ``-q`` or ``-s`` pytest reports as usual.
"""

from __future__ import annotations

import contextlib
import shlex
import sys

import pytest

from guide.terminal_progress import ProgressLine


def wanted(config: pytest.Config) -> bool:
    """Return whether this process reports to a user who asked for no other report."""
    is_worker = hasattr(config, "workerinput")
    return not is_worker and config.get_verbosity() == 0 and config.getoption("capture") != "no"


class SuiteProgress:
    """Counts the tests as they start and end."""

    def __init__(self, config: pytest.Config) -> None:
        self._parallel = bool(config.getoption("numprocesses", None))
        self._total = 0
        self._done = 0
        self._failed: list[str] = []
        self._running: dict[str, None] = {}
        self._over = False
        self._line = ProgressLine(self.status, sys.__stderr__)
        self._ticking = contextlib.ExitStack()

    def status(self) -> str:
        """Return the line of progress."""
        failed = f", {len(self._failed)} failed" if self._failed else ""
        files = dict.fromkeys(test.partition("::")[0].removeprefix("tests/") for test in self._running)
        now = f"; now {', '.join(files)}" if files else ""
        return f"{self._done} of {self._total} tests{failed}, {self._line.seconds():.0f} s{now}"

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Silence pytest's own progress and start to report.

        The line is redrawn every second only if no test runs in this process, because it uses a signal, as tests may.
        """
        reporter = session.config.pluginmanager.get_plugin("terminalreporter")
        reporter.showfspath = False  # as pytest-xdist does; the next setting has no public name
        reporter._show_progress_info = False
        if self._parallel:
            self._ticking.enter_context(self._line.ticking())

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note the number of tests."""
        self._total = self._total or len(session.items)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        """Note the number of tests that a worker collected."""
        self._total = len(ids)

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Note that a test starts."""
        self._running[nodeid] = None
        self._line.draw()

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """Note that a test has ended."""
        self._running.pop(nodeid, None)
        self._done += 1
        self._line.draw()

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Print the name of a test as soon as it fails."""
        if report.failed and report.nodeid not in self._failed:
            self._failed.append(report.nodeid)
            with self._line.aside():
                print(f"failed: {report.nodeid}", file=sys.__stderr__)

    @pytest.hookimpl(wrapper=True)
    def pytest_report_teststatus(self) -> object:
        """Print no letter for a test while tests run; leave pytest's summary unchanged."""
        status = yield
        return status if self._over or not status else (status[0], "", "")

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """Remove the line before pytest's summary."""
        self._over = True
        self._ticking.close()
        self._line.erase()

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print a command for each failed test that runs only that test."""
        if self._failed:
            terminalreporter.section("again with", sep="-")
            for test in self._failed:
                terminalreporter.line(f"make test ARGS={again(test)}")


def again(test: str) -> str:
    """Quote a test's name as the value of ``ARGS=``: for the shell, for make, and for the shell that make starts."""
    inner = shlex.quote(test).replace("$", "$$")
    return shlex.quote(inner) if set(inner) & set('"$`\\!') or inner == test else f'"{inner}"'
