"""Pytest plugin: what the suite is at, in one line on a terminal and few lines elsewhere; how to run failures again.

In place of a letter for each test. ``-v``, ``-q`` and ``-s`` leave pytest's own way.
"""

from __future__ import annotations

import contextlib
import shlex
import sys

import pytest

from guide.terminal_progress import ProgressLine


def wanted(config: pytest.Config) -> bool:
    """Whether this process reports to a reader who asked for nothing else."""
    alone = not hasattr(config, "workerinput")
    return alone and config.get_verbosity() == 0 and config.getoption("capture") != "no"


class SuiteProgress:
    """Counts the tests as they begin and end."""

    def __init__(self, config: pytest.Config) -> None:
        self._side_by_side = bool(config.getoption("numprocesses", None))
        self._total = 0
        self._done = 0
        self._failed: list[str] = []
        self._running: dict[str, None] = {}
        self._over = False
        self._line = ProgressLine(self.told, sys.__stderr__)
        self._ticking = contextlib.ExitStack()

    def told(self) -> str:
        """Where the suite stands."""
        failed = f", {len(self._failed)} failed" if self._failed else ""
        files = dict.fromkeys(test.partition("::")[0].removeprefix("tests/") for test in self._running)
        now = f"; now {', '.join(files)}" if files else ""
        return f"{self._done} of {self._total} tests{failed}, {self._line.seconds():.0f} s{now}"

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Begin to tell. Seconds go on by themselves only where no test runs in this process: tests may use signals."""
        reporter = session.config.pluginmanager.get_plugin("terminalreporter")
        reporter.showfspath = False  # as pytest-xdist does; the other setting has no public name
        reporter._show_progress_info = False
        if self._side_by_side:
            self._ticking.enter_context(self._line.ticking())

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Know how many there are."""
        self._total = self._total or len(session.items)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        """Know how many there are, from a worker."""
        self._total = len(ids)

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """A test begins."""
        self._running[nodeid] = None
        self._line.draw()

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """A test has ended."""
        self._running.pop(nodeid, None)
        self._done += 1
        self._line.draw()

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Name a test as soon as it fails."""
        if report.failed and report.nodeid not in self._failed:
            self._failed.append(report.nodeid)
            with self._line.aside():
                print(f"failed: {report.nodeid}", file=sys.__stderr__)

    @pytest.hookimpl(wrapper=True)
    def pytest_report_teststatus(self) -> object:
        """No letter for a test while they run; in the summary all is as it always is."""
        status = yield
        return status if self._over or not status else (status[0], "", "")

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """Leave the rest to pytest's own summary."""
        self._over = True
        self._ticking.close()
        self._line.erase()

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """The command that runs just a test that failed."""
        if self._failed:
            terminalreporter.section("again with", sep="-")
            for test in self._failed:
                terminalreporter.line(f"make test ARGS={again(test)}")


def again(test: str) -> str:
    """A test's name as an argument behind ``ARGS=``: quoted for the shell, for make and for the shell once more."""
    inner = shlex.quote(test).replace("$", "$$")
    return shlex.quote(inner) if set(inner) & set('"$`\\!') or inner == test else f'"{inner}"'
