"""What is recorded of the buckets while a page runs."""

import json
import time

import pytest
from test_session import enter

from fakehub.control.client import Control
from fakehub.request_log import REQUESTS
from guide.pages.reader import read_page
from guide.run.bucket_recorder import BucketRecorder
from guide.run.page_session import RunOptions, run_page
from guide.run.preimport import reload_environment

FRONT_MATTER = "---\nfile_format: mystnb\nkernelspec: {name: python3}\nleaves: []\n---\n\n# Look\n"
SETUP = "import os, gcsfs\nfs = gcsfs.GCSFileSystem()\nfolder = f\"{os.environ['SCRATCH_BUCKET']}/guide-examples/look\""
CELLS = (
    SETUP,
    'fs.pipe({f"{folder}/a.txt": b"text", f"{folder}/b.bin": bytes(3)})',
    'fs.cat(f"{folder}/a.txt");',
    'fs.pipe(f"{folder}/a.txt", b"more text"); fs.exists(f"{folder}/c.txt");',
    "1 + 1",
    "fs.rm(folder, recursive=True)",
)
# A block that stores something needs a check; this one makes no request.
CHECK = 'folder.endswith("look")'


@pytest.fixture
def page(tmp_path, fakehub_session, monkeypatch):
    """A page whose blocks write, read, change and delete objects, in a session of the stand-in."""
    enter(fakehub_session, monkeypatch)
    (tmp_path / "home").mkdir()
    cells = "".join(f"\n```{{code-cell}} python\n:check: {CHECK}\n{cell}\n```\n" for cell in CELLS)
    (tmp_path / "look.md").write_text(FRONT_MATTER + cells)
    yield read_page(tmp_path / "look.md", tmp_path)
    monkeypatch.undo()
    reload_environment()


def _recorded(page, home, **options):
    results, _ = run_page(page, home, pytest.fail, RunOptions(**options))
    return [result.bucket for result in results]


def test_each_block_has_the_objects_that_it_left_and_its_own_requests(page, tmp_path):
    recorded = _recorded(page, tmp_path / "home", shown=True)
    folder = "gs://leap-scratch/funky-user/guide-examples/look"
    objects = [
        block
        and [(one["name"].removeprefix(folder), one["state"], one["size"], one.get("head")) for one in block["objects"]]
        for block in recorded
    ]
    requests = [block and {row["what"]: row["count"] for row in block["requests"]} for block in recorded]

    assert objects == [
        None,
        [("/a.txt", "new", 4, "text"), ("/b.bin", "new", 3, "000000")],
        [("/a.txt", "unchanged", 4, None), ("/b.bin", "unchanged", 3, None)],
        [("/a.txt", "changed", 9, "more text"), ("/b.bin", "unchanged", 3, None)],
        None,
        [("/a.txt", "deleted", 9, None), ("/b.bin", "deleted", 3, None)],
    ]
    assert requests[1] == {"Write object": 2}
    assert requests[2] == {"Read object": 1}
    assert recorded[2]["requests"][0]["bytes_received"] == 4
    assert requests[3]["Write object"] == 1
    assert any(row["missing"] for row in recorded[3]["requests"])
    assert "Batch of requests" in requests[5]


def test_another_run_records_the_same(page, tmp_path):
    assert _recorded(page, tmp_path / "home", shown=True) == _recorded(page, tmp_path / "home", shown=True)


def test_a_run_that_is_not_shown_records_nothing(page, tmp_path):
    assert _recorded(page, tmp_path / "home") == [None] * len(CELLS)


def test_a_request_of_an_earlier_block_does_not_count_if_its_line_is_written_late(tmp_path, monkeypatch):
    monkeypatch.setenv("FAKEHUB_SESSION", str(tmp_path))
    monkeypatch.setattr(Control, "objects", lambda self, after=0: {})
    log = tmp_path / REQUESTS
    log.touch()
    recorder = BucketRecorder()
    recorder.start()
    line = {"method": "GET", "host": "storage.googleapis.com", "status": 200, "bytes_in": 0, "bytes_out": 1}
    rows = [
        line | {"path": f"/bucket/{name}", "time": time.time(), "seconds": seconds}
        for name, seconds in (("early", 5.0), ("own", 0.0))
    ]
    log.write_text("".join(f"{json.dumps(row)}\n" for row in rows) + '{"method": "GE')

    (requests,) = recorder.stop()["requests"]

    assert requests["count"] == 1
