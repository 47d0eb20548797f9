"""Records of page runs: written and read back, and not used if they are not of this version or not of this key."""

import json
from pathlib import Path

import nbformat
import pytest

from guide.run import records
from guide.run.profile import RunProfile
from guide.run.records import BlockResult, RecordError, RunRecord, keep, kept_record, read_record, record_path

PROFILE = RunProfile("hub", "somebody")

BUCKET = {"objects": [], "requests": [{"what": "Read object", "bucket": "gs://a", "count": 3}]}


def example(**changes):
    cell = nbformat.v4.new_code_cell("1", outputs=[nbformat.v4.new_output("stream", text="é\n")], id="one")
    fields = {
        "status": "passed",
        "versions": {"python": "3.12"},
        "refused": ("example.org",),
        "latency_ms": 80,
        "blocks": (
            BlockResult(
                "book/a.md", 3, "cell", "python", "passed", 0.5, printed=({"text": "é\n"},), digest="d", bucket=BUCKET
            ),
            BlockResult(
                "book/a.md", 6, "cell", "python", "passed", 0.5, pictures={"d": {"light": "AA==", "dark": "Ag=="}}
            ),
            BlockResult("book/a.md", 9, "run", "console", "not run", 0.0, reason="needs gcloud", replayed="$ ls\n"),
        ),
        "notebook": nbformat.v4.new_notebook(cells=[cell]),
        "key": "key",
    }
    return RunRecord(page="book/a.md", stack="hub", seconds=1.5, **fields | changes)


@pytest.fixture
def page(tmp_path, monkeypatch):
    monkeypatch.setattr(records, "BUILD", tmp_path)
    return Path("/book/a.md")


@pytest.mark.parametrize("changes", [{}, {"notebook": None, "status": "failed", "error": "why"}, {"blocks": ()}])
def test_a_record_is_read_as_it_was_written(changes):
    record = example(**changes)

    assert RunRecord.from_json(record.to_json()) == record


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '{"key": "key", "status": "passed", "blocks": []}'],
    ids=["empty", "cut off", "list", "null", "fewer fields"],
)
def test_a_text_that_is_no_record_is_refused(text):
    with pytest.raises(RecordError):
        RunRecord.from_json(text)


@pytest.mark.parametrize("part", ["record", "block"])
def test_a_record_with_a_field_of_another_version_is_refused(part):
    fields = json.loads(example().to_json())
    (fields if part == "record" else fields["blocks"][0])["colour"] = "red"

    with pytest.raises(RecordError):
        RunRecord.from_json(json.dumps(fields))


def test_a_record_is_kept_for_its_key_while_it_passed(page):
    store = record_path(page, PROFILE.name)
    keep(example(), store)

    assert kept_record(page, PROFILE, "key") == example(date=read_record(page, PROFILE.name).date)
    assert kept_record(page, PROFILE, "another key") is None
    assert kept_record(page, RunProfile("latest", "somebody"), "key") is None

    keep(example(status="failed", error="why"), store)
    assert kept_record(page, PROFILE, "key") is None
    assert [path.name for path in store.parent.iterdir()] == ["book--a.md.json"]


def test_a_page_whose_record_cannot_be_read_has_not_run(page):
    store = record_path(page, PROFILE.name)
    store.parent.mkdir(parents=True)
    store.write_text(json.dumps({"key": "key", "status": "passed", "blocks": [], "notebook": None}))

    assert read_record(page, PROFILE.name) is None
    assert kept_record(page, PROFILE, "key") is None
