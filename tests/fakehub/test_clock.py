"""The stand-in's clock seen from outside: tokens expire, objects are deleted, and time never goes back."""

import time

import pytest

from fakehub import units
from fakehub.control.client import Control, ControlError

pytestmark = pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
DAY_S = 86400


@pytest.fixture
def running(tmp_path, start_server):
    """A server for one test, which may move its clock."""
    server = start_server(tmp_path / "server")
    yield server
    server.process.terminate()
    server.process.wait()


def put(server, bucket, name):
    stored = server.call("POST", f"/upload/storage/v1/b/{bucket}/o?uploadType=media&name={name}", data=b"data")
    assert stored.status_code == 200


def names(server, bucket):
    return [item["name"] for item in server.call("GET", f"/storage/v1/b/{bucket}/o").json().get("items", [])]


def test_a_token_expires_and_the_metadata_server_has_a_new_one(running):
    token = running.token()
    ask = ("GET", "/storage/v1/b/leap-scratch/o")
    assert running.call(*ask, token=token).status_code == 200

    Control(running.folder).advance(3600)

    assert running.call(*ask, token=token).status_code == 401
    assert running.call(*ask, token=running.token()).status_code == 200


def test_each_object_in_scratch_is_deleted_at_its_own_age(running):
    control = Control(running.folder)
    put(running, "leap-scratch", "first")
    control.advance(6 * DAY_S)
    put(running, "leap-scratch", "second")

    control.advance(DAY_S)
    after_seven_days = names(running, "leap-scratch")
    control.advance(6 * DAY_S)

    assert after_seven_days == ["second"]
    assert names(running, "leap-scratch") == []
    assert running.call("GET", "/storage/v1/b/leap-scratch/o/second").status_code == 404


def test_the_clock_knows_when_it_was_moved(running):
    control, before = Control(running.folder), time.time()
    control.advance(60)
    control.advance(30)

    moves = control.clock()["moves"]

    assert [ahead for _, ahead in moves] == [0, 60, 90]
    assert moves[0][0] < before <= moves[1][0] <= moves[2][0] <= time.time()


def test_objects_of_a_persistent_bucket_stay(running):
    put(running, "leap-persistent", "kept")

    Control(running.folder).advance(3650 * DAY_S)

    assert names(running, "leap-persistent") == ["kept"]


def test_new_objects_have_the_time_of_the_clock(running):
    before = Control(running.folder).clock()["now"]
    now = Control(running.folder).advance(2 * DAY_S)["now"]
    put(running, "leap-scratch", "dated")

    created = running.call("GET", "/storage/v1/b/leap-scratch/o/dated").json()["timeCreated"]

    assert before < now <= created


@pytest.mark.parametrize(
    ("seconds", "message"),
    [(-1, "moved forward"), (float("nan"), "moved forward"), (1e12, "at most")],
)
def test_the_clock_moves_forward_only_and_not_too_far(running, seconds, message):
    control = Control(running.folder)

    with pytest.raises(ControlError, match=message):
        control.advance(seconds)

    assert control.clock()["offset_s"] == 0


def test_a_state_directory_keeps_the_offset_after_a_kill(tmp_path, start_server):
    first = start_server(tmp_path / "one", state=str(tmp_path / "state"))
    put(first, "leap-scratch", "old")
    Control(first.folder).advance(8 * DAY_S)
    first.process.kill()
    first.process.wait()

    second = start_server(tmp_path / "two", state=str(tmp_path / "state"))
    try:
        assert Control(second.folder).clock()["offset_s"] == 8 * DAY_S
        assert names(second, "leap-scratch") == []
    finally:
        second.process.terminate()
        second.process.wait()


GOES_ON = """
import subprocess, sys
from google.cloud import storage
bucket = storage.Client(project="p").bucket("leap-persistent")
bucket.blob("kept").upload_from_string(b"data")
subprocess.run([sys.executable, "-m", "fakehub", "clock", "advance", "90m"], check=True, stdout=subprocess.DEVNULL)
print(bucket.blob("kept").download_as_bytes())
"""


def test_google_cloud_storage_fetches_a_new_token_when_its_own_has_expired(fakehub):
    ran = fakehub("--", "python", "-c", GOES_ON)

    assert ran.stdout == "b'data'\n", ran.stderr


def test_the_command_moves_the_clock_for_all_clients(fakehub):
    put = 'import gcsfs, os; gcsfs.GCSFileSystem().pipe(os.environ["SCRATCH_BUCKET"] + "/old", b"data")'
    has = 'import gcsfs, os; print(gcsfs.GCSFileSystem().exists(os.environ["SCRATCH_BUCKET"] + "/old"))'
    script = f"python -c '{put}' && python -c '{has}' && python -m fakehub clock advance 8d && python -c '{has}'"

    ran = fakehub("--", "sh", "-c", script)

    before, clock, after = ran.stdout.splitlines()
    assert (before, clock.endswith("(691200 s ahead)"), after) == ("True", True, "False"), ran.stderr


@pytest.mark.parametrize(
    ("text", "seconds"), [("8d", 691200), ("3600s", 3600), ("90m", 5400), ("2h", 7200), ("50ms", 0.05), ("1.5h", 5400)]
)
def test_durations(text, seconds):
    assert units.duration(text) == seconds


@pytest.mark.parametrize("text", ["", "8", "d", "8x", "-8d", "8d8", "1e3s", "٣d", "8 d d", "nan s"])
def test_invalid_durations(text):
    with pytest.raises(ValueError, match="is not a duration"):
        units.duration(text)


@pytest.mark.parametrize(
    ("text", "value"), [("10MB/s", 1e7), ("1.5KB/s", 1500), ("2GB/s", 2e9), ("300B/s", 300), ("20Mbit/s", 2.5e6)]
)
def test_rates(text, value):
    assert units.rate(text) == value


@pytest.mark.parametrize("text", ["10MB", "0MB/s", "10Mbit", "MB/s", "10 MB / s"])
def test_invalid_rates(text):
    with pytest.raises(ValueError, match="is not a rate"):
        units.rate(text)
