"""The request log has a row for every request, and no secrets."""

import json
import threading
import time

import psutil
import pytest

from fakehub import request_log
from fakehub.clock import Clock
from fakehub.control.client import Control
from fakehub.request_log import (
    REQUESTS,
    LoggedRequest,
    RequestLog,
    log_end,
    read_log,
    read_since,
    summary,
    without_secrets,
)

pytestmark = pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
UPLOAD = "/upload/storage/v1/b/leap-scratch/o"
OBJECTS = "/storage/v1/b/leap-scratch/o"


@pytest.fixture
def control(server):
    """The server's controls."""
    return Control(server.folder)


def test_a_row_has_sender_request_and_result(server, control):
    server.call("POST", f"{UPLOAD}?uploadType=media&name=logged", data=b"12345")
    server.call("GET", f"{OBJECTS}/logged?alt=media")
    server.call("GET", f"{OBJECTS}/logged", token=None)

    put, get, refused = [row for row in control.log() if row["host"] == "storage.googleapis.com"][-3:]

    what = ("method", "host", "path", "persona", "status")
    host = "storage.googleapis.com"
    assert [put[key] for key in what] == ["POST", host, f"{UPLOAD}?uploadType=media&name=logged", "hub", 200]
    assert [get[key] for key in what] == ["GET", host, f"{OBJECTS}/logged?alt=media", "hub", 200]
    assert [refused[key] for key in what] == ["GET", host, f"{OBJECTS}/logged", "anonymous", 401]
    assert (put["bytes_in"], get["bytes_in"], get["bytes_out"]) == (5, 0, 5)
    assert put["seconds"] > 0 and "fault" not in put


def test_the_log_includes_the_metadata_server(server, control):
    token = server.token()

    rows = [row for row in control.log() if row["path"].startswith("/computeMetadata/")]

    what = ("method", "path", "persona", "status")
    path = "/computeMetadata/v1/instance/service-accounts/default/token"
    assert [rows[-1][key] for key in what] == ["GET", path, "hub", 200]
    assert token not in (server.folder / REQUESTS).read_text()


def test_the_answer_to_head_counts_no_bytes(server, control):
    server.call("POST", f"{UPLOAD}?uploadType=media&name=headed", data=b"12345")
    server.call("HEAD", f"{OBJECTS}/headed?alt=media")

    assert control.log()[-1]["bytes_out"] == 0


def test_a_row_has_real_time_and_the_time_of_the_stand_in(server, control):
    control.advance(3600)
    server.call("GET", OBJECTS)

    row = control.log()[-1]

    assert row["clock"] - row["time"] == pytest.approx(control.clock()["offset_s"], abs=0.01)


@pytest.mark.parametrize(
    "name",
    [
        *("X-Goog-Signature", "x-goog-signature", "Signature", "X-Amz-Signature", "upload_id", "uploadId"),
        *("access_token", "token", "refresh_token", "id_token", "code", "client_secret"),
    ],
)
def test_secret_parameters_are_redacted(server, control, name):
    server.call("GET", f"/leap-scratch/signed?prefix=kept&{name}=very-secret&alt=media")

    path = control.log()[-1]["path"]

    assert path == f"/leap-scratch/signed?prefix=kept&{name}=REDACTED&alt=media"


def test_an_encoded_parameter_name_is_redacted_too():
    assert without_secrets("/b/o?X%2DGoog%2DSignature=secret&a=1") == "/b/o?X%2DGoog%2DSignature=REDACTED&a=1"


def test_tokens_are_not_logged(server):
    token = server.token()
    server.call("GET", f"{OBJECTS}?access_token={token}", token=token)
    server.call("GET", OBJECTS, token="ya29.unknown-token")

    text = (server.folder / REQUESTS).read_text()

    assert token not in text and "unknown-token" not in text and "Bearer" not in text


def test_unusual_paths_are_one_json_line_each(server, control):
    before, token = len(control.log()), server.token()
    for name in ('"', "\\", "%0A", "%FF", "\u2028"):
        server.call("GET", f"{OBJECTS}/{name}", token=token)

    assert len(control.log()) == before + 6  # including the request for the token


def write(log: RequestLog, numbers) -> None:
    for number in numbers:
        log.write(LoggedRequest("GET", "storage.googleapis.com", f"/{number}", "hub", 200, 0, 1, time.perf_counter()))


def numbers(rows) -> list[int]:
    return [int(row["path"][1:]) for row in rows]


def test_a_long_log_keeps_its_end(tmp_path, monkeypatch):
    monkeypatch.setattr(request_log, "MOST_BYTES", 5000)
    log = RequestLog(tmp_path, Clock())
    ends = [log_end(tmp_path)]
    for start in range(0, 300, 7):
        write(log, range(start, start + 7))
        ends.append(log_end(tmp_path))

    kept = numbers(read_log(tmp_path))
    assert kept == list(range(kept[0], 301))
    assert 0 < kept[0] < 301 - 5000 // 250
    assert 5000 <= sum(path.stat().st_size for path in tmp_path.iterdir()) < 11_000
    assert ends == sorted(set(ends))


def test_a_reader_gets_every_row_once_while_the_log_starts_again(tmp_path, monkeypatch):
    monkeypatch.setattr(request_log, "MOST_BYTES", 20_000)
    log, place, found = RequestLog(tmp_path, Clock()), 0, []
    written, read = threading.Semaphore(0), threading.Semaphore(1)

    def write_all() -> None:
        for start in range(0, 2000, 40):  # half of what is kept for sure
            read.acquire()
            write(log, range(start, start + 20))
            written.release()
            write(log, range(start + 20, start + 40))

    writing = threading.Thread(target=write_all)
    writing.start()
    for _ in range(50):
        written.acquire()
        rows, place = read_since(tmp_path, place)
        found += numbers(rows)
        read.release()
    writing.join()
    found += numbers(read_since(tmp_path, place)[0])

    assert found == list(range(2000))


def test_the_server_may_open_many_files(server):
    soft, hard = psutil.Process(server.process.pid).rlimit(psutil.RLIMIT_NOFILE)

    assert soft == hard or soft == 65536


def test_the_summary_counts_requests_and_bytes_by_method():
    rows = [
        {"method": "GET", "bytes_in": 0, "bytes_out": 10},
        {"method": "POST", "bytes_in": 7, "bytes_out": 2},
        {"method": "GET", "bytes_in": 0, "bytes_out": 5},
    ]

    assert summary(rows) == {
        "requests": 3,
        "bytes_in": 7,
        "bytes_out": 17,
        "methods": {
            "GET": {"requests": 2, "bytes_in": 0, "bytes_out": 15},
            "POST": {"requests": 1, "bytes_in": 7, "bytes_out": 2},
        },
    }
    assert summary([]) == {"requests": 0, "bytes_in": 0, "bytes_out": 0, "methods": {}}


def test_the_command_prints_rows_and_counts(fakehub):
    ask = "curl -s -o /dev/null https://storage.googleapis.com/storage/v1/b/leap-scratch/o"
    command = "python -m fakehub log"

    ran = fakehub("--", "sh", "-c", f"{ask}; {command}; {command} --json; {command} --summary --json")

    line, row, counts = ran.stdout.splitlines()
    assert "GET    401 anonymous" in line and line.endswith("storage.googleapis.com/storage/v1/b/leap-scratch/o")
    assert json.loads(row)["status"] == 401
    assert json.loads(counts)["methods"]["GET"]["requests"] == 1


def test_a_log_that_cannot_start_a_new_file_goes_on_with_this_one(tmp_path, monkeypatch):
    monkeypatch.setattr(request_log, "MOST_BYTES", 1000)
    log = RequestLog(tmp_path, Clock())
    row = LoggedRequest("GET", "h", "/path", "hub", 200, 0, 0, time.perf_counter())
    opened = RequestLog._open

    def fail(_):
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(RequestLog, "_open", fail)
    for _ in range(20):
        log.write(row)
    assert len(read_log(tmp_path)) == 20
    monkeypatch.setattr(RequestLog, "_open", opened)
    for _ in range(20):
        log.write(row)

    assert len(list(tmp_path.glob("requests*.jsonl"))) == 2
    assert 0 < len(read_log(tmp_path)) < 40
