"""State directories: objects and generations survive a kill, a full disk loses nothing, and old ones are converted."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import resource
import subprocess
import sys
import threading
import time

import pytest
from api_client import UPLOAD, Api, facts_with, object_path
from waiting import until

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


def bytes_in(folder) -> int:
    """Return how many bytes the files in a folder have."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def test_replaced_and_deleted_objects_do_not_make_a_state_directory_grow(running, root, tmp_path):
    facts = facts_with(root, tmp_path, BUCKET, soft_delete_days=0)
    with running(hub_yml=facts) as (api, _):
        for number in range(150):
            api.put(BUCKET, "same", os.urandom(60_000))
            api.put(BUCKET, f"short-lived-{number}", os.urandom(60_000))
            api.call("DELETE", object_path(BUCKET, f"short-lived-{number}"))

        # 18 MB were written; while the server runs, a log of a few MB is beside the database.
        assert bytes_in(tmp_path / "state") < 10_000_000
        kept = stored(api)
    with running(hub_yml=facts) as (api, _):
        assert stored(api) == kept


def test_a_kill_while_the_space_of_deleted_objects_is_used_again_loses_nothing(running):
    acknowledged, names = {}, [f"name-{number}" for number in range(20)]

    def change(api) -> None:
        with contextlib.suppress(OSError):  # until the server is killed
            for number in itertools.count():
                name, data = names[number % 20], os.urandom(60_000)
                unknown.add(name)
                if number % 3 == 2:
                    api.call("DELETE", object_path(BUCKET, name))
                    acknowledged.pop(name, None)
                elif api.put(BUCKET, name, data).status_code == 200:
                    acknowledged[name] = data
                unknown.discard(name)

    for _ in range(2):
        unknown: set[str] = set()
        with running() as (api, process):
            changing = threading.Thread(target=change, args=(Api(api._server),))
            changing.start()
            until(lambda api=api: len(api.listing(BUCKET).get("items", [])) > 5)
            time.sleep(1)
            process.kill()
            changing.join()
        with running() as (api, _):
            found = stored(api)
            for name in set(names) - unknown:
                assert found.get(name) == acknowledged.get(name), name
            acknowledged |= {name: found[name] for name in unknown if name in found}


def test_a_state_directory_in_use_is_refused_in_one_line(running, root, tmp_path):
    with running():
        config = {"hub_yml": str(root / "hub.yml"), "workdir": str(tmp_path), "state": str(tmp_path / "state")}
        (tmp_path / "config.json").write_text(json.dumps(config))
        command = [sys.executable, "-m", "fakehub.server.process", str(tmp_path / "config.json")]
        second = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=root)

    assert second.returncode == 1
    assert second.stderr == f"--state {tmp_path / 'state'}: another process uses it; use another directory\n"


def test_changes_survive_with_durable_too(running, tmp_path):
    with running(durable=True) as (api, _):
        api.put(BUCKET, "small", b"1")
        api.put(BUCKET, "large", b"2" * 5_000_000)
    with running() as (api, _):
        assert stored(api) == {"small": b"1", "large": b"2" * 5_000_000}


OLD = (
    '{"put": {"bucket": "leap-scratch", "name": "%s", "generation": %d, "metageneration": 1, "size": %d, '
    '"crc32c": 1, "md5": null, "created": 1.5e9, "updated": 1.5e9, "headers": {"contentType": "a/b"}, '
    '"metadata": null, "components": null, "data": "%s", "deleted": null, "owner": null, "acl": null}}\n'
)


def test_a_state_directory_of_an_earlier_version_is_converted(running, tmp_path):
    state, data = tmp_path / "state", tmp_path / "state/data"
    data.mkdir(parents=True)
    contents = {"00000001-5": b"small", "00000002-6": b"x" * 100_000, "00000003-7": b"of no object"}
    for name, content in contents.items():
        (data / name).write_bytes(content)
    lines = [
        '{"bucket": ["leap-scratch", {"delete_after_days": null, "labels": {"a": "b"}, "updated": 1.5e9}]}\n',
        OLD % ("small", 5, 5, "00000001-5"),
        OLD % ("replaced", 3, 1, "00000000-3"),
        OLD % ("replaced", 6, 100_000, "00000002-6"),
        OLD % ("deleted", 8, 1, "00000004-8"),
        '{"delete": ["leap-scratch", "deleted", 8]}\n',
        '{"put": {"bucket": "leap-scr',
    ]
    (state / "journal").write_text("".join(lines))

    for _ in range(2):
        with running() as (api, _):
            assert stored(api) == {"small": b"small", "replaced": b"x" * 100_000}
            assert api.get(BUCKET, "replaced").json()["generation"] == "6"
            assert api.call("GET", f"/storage/v1/b/{BUCKET}").json()["labels"] == {"a": "b"}
    assert [path.name for path in data.iterdir()] == ["6"]
    assert not (state / "journal").exists()


def test_a_file_that_is_no_journal_is_left_alone(start_server, root, tmp_path):
    (tmp_path / "state").mkdir()
    (tmp_path / "state/journal").write_text("my diary\n")
    config = {"hub_yml": str(root / "hub.yml"), "workdir": str(tmp_path), "state": str(tmp_path / "state")}
    (tmp_path / "config.json").write_text(json.dumps(config))
    command = [sys.executable, "-m", "fakehub.server.process", str(tmp_path / "config.json")]

    refused = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=root)

    message = f"--state {tmp_path / 'state'}: its file 'journal' is not one of fakehub's; use another directory\n"
    assert (refused.returncode, refused.stderr) == (1, message)
    assert (tmp_path / "state/journal").read_text() == "my diary\n"


def test_durable_without_a_directory_is_refused(fakehub):
    refused = fakehub("--durable", "--", "true")

    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr == "fakehub: --durable needs --state DIR, the directory that keeps the buckets\n"


def log_size(tmp_path) -> int:
    """Return the size of the log of changes that are not in the database yet."""
    return (tmp_path / "state/buckets.sqlite-wal").stat().st_size


@pytest.fixture
def full_disk():
    """Limit the size of a process's files, as if the disk were full beyond it; ``RLIM_INFINITY`` lifts the limit."""

    def limit(process, size: int) -> None:
        _, hard = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (size, hard))

    return limit


def test_on_a_full_disk_an_upload_is_refused_and_the_other_objects_stay(running, full_disk, tmp_path):
    with running() as (api, process):
        api.put(BUCKET, "first", b"before")
        full_disk(process, log_size(tmp_path) + 100_000)

        refused = api.put(BUCKET, "first", b"x" * 600_000)
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
        full_disk(process, log_size(tmp_path) + 100)  # less than a change

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
        full_disk(process, log_size(tmp_path))

        assert api.put(BUCKET, "refused", b"3").status_code == 507
        assert api.call("DELETE", object_path(BUCKET, "deleted")).status_code == 204
    with running() as (api, _):
        assert stored(api) == {"kept": b"1"}
