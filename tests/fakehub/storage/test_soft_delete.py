"""Soft delete: what was deleted, overwritten or expired can be listed and restored for as long as its bucket says."""

import os
import sys

import pytest
from api_client import Api as ServerApi
from api_client import facts_with, object_path
from direct_api import API, Api

from fakehub.storage import soft_deleted

SCRATCH, PERSISTENT = "leap-scratch", "leap-persistent"
DAY = 86400


@pytest.fixture
def api(root, tmp_path):
    return Api(root, tmp_path)


def listed(api, bucket=PERSISTENT, **query):
    answer = api.call("GET", f"{API}/{bucket}/o", softDeleted="true", **query)
    assert answer.status == 200, answer.json
    return answer.json


def generations(api, name, bucket=PERSISTENT):
    """Return the soft-deleted generations of an object, oldest first."""
    return [item["generation"] for item in listed(api, bucket).get("items", []) if item["name"] == name]


def restore(api, name, generation, bucket=PERSISTENT, **query):
    return api.call("POST", f"{API}/{bucket}/o/{name}/restore", generation=generation, **query)


def test_deleted_and_overwritten_objects_are_listed_with_their_times(api):
    first = api.put(PERSISTENT, "a", b"first").json
    api.clock.advance(60)
    api.put(PERSISTENT, "a", b"second")
    api.clock.advance(60)
    api.call("DELETE", f"{API}/{PERSISTENT}/o/a")

    old, new = listed(api)["items"]
    assert old["generation"] == first["generation"] and old["size"] == "5"
    assert new["softDeleteTime"] > old["softDeleteTime"] > first["timeCreated"]
    assert new["hardDeleteTime"] > new["softDeleteTime"]
    assert "items" not in api.call("GET", f"{API}/{PERSISTENT}/o").json
    assert api.get(PERSISTENT, "a").status == 404

    one = api.call("GET", f"{API}/{PERSISTENT}/o/a", softDeleted="true", generation=old["generation"])
    assert one.json == old
    for query in ({}, {"generation": new["generation"], "alt": "media"}, {"generation": "x"}):
        assert api.call("GET", f"{API}/{PERSISTENT}/o/a", softDeleted="true", **query).status == 400
    assert api.call("GET", f"{API}/{PERSISTENT}/o/a", softDeleted="true", generation="1").status == 404


def test_a_restored_object_is_a_new_one_and_replaces_none_by_accident(api):
    api.put(PERSISTENT, "a", b"first")
    before = api.call("PUT", f"{API}/{PERSISTENT}/o/a", {"metadata": {"key": "value"}})
    api.put(PERSISTENT, "a", b"second")
    (generation,) = generations(api, "a")

    assert restore(api, "a", generation, ifGenerationMatch="0").status == 412
    assert api.get(PERSISTENT, "a").json == b"second"
    restored = restore(api, "a", generation)

    assert (restored.status, api.get(PERSISTENT, "a").json) == (200, b"first")
    assert restored.json["metadata"] == before.json["metadata"] == {"key": "value"}
    assert int(restored.json["generation"]) > int(generation) and restored.json["metageneration"] == "1"
    assert "softDeleteTime" not in restored.json
    # What it replaced can be restored too, and so can the old one again.
    assert len(generations(api, "a")) == 2
    assert restore(api, "a", "1").status == 404
    assert restore(api, "a", generation, restoreToken="x").status == 400


def test_objects_are_gone_when_their_time_is_over(api):
    for name in ("a", "b"):
        api.put(PERSISTENT, name, b"data")
        api.call("DELETE", f"{API}/{PERSISTENT}/o/{name}")
        api.clock.advance(3 * DAY)
    (generation,) = generations(api, "a")

    api.clock.advance(DAY + 60)
    assert (generations(api, "a"), len(generations(api, "b"))) == ([], 1)
    assert restore(api, "a", generation).status == 404
    api.clock.advance(3 * DAY)
    assert "items" not in listed(api)


def test_expired_objects_are_kept_from_the_day_on_which_they_expired(api):
    api.put(SCRATCH, "a", b"data")
    api.clock.advance(13 * DAY)
    (generation,) = generations(api, "a", SCRATCH)
    assert restore(api, "a", generation, SCRATCH).status == 200
    assert api.get(SCRATCH, "a").json == b"data"

    api.put(SCRATCH, "b", b"data")
    api.clock.advance(15 * DAY)
    assert generations(api, "b", SCRATCH) == []


def test_a_bucket_can_keep_nothing(api):
    api.put(PERSISTENT, "before", b"data")
    api.call("DELETE", f"{API}/{PERSISTENT}/o/before")
    api.change(PERSISTENT, softDeletePolicy={"retentionDurationSeconds": "0"})
    api.put(PERSISTENT, "after", b"data")
    api.call("DELETE", f"{API}/{PERSISTENT}/o/after")

    assert [item["name"] for item in listed(api)["items"]] == ["before"]


def test_a_bucket_with_versioning_keeps_what_is_deleted_at_a_generation(api):
    api.change(PERSISTENT, versioning={"enabled": True})
    generation = api.put(PERSISTENT, "a", b"data").json["generation"]
    api.call("DELETE", f"{API}/{PERSISTENT}/o/a")
    assert generations(api, "a") == []

    api.call("DELETE", f"{API}/{PERSISTENT}/o/a", generation=generation)
    assert generations(api, "a") == [generation]


def test_a_page_of_the_listing_continues_where_it_ended(api):
    for number in range(3):
        for name in ("run/a", "run/b", "other"):
            api.put(PERSISTENT, name, b"%d" % number)
    everything = [(item["name"], item["generation"]) for item in listed(api)["items"]]
    assert len(everything) == 6 and everything == sorted(everything)

    pages, token = [], {}
    while True:
        page = listed(api, maxResults="1", **token)
        pages += [(item["name"], item["generation"]) for item in page.get("items", [])]
        if "nextPageToken" not in page:
            break
        token = {"pageToken": page["nextPageToken"]}
    assert pages == everything
    assert listed(api, delimiter="/")["prefixes"] == ["run/"]
    assert {item["name"] for item in listed(api, prefix="run/")["items"]} == {"run/a", "run/b"}


def test_the_oldest_are_dropped_when_they_are_too_many(api, monkeypatch):
    monkeypatch.setattr(soft_deleted, "MOST_BYTES", 25)
    monkeypatch.setattr(soft_deleted, "MOST_OBJECTS", 4)
    for number in range(4):
        api.put(PERSISTENT, f"large-{number}", b"0123456789")
        api.call("DELETE", f"{API}/{PERSISTENT}/o/large-{number}")
    assert [item["name"] for item in listed(api)["items"]] == ["large-2", "large-3"]

    api.put(PERSISTENT, "too-large", b"0" * 26)
    api.call("DELETE", f"{API}/{PERSISTENT}/o/too-large")
    assert [item["name"] for item in listed(api)["items"]] == ["large-2", "large-3"]
    for number in range(4):
        api.put(PERSISTENT, f"small-{number}", b"0")
        api.call("DELETE", f"{API}/{PERSISTENT}/o/small-{number}")
    assert [item["name"] for item in listed(api)["items"]] == [f"small-{number}" for number in range(4)]


def test_those_whose_time_is_over_are_dropped_before_older_ones(api, monkeypatch):
    monkeypatch.setattr(soft_deleted, "MOST_OBJECTS", 3)
    api.change(PERSISTENT, softDeletePolicy={"retentionDurationSeconds": str(90 * DAY)})
    for bucket, name in ((PERSISTENT, "long"), (SCRATCH, "short-1"), (SCRATCH, "short-2")):
        api.put(bucket, name, b"data")
        api.call("DELETE", f"{API}/{bucket}/o/{name}")
    api.clock.advance(8 * DAY)
    api.put(PERSISTENT, "new", b"data")
    api.call("DELETE", f"{API}/{PERSISTENT}/o/new")

    assert [item["name"] for item in listed(api)["items"]] == ["long", "new"]
    assert "items" not in listed(api, SCRATCH)


@pytest.mark.parametrize("look_before", [True, False])
@pytest.mark.parametrize(("before", "after", "kept"), [(7, 0, True), (0, 90, False)])
def test_a_change_is_about_what_is_deleted_afterwards(api, look_before, before, after, kept):
    def keep_for(days):
        return api.change(SCRATCH, softDeletePolicy={"retentionDurationSeconds": str(days * DAY)})

    keep_for(before)
    api.put(SCRATCH, "a", b"data")
    api.clock.advance(8 * DAY)
    if look_before:
        listed(api, SCRATCH)
    keep_for(after)

    assert bool(generations(api, "a", SCRATCH)) == kept


def test_an_expired_object_stays_so_when_the_rule_is_removed(api):
    api.put(SCRATCH, "a", b"data")
    api.clock.advance(8 * DAY)
    api.change(SCRATCH, lifecycle=None)

    assert api.get(SCRATCH, "a").status == 404


def test_the_source_of_a_move_is_not_kept_and_what_it_replaces_is(api):
    api.put(PERSISTENT, "a", b"moved")
    api.put(PERSISTENT, "b", b"replaced")
    assert api.call("POST", f"{API}/{PERSISTENT}/o/a/moveTo/o/b").status == 200

    assert [item["name"] for item in listed(api)["items"]] == ["b"]


def test_a_restored_object_has_its_own_storage_class(api):
    api.put(PERSISTENT, "a", b"data")
    api.call("DELETE", f"{API}/{PERSISTENT}/o/a")
    api.change(PERSISTENT, storageClass="NEARLINE")

    assert restore(api, "a", generations(api, "a")[0]).json["storageClass"] == "STANDARD"


@pytest.mark.parametrize("restarts", [False, True])
def test_what_was_deleted_first_is_dropped_first_however_late_it_was_noticed(root, tmp_path, monkeypatch, restarts):
    monkeypatch.setattr(soft_deleted, "MOST_OBJECTS", 2)
    (tmp_path / "state").mkdir()
    api = Api(root, tmp_path / "spill", tmp_path / "state")
    api.put(SCRATCH, "expired", b"data")
    api.clock.advance(8 * DAY)
    api.put(PERSISTENT, "deleted", b"data")
    api.call("DELETE", f"{API}/{PERSISTENT}/o/deleted")
    api.get(SCRATCH, "expired")  # notices that it has expired, a day before
    if restarts:
        api.store.close()
        offset = 8 * DAY
        api = Api(root, tmp_path / "spill", tmp_path / "state")
        api.clock.advance(offset)
    api.put(PERSISTENT, "last", b"data")
    api.call("DELETE", f"{API}/{PERSISTENT}/o/last")

    assert [item["name"] for item in listed(api)["items"]] == ["deleted", "last"]
    api.store.close()


def test_a_drop_that_fails_leaves_the_new_object_and_a_store_that_works(api, monkeypatch):
    monkeypatch.setattr(soft_deleted, "MOST_OBJECTS", 1)
    api.put(PERSISTENT, "a", b"first")
    api.put(PERSISTENT, "a", b"second")
    with monkeypatch.context() as failing:
        failing.setattr(api.store, "_drop_data", lambda stored: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            api.put(PERSISTENT, "a", b"third")

    assert api.get(PERSISTENT, "a").json == b"third"
    api.put(PERSISTENT, "a", b"fourth")
    assert api.call("DELETE", f"{API}/{PERSISTENT}/o/a").status == 204
    assert len(listed(api)["items"]) == 1


def test_queues_do_not_grow_with_what_is_gone(api, monkeypatch):
    monkeypatch.setattr(soft_deleted, "MOST_OBJECTS", 10)
    for number in range(2000):
        api.put(PERSISTENT, f"{number % 20}", b"data")
    kept = api.store._soft_deleted

    assert len(kept._by_when) + len(kept._by_until) < 1100
    assert len(listed(api)["items"]) == 10


def test_a_deleted_bucket_takes_what_it_kept_with_it(root, tmp_path):
    (tmp_path / "state").mkdir()
    api = Api(root, tmp_path / "spill", tmp_path / "state")
    api.put(PERSISTENT, "a", b"0" * 100_000)
    api.call("DELETE", f"{API}/{PERSISTENT}/o/a")
    assert len(list((tmp_path / "state" / "data").iterdir())) == 1

    assert api.call("DELETE", f"{API}/{PERSISTENT}").status == 204
    assert list((tmp_path / "state" / "data").iterdir()) == []
    api.store.close()


def test_a_state_directory_keeps_soft_deleted_objects_until_their_time_is_over(root, tmp_path):
    def again():
        return Api(root, tmp_path / "spill", tmp_path / "state")

    (tmp_path / "state").mkdir()
    contents = {"small": os.urandom(1000), "large": os.urandom(100_000)}
    api = again()
    for name, content in contents.items():
        api.put(PERSISTENT, name, content)
        api.put(PERSISTENT, name, b"wrong")
    api.call("DELETE", f"{API}/{PERSISTENT}/o/small")
    before = listed(api)["items"]
    api.store.close()

    api = again()
    assert listed(api)["items"] == before and len(before) == 3
    for name, content in contents.items():
        assert restore(api, name, generations(api, name)[0]).status == 200
        assert api.get(PERSISTENT, name).json == content
    api.store.close()

    api = again()
    api.clock.advance(8 * DAY)
    for name in contents:
        assert api.get(PERSISTENT, name).json == contents[name]
    api.call("DELETE", f"{API}/{PERSISTENT}/o/large")
    assert len(listed(api)["items"]) == 1
    assert [path.stat().st_size for path in (tmp_path / "state" / "data").iterdir()] == [100_000]
    api.store.close()


CLIENT = """
import datetime
from google.cloud import storage
bucket = storage.Client().bucket("leap-persistent")
blob = bucket.blob("funky-user/soft/a.txt")
blob.upload_from_string("first")
generation = blob.generation
blob.delete()
assert list(bucket.list_blobs(prefix="funky-user/soft/")) == []
(found,) = bucket.list_blobs(prefix="funky-user/soft/", soft_deleted=True)
assert found.hard_delete_time - found.soft_delete_time == datetime.timedelta(days=7)
found = bucket.get_blob(blob.name, generation=generation, soft_deleted=True)
assert found.soft_delete_time is not None
restored = bucket.restore_blob(blob.name, generation=generation)
assert restored.download_as_bytes() == b"first" and restored.generation != generation
"""


def test_googles_client_restores_an_object(fakehub):
    done = fakehub("--", sys.executable, "-W", "ignore", "-c", CLIENT)

    assert done.returncode == 0, done.stderr


def test_only_who_may_write_can_restore(start_server, root, tmp_path):
    server = start_server(tmp_path / "server", hub_yml=facts_with(root, tmp_path, PERSISTENT, hub="read"))
    api = ServerApi(server)
    refused = api.call("POST", f"{object_path(PERSISTENT, 'a')}/restore?generation=1")
    server.process.terminate()
    server.process.wait()

    assert refused.status_code == 403 and "storage.objects.restore" in refused.text
