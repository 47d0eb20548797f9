"""State directories: objects and generations survive a kill, and a full disk loses nothing."""

from __future__ import annotations

import contextlib
import resource

import pytest
from api_client import UPLOAD, Api, facts_with, object_path

pytestmark = pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
BUCKET = "leap-scratch"


@pytest.fixture
def running(start_server, tmp_path):
    """Run a server with the test's state directory until it is killed: ``with running(...) as (api, process)``."""
    count = 0

    @contextlib.contextmanager
    def run(**options):
        nonlocal count
        count += 1
        server = start_server(tmp_path / f"server-{count}", state=str(tmp_path / "state"), **options)
        try:
            yield Api(server), server.process
        finally:
            server.process.kill()
            server.process.wait()

    return run


def stored(api, bucket=BUCKET) -> dict[str, bytes]:
    """Return names and contents of the objects in a bucket."""
    names = [item["name"] for item in api.listing(bucket).get("items", [])]
    return {name: api.get(bucket, name, alt="media").content for name in names}


def test_complete_objects_survive_a_kill_and_incomplete_ones_do_not(running):
    with running() as (api, _):
        before = api.put(BUCKET, "whole", b"all of it").json()
        api.put(BUCKET, "replaced", b"one")
        api.put(BUCKET, "replaced", b"two")
        api.put(BUCKET, "gone")
        api.call("DELETE", object_path(BUCKET, "gone"))
        api.call("PATCH", object_path(BUCKET, "replaced"), json={"metadata": {"key": "value"}})
        started = api.call("POST", f"{UPLOAD}/{BUCKET}/o?uploadType=resumable&name=half", data=b"{}")
        chunk = {"Content-Range": "bytes 0-262143/524288"}
        api.call("PUT", started.headers["Location"], data=b"a" * 262144, headers=chunk)

    with running() as (api, _):
        assert stored(api) == {"whole": b"all of it", "replaced": b"two"}
        assert api.get(BUCKET, "whole").json() == before
        assert api.get(BUCKET, "replaced").json()["metadata"] == {"key": "value"}
        assert api.put(BUCKET, "whole", b"again").json()["generation"] > before["generation"]


@pytest.mark.parametrize(
    "name", ["../outside.txt", "../../outside.txt", "/outside.txt", "a/../../outside.txt", "x\\..\\y"]
)
def test_a_name_that_is_a_path_leads_nowhere(running, tmp_path, name):
    before = {path for path in tmp_path.rglob("*")}
    with running() as (api, _):
        assert api.put(BUCKET, name, b"data").status_code == 200
        assert stored(api)[name] == b"data"

    new = {path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path not in before and path.is_file()}
    outside = [path for path in new if path.parts[0] not in {"state", "server-1"} or "outside" in path.name]
    assert outside == []


def test_generations_survive_a_kill(running, root, tmp_path):
    facts = facts_with(root, tmp_path, "leap-persistent", versioning=True)
    with running(hub_yml=facts) as (api, _):
        for data in (b"one", b"two", b"three"):
            api.put("leap-persistent", "kept", data)
        api.put("leap-persistent", "deleted")
        api.call("DELETE", object_path("leap-persistent", "deleted"))
        first = api.listing("leap-persistent", versions="true")["items"]
        api.call("DELETE", object_path("leap-persistent", "kept"), params={"generation": first[1]["generation"]})
        before = api.listing("leap-persistent", versions="true")

    with running(hub_yml=facts) as (api, _):
        assert api.listing("leap-persistent", versions="true") == before
        assert len(before["items"]) == 3


def test_replaced_objects_do_not_make_a_state_directory_grow(running, tmp_path):
    with running() as (api, _):
        for _ in range(50):
            api.put(BUCKET, "same", b"x")
        long = (tmp_path / "state/journal").stat().st_size
    with running() as (api, _):
        assert stored(api) == {"same": b"x"}

    assert (tmp_path / "state/journal").stat().st_size < long / 10
    # The object, and the one in the bucket of another project.
    assert len(list((tmp_path / "state/data").iterdir())) == 2


def test_an_incomplete_last_line_of_the_journal_is_ignored(running, tmp_path):
    with running() as (api, _):
        api.put(BUCKET, "whole", b"1")
    with (tmp_path / "state/journal").open("ab") as journal:
        journal.write(b'{"put": {"bucket": "leap-scr')
    with running() as (api, _):
        api.put(BUCKET, "next", b"2")

    with running() as (api, _):
        assert stored(api) == {"whole": b"1", "next": b"2"}


@pytest.fixture
def full_disk():
    """Limit the size of a process's files, as if the disk were full beyond it; ``RLIM_INFINITY`` lifts the limit."""

    def limit(process, size: int) -> None:
        _, hard = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (size, hard))

    return limit


def test_on_a_full_disk_an_upload_is_refused_and_the_other_objects_stay(running, full_disk):
    with running() as (api, process):
        api.put(BUCKET, "first", b"before")
        full_disk(process, 100_000)

        refused = api.put(BUCKET, "first", b"x" * 200_000)
        kept = stored(api)
        small = api.put(BUCKET, "small", b"fits")
        full_disk(process, resource.RLIM_INFINITY)
        large = api.put(BUCKET, "large", b"x" * 200_000)

        assert refused.status_code == 507
        assert refused.json()["error"]["message"].startswith("The stand-in's disk is full: ")
        assert kept == {"first": b"before"}
        assert (small.status_code, large.status_code) == (200, 200)


def test_on_a_full_disk_no_change_is_recorded_in_part(running, full_disk, tmp_path):
    with running() as (api, process):
        api.put(BUCKET, "before", b"1")
        size = (tmp_path / "state/journal").stat().st_size
        full_disk(process, size + 100)  # less than a line

        refused = api.put(BUCKET, "refused", b"2")
        unchanged = api.call("PATCH", object_path(BUCKET, "before"), json={"metadata": {"a": "b"}})
        full_disk(process, resource.RLIM_INFINITY)
        api.put(BUCKET, "after", b"3")

        assert (refused.status_code, unchanged.status_code) == (507, 507)
        assert stored(api) == {"before": b"1", "after": b"3"}
    with running() as (api, _):
        assert stored(api) == {"before": b"1", "after": b"3"}


def test_on_a_full_disk_an_object_can_be_deleted(running, full_disk, tmp_path):
    with running() as (api, process):
        api.put(BUCKET, "kept", b"1")
        api.put(BUCKET, "deleted", b"2")
        full_disk(process, (tmp_path / "state/journal").stat().st_size)

        assert api.call("DELETE", object_path(BUCKET, "deleted")).status_code == 204
    with running() as (api, _):
        assert stored(api) == {"kept": b"1"}
