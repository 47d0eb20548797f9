"""Changes of buckets and their deletion, which members of the hub are allowed: requests of real clients and by hand."""

from __future__ import annotations

import subprocess
import sys

import pytest
from direct_api import API, Api
from xml_client import error

pytestmark = pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
SCRATCH, READ_ONLY = "leap-scratch", "leap-persistent-ro"
DAY = 86400


@pytest.fixture
def api(root, tmp_path):
    return Api(root, tmp_path)


def resource(api, bucket=SCRATCH):
    answer = api.call("GET", f"{API}/{bucket}")
    assert answer.status == 200, answer.json
    return answer.json


def age(resource):
    """Return after how many days the bucket deletes its objects, ``None`` if it does not."""
    rules = resource.get("lifecycle", {}).get("rule", [])
    return rules[0]["condition"]["age"] if rules else None


def rule(days, **more):
    return {"rule": [{"action": {"type": "Delete"}, "condition": {"age": days} | more}]}


def kept_for(seconds):
    return {"retentionDurationSeconds": seconds}


def test_a_member_changes_labels_one_by_one(api):
    api.change(labels={"team": "ocean", "cost": "shared"})

    answer = api.change(labels={"team": None, "year": "2026"}).json

    assert answer["labels"] == resource(api)["labels"] == {"cost": "shared", "year": "2026"}
    assert "labels" not in api.change(labels=None).json


def test_every_change_starts_a_metageneration(api):
    before = resource(api)

    api.clock.advance(1)  # times are shown in milliseconds
    after = api.change(labels={"team": "ocean"}).json

    assert (before["metageneration"], after["metageneration"]) == ("1", "2")
    assert before["etag"] == "CAE=" and after["etag"] == "CAI="
    assert before["updated"] < after["updated"]
    assert after["timeCreated"] == before["timeCreated"]
    assert resource(api, "leap-persistent")["metageneration"] == "1"


def test_a_bucket_deletes_by_the_rule_that_a_member_sets(api):
    api.put(SCRATCH, "kept")
    assert age(resource(api)) == 7

    assert age(api.change(lifecycle=rule(30)).json) == 30
    api.clock.advance(20 * DAY)
    assert api.get(SCRATCH, "kept").status == 200
    assert age(api.change(lifecycle=None).json) is None
    api.clock.advance(20 * DAY)
    assert api.get(SCRATCH, "kept").status == 200
    assert age(api.change(lifecycle=rule(0)).json) == 0
    assert api.get(SCRATCH, "kept").status == 404


def test_of_several_rules_the_shortest_age_counts(api):
    both = {"rule": [*rule(9)["rule"], *rule(3)["rule"]]}

    assert age(api.change(lifecycle=both).json) == 3


def test_versioning_can_be_turned_on_and_off(api):
    assert api.change(versioning={"enabled": True}).json["versioning"] == {"enabled": True}
    api.put(SCRATCH, "kept", b"first")
    api.put(SCRATCH, "kept", b"second")
    assert "versioning" not in api.change(versioning={"enabled": False}).json

    listed = api.call("GET", f"{API}/{SCRATCH}/o", versions="true").json["items"]

    assert [item["size"] for item in listed] == ["5", "6"]


def test_an_update_resets_what_it_leaves_out(api):
    api.change(labels={"team": "ocean"})
    whole = resource(api)
    del whole["labels"], whole["lifecycle"]

    after = api.change(verb="PUT", **whole, versioning={"enabled": True}).json

    assert "labels" not in after and age(after) is None and after["versioning"] == {"enabled": True}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"labels": "ocean"}, "Invalid value for labels: it is an object."),
        ({"labels": {"Team": "ocean"}}, "Invalid value for labels: 'Team' needs"),
        ({"labels": {"team": "Ocean"}}, "Invalid value for labels: 'team' needs"),
        ({"labels": {"1team": "ocean"}}, "Invalid value for labels: '1team' needs"),
        ({"labels": {"t" * 64: "ocean"}}, "Invalid value for labels: "),
        ({"labels": {"team": "o" * 64}}, "Invalid value for labels: 'team' needs"),
        ({"labels": {"team": 1}}, "Invalid value for labels: 'team' needs"),
        ({"labels": {f"label{n}": "" for n in range(65)}}, "Invalid value for labels: a bucket has 64 labels at most."),
        ({"lifecycle": []}, "Invalid value for lifecycle: it is an object."),
        ({"lifecycle": {"rule": "delete"}}, "Invalid value for lifecycle: its rules are a list."),
        ({"lifecycle": rule(-1)}, "Invalid value for lifecycle: an age is a number of days."),
        ({"lifecycle": rule(True)}, "Invalid value for lifecycle: an age is a number of days."),
        ({"lifecycle": rule(3, matchesPrefix=["tmp/"])}, "The stand-in does not answer a lifecycle rule other than"),
        ({"versioning": {"enabled": "yes"}}, "Invalid value for versioning: it is true or false."),
        ({"storageClass": "COLD"}, "Invalid value for storageClass: it is one of STANDARD, "),
        ({"billing": {"requesterPays": 1}}, "Invalid value for billing: it is true or false."),
        ({"iamConfiguration": {"uniformBucketLevelAccess": {"enabled": ""}}}, "Invalid value for iamConfiguration: "),
        ({"iamConfiguration": {"publicAccessPrevention": "always"}}, "Invalid value for iamConfiguration: "),
        ({"softDeletePolicy": 7}, "Invalid value for softDeletePolicy: it is an object."),
        ({"softDeletePolicy": kept_for("a week")}, "Invalid value for softDeletePolicy: retentionDurationSeconds is a"),
        ({"softDeletePolicy": kept_for(True)}, "Invalid value for softDeletePolicy: retentionDurationSeconds is a"),
        ({"softDeletePolicy": kept_for(86400)}, "Invalid value for softDeletePolicy: deleted objects are kept for 0"),
        ({"softDeletePolicy": kept_for(91 * 86400)}, "Invalid value for softDeletePolicy: deleted objects are kept"),
        ({"acl": [{"entity": "allUsers", "role": "READER"}]}, "The stand-in does not answer a change of acl."),
    ],
)
def test_a_change_that_is_refused_changes_nothing(api, body, words):
    before = resource(api)

    response = api.change(**body)

    assert response.status == 400, response.json
    assert response.json["error"]["message"].startswith(words)
    assert resource(api) == before


@pytest.mark.parametrize("data", [b"{", b"[]", b"null", b'"text"'])
def test_a_body_that_is_no_resource_is_refused(api, data):
    response = api.call("PATCH", f"{API}/{SCRATCH}", data)

    assert (response.status, response.json["error"]["errors"][0]["reason"]) == (400, "parseError")


def test_a_precondition_protects_a_bucket(api):
    api.change(labels={"team": "ocean"})

    assert api.change(query={"ifMetagenerationMatch": "1"}, labels={"team": "ice"}).status == 412
    assert api.call("DELETE", f"{API}/{SCRATCH}", ifMetagenerationMatch="1").status == 412
    assert resource(api)["labels"] == {"team": "ocean"}
    assert api.change(query={"ifMetagenerationMatch": "2"}, labels={"team": "ice"}).status == 200
    assert api.call("DELETE", f"{API}/{SCRATCH}", ifMetagenerationMatch="3").status == 204


def test_a_bucket_with_objects_cannot_be_deleted(api):
    api.put(SCRATCH, "kept")

    response = api.call("DELETE", f"{API}/{SCRATCH}")

    assert (response.status, response.json["error"]["errors"][0]["reason"]) == (409, "conflict")
    assert response.json["error"]["message"] == "The bucket you tried to delete is not empty."
    assert api.get(SCRATCH, "kept").json == b"data"


def test_a_bucket_whose_objects_have_expired_can_be_deleted(api):
    api.put(SCRATCH, "kept")
    api.clock.advance(8 * DAY)

    assert api.call("DELETE", f"{API}/{SCRATCH}").status == 204


def test_a_deleted_bucket_is_gone_and_members_cannot_make_it_again(api):
    assert api.call("DELETE", f"{API}/{SCRATCH}").status == 204

    for path in ("", "/o", "/o/kept", "/storageLayout"):
        assert api.call("GET", f"{API}/{SCRATCH}{path}").status == 404
    assert api.call("DELETE", f"{API}/{SCRATCH}").status == 404
    again = api.call("POST", API, {"name": SCRATCH}, project="leap-pangeo")
    assert again.status == 403 and "storage.buckets.create access" in again.json["error"]["message"]


def test_the_xml_api_deletes_an_empty_bucket(start_server, tmp_path):
    server = start_server(tmp_path / "server")
    server.call("PUT", f"/{SCRATCH}/kept", data=b"data")

    refused = server.call("DELETE", f"/{SCRATCH}")
    server.call("DELETE", f"/{SCRATCH}/kept")
    deleted, gone = server.call("DELETE", f"/{SCRATCH}"), server.call("GET", f"/{SCRATCH}/kept")
    server.process.terminate()
    server.process.wait()

    assert (refused.status_code, error(refused)[0]) == (409, "BucketNotEmpty")
    assert (deleted.status_code, error(gone)[0]) == (204, "NoSuchBucket")


@pytest.mark.parametrize("seconds", [0, 7 * DAY, 604_801, 90 * DAY])
def test_a_bucket_keeps_deleted_objects_as_long_as_a_change_says(api, seconds):
    api.clock.advance(60)
    changed = api.change(softDeletePolicy=kept_for(seconds))

    policy = changed.json["softDeletePolicy"]
    assert policy["retentionDurationSeconds"] == str(seconds)
    assert ("effectiveTime" in policy) == (seconds > 0)
    assert resource(api)["softDeletePolicy"] == policy
    whole = api.change(verb="PUT").json["softDeletePolicy"]
    assert whole["retentionDurationSeconds"] == str(7 * DAY)


def test_a_state_directory_keeps_changes_and_deletions(root, tmp_path):
    def again():
        return Api(root, tmp_path / "spill", tmp_path / "state")

    (tmp_path / "state").mkdir()
    api = again()
    api.change(labels={"team": "ocean"}, lifecycle=rule(30), versioning={"enabled": False})
    api.put(SCRATCH, "kept")
    api.put("leap-persistent", "going")
    api.call("DELETE", f"{API}/leap-persistent/o/going")
    assert api.call("DELETE", f"{API}/leap-persistent").status == 204
    before = resource(api)
    for _ in range(2):
        api.store.close()
        api = again()
        started = {name: resource(api)[name] for name in ("timeCreated", "softDeletePolicy")}
        assert resource(api) == before | started
        assert api.call("GET", f"{API}/leap-persistent").status == 404
        assert api.get(SCRATCH, "kept").json == b"data"


@pytest.mark.parametrize(("verb", "permission"), [("GET", "get"), ("PATCH", "update"), ("DELETE", "delete")])
def test_the_read_only_bucket_refuses_the_hub(api, verb, permission):
    refused = api.call(verb, f"{API}/{READ_ONLY}")

    assert refused.status == 403
    assert f"does not have storage.buckets.{permission} access" in refused.json["error"]["message"]


# What somebody with a path that ends too early does, with the program that most pages use.
WITH_GCSFS = """
import gcsfs
from google.api_core.exceptions import NotFound
from google.cloud import storage

fs = gcsfs.GCSFileSystem()
fs.pipe("leap-scratch/funky-user/a.txt", b"data")
fs.pipe("leap-scratch/someone-else/a.txt", b"data")
fs.rm("gs://leap-scratch", recursive=True)
try:
    storage.Client().get_bucket("leap-scratch")
except NotFound:
    print("gone")
"""


def test_gcsfs_deletes_a_bucket_with_everything_in_it(root):
    command = [sys.executable, "-m", "fakehub", "run", "--", sys.executable, "-c", WITH_GCSFS]

    done = subprocess.run(command, capture_output=True, text=True, timeout=100, cwd=root)

    assert (done.stdout, done.returncode) == ("gone\n", 0), done.stderr
