"""The program that runs the suites of clients: what it says about failures, and where it gets the tests from."""

from __future__ import annotations

import hashlib
import io
import sys
import tarfile
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import run_suites
import sources
from run_suites import Explanation, Outcome, explained, render
from suites import SUITES, Suite

SUITE = Suite("client", "client", "its tests")


def test_every_failure_needs_an_explanation_and_every_explanation_a_failure():
    outcome = Outcome(SUITE, "1", failures={"test_a::test_key[1]": "no keys", "test_b::test_new": "500"})
    known = [
        Explanation("client", "test_a::test_key*", "gap", "keys"),
        Explanation("client", "test_a::test_fixed", "gap", "holds"),
        Explanation("another", "*", "gap", "everything"),
    ]

    groups, problems = explained(outcome, known)

    assert groups[known[0]] == ["test_a::test_key[1]"]
    assert problems == [
        "client: test_b::test_new fails without an explanation: 500",
        "client: no test that fails is called test_a::test_fixed; remove its explanation",
    ]


def test_the_page_counts_failures_by_their_kind():
    outcome = Outcome(SUITE, "1.2", failures={"test_a::test_key": "", "test_a::test_url": ""})
    outcome.counts.update(passed=7, skipped=2)
    known = [Explanation("client", "*_key", "gap", "keys"), Explanation("client", "*_url", "suite", "needs MinIO")]

    page = render([outcome], known)

    assert "| client | 1.2 | 7 | 2 | 1 | 1 | 0 | its tests |" in page
    assert "| client | `test_url` | suite | needs MinIO |" in page


def test_a_single_suite_renews_its_lines_and_leaves_the_others():
    page = run_suites.PAGE.read_text(encoding="utf-8")
    gcsfs = next(suite for suite in SUITES if suite.name == "gcsfs")
    outcome = Outcome(gcsfs, "9.9", failures={"test_core::test_sign": ""})
    outcome.counts.update(passed=3)

    after = render([outcome], [Explanation("gcsfs", "*_sign", "gap", "another reason")], page)

    assert "| gcsfs | 9.9 | 3 | 0 | 1 | 0 | 0 | " in after
    assert "| gcsfs | `test_sign` | gap | another reason |" in after
    assert set(page.splitlines()) - set(after.splitlines()) == {
        line for line in page.splitlines() if line.startswith("| gcsfs | ")
    }


def test_reports_of_pytest_are_read(tmp_path):
    report = tmp_path / "report.xml"
    report.write_text(
        "<testsuites><testsuite><testcase classname='tests.test_a.TestA' name='one'/>"
        "<testcase classname='tests.test_a' name='two'><skipped/></testcase>"
        "<testcase classname='tests.test_a' name='three'><failure message='E 1&#10;more'/></testcase>"
        "<testcase classname='tests.test_a' name='four'><error message='at setup'/></testcase></testsuite></testsuites>"
    )

    outcome = run_suites._read(report, Outcome(SUITE, "1"))

    assert outcome.counts == {"passed": 1, "skipped": 1}
    assert outcome.failures == {"test_a::three": "E 1", "test_a::four": "at setup"}


def test_a_suite_that_cannot_be_imported_has_no_result(tmp_path):
    report = tmp_path / "report.xml"
    report.write_text(
        "<testsuite><testcase name='tests.a'><error message='collection failure'/></testcase></testsuite>"
    )

    with pytest.raises(sources.SourceError, match="cannot import some of its files"):
        run_suites._read(report, Outcome(SUITE, "1"))


def test_explanations_are_about_suites_and_have_a_kind():
    known = run_suites.explanations()

    assert {one.suite for one in known} <= {suite.name for suite in SUITES}
    assert {one.kind for one in known} <= {"gap", "suite", "defect"}


def test_an_unknown_suite_is_refused_in_one_line(capsys):
    assert run_suites.main(["gcfs"]) == 1
    assert capsys.readouterr().err.startswith("there is no suite gcfs; name one of gcsfs, ")


@pytest.fixture
def archive(tmp_path, monkeypatch):
    """Return a function that changes the lock's entry of a source distribution with tests in it."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as file:
        for name in ("client-1/src/code.py", "client-1/python/tests/test_a.py"):
            file.addfile(tarfile.TarInfo(name), io.BytesIO())
    path = tmp_path / "client-1.tar.gz"
    path.write_bytes(content.getvalue())
    digest = hashlib.sha256(content.getvalue()).hexdigest()

    def lock(**changes: str) -> None:
        entry = {"url": path.as_uri(), "hash": f"sha256:{digest}"} | changes
        monkeypatch.setattr(sources, "_locked", lambda *_: entry)

    return lock


def test_the_folder_with_the_tests_is_unpacked(archive, tmp_path):
    archive()

    sources.unpack("client", "1", "python/tests", tmp_path / "work")

    assert [path.name for path in (tmp_path / "work").rglob("*.py")] == ["test_a.py"]
    assert (tmp_path / "work/tests/test_a.py").is_file()


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"hash": "sha256:0"}, "does not have the checksum in uv.lock"), ({"url": "file:///no"}, "cannot be downloaded")],
)
def test_a_distribution_that_is_not_the_locked_one_is_refused(archive, tmp_path, changes, words):
    archive(**changes)

    with pytest.raises(sources.SourceError, match=words):
        sources.unpack("client", "1", "python/tests", tmp_path / "work")


def test_a_version_without_source_in_the_lock_is_refused():
    with pytest.raises(sources.SourceError, match=r"uv\.lock has no source distribution of gcsfs 0"):
        sources._locked("gcsfs", "0")
    assert sources._locked("xarray", "2025.12.0")["url"].endswith("/xarray-2025.12.0.tar.gz")
