"""The report: made of records, written and read back, and the same for two builds of one commit."""

import json
from dataclasses import replace

import nbformat

from guide.report.report import Report, failures, new_report, sentence, summary
from guide.run.records import BlockResult, RunRecord

PICTURE = nbformat.v4.new_output("display_data", data={"image/png": "aaaa"})


def cell(*tags):
    return nbformat.v4.new_code_cell("plot()", outputs=[PICTURE], metadata={"tags": list(tags)})


RECORDS = [
    RunRecord(
        "book/a.md",
        "hub",
        "passed",
        2.0,
        key="key of a",
        versions={"python": "3.12", "xarray": "2025.12.0"},
        latency_ms=80,
        blocks=(
            BlockResult("book/a.md", 3, "cell", "python", "passed", 0.5, digest="one", checks=2),
            BlockResult("book/a.md", 9, "file", "yaml", "passed", 0.0, digest="two"),
            BlockResult("book/a.md", 15, "run", "bash", "not run", 0.0, reason="needs gcloud", digest="three"),
            BlockResult("book/a.md", 21, "skip", "bash", "skipped", 0.0, reason="needs a GPU", digest="four"),
        ),
        notebook=nbformat.v4.new_notebook(cells=[cell(), cell("measured"), nbformat.v4.new_markdown_cell("Text")]),
    ),
    RunRecord("book/b.md", "hub", "failed", 0.0, error="book/b.md:3: bash block failed\nmore", refused=("x.org",)),
]


def test_a_report_is_read_as_it_was_written(tmp_path):
    report = new_report(RECORDS, "hub")
    report.write(tmp_path / "new" / "report.json")

    assert Report.read(tmp_path / "new" / "report.json") == report


def test_a_report_has_a_page_for_each_record_and_the_blocks_in_order(tmp_path):
    report = new_report(RECORDS, "hub")
    first, second = report.pages

    assert (first.page, first.status, first.key, first.error) == ("book/a.md", "passed", "key of a", None)
    assert (first.latency_ms, first.pictures, first.pictures_compared) == (80, 2, 1)
    assert (second.error, second.refused) == ("book/b.md:3: bash block failed\nmore", ("x.org",))
    assert report.versions == {"python": "3.12", "xarray": "2025.12.0"}
    assert [block.digest for block in report.blocks_of(first)] == ["one", "two", "three", "four"]
    assert report.blocks_of(second) == []


def test_two_builds_of_one_commit_have_the_same_report(monkeypatch, tmp_path):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1764374400")
    report = new_report(RECORDS, "hub")

    assert {report.date, *(page.date for page in report.pages)} == {"2025-11-29T00:00:00+00:00"}
    assert {part.seconds for part in (*report.pages, *report.blocks)} == {None}


def test_the_file_has_the_names_that_other_programs_read(tmp_path):
    new_report(RECORDS, "hub").write(tmp_path / "report.json")
    report = json.loads((tmp_path / "report.json").read_text())

    assert [*report] == ["date", "stack", "versions", "pages", "blocks"]
    assert [*report["pages"][0]] == [
        *("page", "status", "date", "seconds", "key", "error", "refused", "latency_ms"),
        *("pictures", "pictures_compared"),
    ]
    assert [*report["blocks"][0]] == [
        "page",
        "line",
        "kind",
        "language",
        "status",
        "seconds",
        "reason",
        "digest",
        "checks",
    ]


def test_the_summary_counts_every_block_once():
    assert summary(new_report(RECORDS, "hub")) == (
        "2 pages, 1 blocks ran, 2 hidden checks, 1 files written, 1 skipped, "
        "1 not run because a program is missing, 1 failed (stack hub)"
    )


def test_a_single_check_is_counted_as_one_and_none_is_not_mentioned():
    block = BlockResult("book/a.md", 3, "run", "bash", "passed", 0.5, checks=1)
    page = RunRecord("book/a.md", "hub", "passed", 2.0, blocks=(block,))

    assert "1 blocks ran, 1 hidden check, 0 files written" in summary(new_report([page], "hub"))
    assert "check" not in summary(new_report([replace(page, blocks=(replace(block, checks=0),))], "hub"))


def test_the_sentence_for_readers_counts_what_ran_and_names_the_day(monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1764374400")

    assert "on 29 November 2025, 1 block on 1 page ran" in sentence(new_report(RECORDS, "hub"))


def test_a_failure_names_the_command_that_runs_its_page():
    assert failures(RECORDS, "hub") == [
        "failed: book/b.md:3: bash block failed",
        "  again with: make page PAGE=book/b.md",
    ]
    assert failures(RECORDS, "latest")[1] == "  again with: make page PAGE=book/b.md STACK=latest"
