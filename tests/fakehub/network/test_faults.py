"""Faults by rule: each effect as a client sees it, which requests it strikes, and that it is repeatable."""

import http.client
import os
import ssl

import pytest
import requests
from waiting import fault_logged, logged

from fakehub.control.client import Control

pytestmark = pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
OBJECTS = "/storage/v1/b/leap-scratch/o"
UPLOAD = "/upload/storage/v1/b/leap-scratch/o?uploadType=media&name="
DATA = bytes(range(256)) * 1000
DATA_PATH = f"{OBJECTS}/whole?alt=media"


@pytest.fixture
def control(server):
    """The server's controls, with all rules removed afterwards."""
    control = Control(server.folder)
    yield control
    control.clear_faults()


@pytest.fixture
def get(server):
    """Return a function that sends requests with the same token; the object ``whole`` exists."""
    token = server.token()
    server.call("POST", f"{UPLOAD}whole", token=token, data=DATA)
    return lambda path=DATA_PATH, method="GET", **options: server.call(method, path, token=token, **options)


def statuses(get, count, path=OBJECTS):
    return [get(path).status_code for _ in range(count)]


@pytest.mark.parametrize("code", [408, 429, 500, 502, 503, 504])
def test_a_status_has_googles_json_format(control, get, code):
    control.add_fault(effect="status", code=code)

    answer = get()

    assert answer.status_code == code
    assert answer.json()["error"]["code"] == code
    assert "Retry-After" not in answer.headers


@pytest.mark.parametrize(("code", "word"), [(429, "SlowDown"), (500, "InternalError"), (503, "ServiceUnavailable")])
def test_the_xml_api_answers_in_xml(control, get, code, word):
    control.add_fault(effect="status", code=code)

    answer = get("/leap-scratch/whole")

    assert answer.status_code == code
    assert f"<Error><Code>{word}</Code>" in answer.text


def test_retry_after_is_sent_if_the_rule_sets_it(control, get):
    control.add_fault(effect="status", code=503, retry_after=7)

    assert get().headers["Retry-After"] == "7"


@pytest.mark.parametrize(
    ("only", "struck"),
    [
        ({"method": "GET"}, [503, 200, 503]),
        ({"method": "POST"}, [200, 503, 200]),
        ({"path": "name=other"}, [200, 503, 200]),
        ({"path": "/o/wh.le"}, [503, 200, 200]),
        ({"host": "www.googleapis.com"}, [200, 200, 200]),
        ({"host": "storage.googleapis.com"}, [503, 503, 503]),
        ({"persona": "hub"}, [503, 503, 503]),
        ({"persona": "anonymous"}, [200, 200, 200]),
    ],
)
def test_a_rule_strikes_only_matching_requests(control, get, only, struck):
    control.add_fault(effect="status", code=503, **only)

    answers = [get(), get(f"{UPLOAD}other", method="POST", data=b"x"), get(OBJECTS)]

    assert [answer.status_code for answer in answers] == struck


@pytest.mark.parametrize(
    ("when", "struck"),
    [
        ({"nth": 3}, [200, 200, 503, 200, 200, 200]),
        ({"from_nth": 4}, [200, 200, 200, 503, 503, 503]),
        ({"from_nth": 2, "times": 3}, [200, 503, 503, 503, 200, 200]),
        ({"every": 2}, [200, 503, 200, 503, 200, 503]),
        ({"times": 2}, [503, 503, 200, 200, 200, 200]),
        ({"every": 2, "times": 1}, [200, 503, 200, 200, 200, 200]),
        ({"probability": 0.0}, [200] * 6),
        ({"probability": 1.0}, [503] * 6),
    ],
)
def test_a_rule_strikes_as_often_as_it_says(control, get, when, struck):
    control.add_fault(effect="status", code=503, **when)

    assert statuses(get, 6) == struck


def test_the_first_rule_that_strikes_decides(control, get):
    control.add_fault(effect="status", code=429, nth=2)
    control.add_fault(effect="status", code=500)

    assert statuses(get, 3) == [500, 429, 500]
    assert [(rule["matched"], rule["struck"]) for rule in control.faults()] == [(3, 1), (2, 2)]


def test_the_same_seed_strikes_the_same_requests(control, get):
    def pattern(seed):
        control.clear_faults()
        control.add_fault(effect="status", code=503, probability=0.5, seed=seed)
        return statuses(get, 24)

    first = pattern(1)

    assert set(first) == {200, 503}
    assert pattern(1) == first
    assert pattern(2) != first


def test_a_cleared_rule_does_not_strike(control, get):
    control.add_fault(effect="status", code=503)
    control.clear_faults()

    assert statuses(get, 2) == [200, 200]


def test_the_same_bytes_are_corrupted_again_and_the_checksum_is_that_of_the_object(control, get):
    right = get()

    def corrupted():
        control.clear_faults()
        control.add_fault(effect="corrupt", bytes=3, seed=5)
        return get()

    first, again = corrupted(), corrupted()

    assert len(first.content) == len(DATA)
    assert sum(a != b for a, b in zip(first.content, DATA, strict=True)) == 3
    assert first.content == again.content
    assert first.headers["x-goog-hash"] == right.headers["x-goog-hash"]


@pytest.mark.parametrize("effect", ["corrupt", "truncate"])
def test_only_downloads_of_objects_are_damaged(control, get, effect):
    control.add_fault(effect=effect)

    assert get(f"{OBJECTS}/whole").json()["name"] == "whole"
    assert get(OBJECTS).status_code == 200


@pytest.fixture
def raw(server):
    """Return a function that sends one request and reads the headers of the answer, but not yet its body."""

    def ask(method, path, body=None):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connection = http.client.HTTPSConnection("127.0.0.1", server.ports["tls"], timeout=20, context=context)
        headers = {"Host": "storage.googleapis.com", "Authorization": f"Bearer {server.token()}"}
        connection.request(method, path, body, headers)
        return connection.getresponse()

    return ask


@pytest.mark.parametrize(("at", "comes"), [(None, len(DATA) // 2), (0, 0), (1000, 1000), (10**9, len(DATA) - 1)])
def test_a_truncated_download_promises_more_than_it_sends(control, get, raw, at, comes):
    control.add_fault(effect="truncate", **({} if at is None else {"at": at}))

    answer = raw("GET", DATA_PATH)

    assert (answer.status, answer.headers["Content-Length"]) == (200, str(len(DATA)))
    with pytest.raises(http.client.IncompleteRead) as short:
        answer.read()
    assert short.value.partial == DATA[:comes]


def test_a_reset_in_the_middle_of_a_body_is_a_reset(control, get, raw):
    control.add_fault(effect="reset", at=1000)

    answer = raw("GET", DATA_PATH)

    # Reads from the socket itself, because TLS reports a reset as an ordinary end.
    os.set_blocking(answer.fileno(), True)
    with pytest.raises(ConnectionResetError):
        while os.read(answer.fileno(), 65536):
            pass
    assert fault_logged(control, "reset")["bytes_out"] == 1000


def test_a_reset_of_an_uploads_answer_happens_after_the_object_is_stored(control, get):
    control.add_fault(effect="reset", method="POST")

    with pytest.raises(requests.exceptions.RequestException):
        get(f"{UPLOAD}answer-lost", method="POST", data=b"x" * 1000)

    assert get(f"{OBJECTS}/answer-lost").status_code == 200


@pytest.mark.parametrize("at", [0, 100_000])
def test_a_reset_upload_stores_nothing(control, get, at):
    control.add_fault(effect="reset-upload", method="POST", at=at)

    with pytest.raises(requests.exceptions.ConnectionError):
        get(f"{UPLOAD}lost", method="POST", data=b"x" * 1_000_000)

    row = fault_logged(control, "reset-upload")
    assert (row["status"], row["bytes_out"]) == (None, 0)
    assert get(f"{OBJECTS}/lost").status_code == 404


def test_a_stalled_request_whose_client_gives_up_is_not_executed(server, control, get):
    control.add_fault(effect="stall", seconds=1.0, method="POST")
    url = f"https://127.0.0.1:{server.ports['tls']}{UPLOAD}stalled"
    headers = {"Host": "storage.googleapis.com", "Authorization": f"Bearer {server.token()}"}

    with pytest.raises(requests.exceptions.ReadTimeout):
        requests.post(url, b"x", headers=headers, verify=False, timeout=0.3)

    assert fault_logged(control, "stall")["status"] is None
    assert get(f"{OBJECTS}/stalled").status_code == 404


def test_a_client_that_waits_gets_its_answer_after_a_stall(control, get):
    control.add_fault(effect="stall", seconds=0.5)

    assert get().content == DATA
    assert fault_logged(control, "stall")["seconds"] >= 0.45


@pytest.mark.parametrize("code", [404, 410])
def test_a_dropped_upload_stays_dropped_and_a_new_one_works(control, get, code):
    start = f"{UPLOAD.replace('media', 'resumable')}dropped-{code}"
    chunk = {"Content-Range": f"bytes 0-262143/{2 * 262144}"}
    rest = {"Content-Range": f"bytes 262144-524287/{2 * 262144}"}

    def begin():
        location = get(start, method="POST", data=b"{}").headers["Location"]
        return location.replace("https://storage.googleapis.com", "")

    control.add_fault(effect="drop-upload", code=code, nth=2)
    session = begin()
    assert get(session, method="PUT", data=bytes(262144), headers=chunk).status_code == 308
    assert get(session, method="PUT", data=bytes(262144), headers=rest).status_code == code
    control.clear_faults()

    assert get(session, method="PUT", headers={"Content-Range": "bytes */*"}).status_code == code
    session = begin()
    assert get(session, method="PUT", data=bytes(262144), headers=chunk).status_code == 308
    assert get(session, method="PUT", data=bytes(262144), headers=rest).status_code == 200


def test_the_log_names_the_fault(control, get):
    control.add_fault(effect="status", code=503, nth=1)
    for _ in range(2):
        get(f"{DATA_PATH}&quotaUser=named")

    first, second = logged(control, 2, "quotaUser=named")

    assert (first["status"], first["persona"], first["fault"]) == (503, "hub", "status 503")
    assert (second["status"], "fault" in second) == (200, False)


def test_a_connection_survives_a_fault_that_does_not_break_it(server, control, get):
    control.add_fault(effect="status", code=503, nth=1)
    url = f"https://127.0.0.1:{server.ports['tls']}{DATA_PATH}"
    headers = {"Host": "storage.googleapis.com", "Authorization": f"Bearer {server.token()}"}

    with requests.Session() as session:
        first, second = (session.get(url, headers=headers, verify=False, timeout=20) for _ in "ab")

    assert (first.status_code, second.content) == (503, DATA)
