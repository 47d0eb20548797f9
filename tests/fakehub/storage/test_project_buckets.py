"""Buckets that an owner of the project makes while the stand-in runs, and that nobody else can make."""

from __future__ import annotations

import pytest
from accounts_client import token_of
from direct_api import API, UPLOAD, Api
from xml_client import error, parsed

pytestmark = pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
PROJECT, NEW = "leap-pangeo", "made-bucket"
DAY = 86400


class OwnersApi(Api):
    """The JSON API for the owner of the project, who can make buckets."""

    def __init__(self, root, folder, state=None) -> None:
        super().__init__(root, folder, state, "owner")

    def make(self, name=NEW, persona="", query=(), **settings):
        return self.call("POST", API, {"name": name} | settings, persona, project=PROJECT, **dict(query))


@pytest.fixture
def api(root, tmp_path):
    return OwnersApi(root, tmp_path)


def test_a_new_bucket_has_googles_defaults_and_takes_objects(api):
    made = api.make().json

    assert (made["location"], made["locationType"], made["storageClass"]) == ("US", "multi-region", "STANDARD")
    assert made["iamConfiguration"]["uniformBucketLevelAccess"] == {"enabled": False}
    assert not {"versioning", "lifecycle", "labels", "billing"} & made.keys()
    assert api.call("GET", f"{API}/{NEW}").json == made
    assert api.put(NEW, "a").json["storageClass"] == "STANDARD"
    assert [item["name"] for item in api.call("GET", f"{API}/{NEW}/o").json["items"]] == ["a"]


def test_the_settings_of_a_new_bucket_have_their_effect(api):
    made = api.make(
        location="europe-west1",
        storageClass="NEARLINE",
        labels={"team": "ocean"},
        versioning={"enabled": True},
        billing={"requesterPays": True},
        lifecycle={"rule": [{"action": {"type": "Delete"}, "condition": {"age": 3}}]},
        iamConfiguration={"uniformBucketLevelAccess": {"enabled": True}, "publicAccessPrevention": "enforced"},
    ).json

    assert (made["location"], made["locationType"], made["storageClass"]) == ("EUROPE-WEST1", "region", "NEARLINE")
    assert (made["labels"], made["versioning"], made["billing"]) == (
        {"team": "ocean"},
        {"enabled": True},
        {"requesterPays": True},
    )
    assert made["iamConfiguration"]["publicAccessPrevention"] == "enforced"
    for _ in range(2):
        assert api.put(NEW, "a").json["storageClass"] == "NEARLINE"
    assert len(api.call("GET", f"{API}/{NEW}/o", versions="true").json["items"]) == 2
    uniform = api.put(NEW, "b", predefinedAcl="private")
    assert uniform.status == 400 and "uniform bucket-level access" in uniform.message
    api.clock.advance(3 * DAY)
    assert "items" not in api.call("GET", f"{API}/{NEW}/o").json


def test_requesters_pay_except_for_the_owner_of_the_project(api):
    api.put("leap-scratch", "a")
    paid = {"billing": {"requesterPays": True}}
    assert api.call("PATCH", f"{API}/leap-scratch", paid, "hub").status == 200

    refused = api.call("GET", f"{API}/leap-scratch/o/a", persona="hub")
    assert refused.message == "Bucket is a requester pays bucket but no user project provided."
    assert api.call("GET", f"{API}/leap-scratch/o/a", persona="hub", userProject=PROJECT).status == 200
    assert api.call("GET", f"{API}/leap-scratch/o/a").status == 200
    assert api.call("GET", f"{API}/leap-scratch/o/a", userProject="other-project").status == 403
    assert api.call("GET", f"{API}/river-discharge-archive/o").status == 400


def test_every_setting_can_be_changed_later(api):
    api.make()

    changed = api.call(
        "PATCH",
        f"{API}/{NEW}",
        {
            "storageClass": "COLDLINE",
            "billing": {"requesterPays": True},
            "iamConfiguration": {"uniformBucketLevelAccess": {"enabled": True}},
        },
    ).json

    assert (changed["storageClass"], changed["billing"]) == ("COLDLINE", {"requesterPays": True})
    assert changed["iamConfiguration"]["uniformBucketLevelAccess"] == {"enabled": True}
    assert changed["metageneration"] == "2"
    free = api.call("PATCH", f"{API}/{NEW}", {"billing": None}).json
    assert "billing" not in free


def test_predefined_lists_are_shown(api):
    lists = {"predefinedAcl": "private", "predefinedDefaultObjectAcl": "bucketOwnerRead"}
    made = api.make(query=lists | {"projection": "full"}).json

    assert (len(made.get("acl", [])), len(made["defaultObjectAcl"])) == (0, 1)
    assert len(api.call("GET", f"{API}/{NEW}/defaultObjectAcl").json["items"]) == 1
    refused = api.make("open-bucket", query={"predefinedAcl": "publicRead"})
    assert (refused.status, refused.message) == (400, "The stand-in does not answer predefinedAcl=publicRead.")
    uniform = {"uniformBucketLevelAccess": {"enabled": True}}
    assert api.make("uniform", query=lists, iamConfiguration=uniform).status == 400


@pytest.mark.parametrize("persona", ["hub", "laptop", "hpc-member", "hpc-outsider", "service-account"])
def test_nobody_else_makes_or_lists_buckets_or_enters_new_ones(api, persona):
    refused = [api.make(persona=persona), api.call("GET", API, persona=persona, project=PROJECT)]
    api.make()
    refused += [
        api.call("GET", f"{API}/{NEW}", persona=persona),
        api.call("GET", f"{API}/{NEW}/o", persona=persona),
        api.put(NEW, "a", persona=persona),
        api.call("PATCH", f"{API}/{NEW}", {"labels": {}}, persona),
        api.call("DELETE", f"{API}/{NEW}", persona=persona),
    ]

    assert [answer.status for answer in refused] == [403] * 7
    assert "does not have storage.buckets.create access to the Google Cloud project" in refused[0].message
    assert "does not have storage.objects.create access" in refused[4].message


def test_without_an_account_it_is_401(api):
    assert api.make(persona="anonymous").status == 401


def test_only_the_hubs_project_can_be_named(api):
    assert api.call("POST", API, {"name": NEW}).message == "Required parameter: project"
    assert api.call("POST", API, {"name": NEW}, project="other-project").status == 403
    assert api.call("GET", API, project="other-project").status == 403
    assert api.call("POST", API, {"name": NEW}, project="1").status == 200


def test_the_list_has_the_buckets_of_the_project(api):
    api.make()

    names = [item["name"] for item in api.call("GET", API, project=PROJECT).json["items"]]

    assert names == ["leap-persistent", "leap-persistent-ro", "leap-scratch", NEW]


@pytest.mark.parametrize(
    ("name", "status", "words"),
    [
        ("", 400, "Required parameter: name"),
        ("Upper", 400, "Invalid bucket name: 'Upper'"),
        ("go", 400, "Invalid bucket name: 'go'"),
        ("googled", 400, "Invalid bucket name: 'googled'"),
        ("my-google-data", 400, "Invalid bucket name: 'my-google-data'"),
        ("leap-scratch", 409, "Your previous request to create the named bucket succeeded and you already own it."),
        (
            "river-discharge-archive",
            409,
            "The requested bucket name is not available. The bucket namespace is shared by all",
        ),
    ],
)
def test_a_name_is_valid_and_free(api, name, status, words):
    answer = api.make(name)

    assert (answer.status, answer.message[: len(words)]) == (status, words)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"location": 7}, "The specified location constraint is not valid: 7"),
        ({"location": "here, please"}, "The specified location constraint is not valid: 'here, please'"),
        ({"storageClass": "HOT"}, "Invalid value for storageClass: "),
        ({"labels": {"Team": "x"}}, "Invalid value for labels: "),
        (
            {"retentionPolicy": {"retentionPeriod": "10"}},
            "The stand-in does not answer a bucket with the property reten",
        ),
        (
            {"hierarchicalNamespace": {"enabled": True}},
            "The stand-in does not answer a bucket with the property hierar",
        ),
    ],
)
def test_a_bucket_that_is_refused_is_not_made(api, settings, words):
    answer = api.make(**settings)

    assert (answer.status, answer.message[: len(words)]) == (400, words)
    assert api.call("GET", f"{API}/{NEW}").status == 404


def test_features_that_are_off_may_be_named(api):
    made = api.make(hierarchicalNamespace={"enabled": False}, cors=[], encryption=None).json

    assert made["hierarchicalNamespace"] == {"enabled": False}
    assert "hierarchicalNamespace" not in api.make("another").json


def test_the_whole_resource_with_its_lists_may_be_sent_again(api):
    whole = api.make(query={"projection": "full"}, labels={"team": "ocean"}).json

    changed = api.call("PUT", f"{API}/{NEW}", whole | {"labels": {"team": "ice"}})

    assert (changed.status, changed.json["labels"], changed.json["rpo"]) == (200, {"team": "ice"}, "DEFAULT")
    assert api.call("PUT", f"{API}/{NEW}", whole | {"acl": whole["acl"][:1]}).status == 400


def test_a_bucket_that_was_deleted_can_be_made_again_and_is_another(api):
    first = api.make().json
    api.clock.advance(1)
    upload = api.call("POST", f"{UPLOAD}/{NEW}/o", b"{}", uploadType="resumable", name="late")
    session = upload.headers["X-GUploader-UploadID"]

    assert api.call("DELETE", f"{API}/{NEW}").status == 204
    assert api.call("PUT", f"{UPLOAD}/{NEW}/o", b"data", uploadType="resumable", upload_id=session).status == 404
    second = api.make().json

    assert second["timeCreated"] > first["timeCreated"]
    assert "items" not in api.call("GET", f"{API}/{NEW}/o").json


def test_a_bucket_of_the_hub_that_is_made_again_is_no_longer_the_hubs(api):
    assert api.call("DELETE", f"{API}/leap-scratch", persona="hub").status == 204
    assert api.make("leap-scratch", "hub").status == 403

    api.make("leap-scratch")

    assert api.put("leap-scratch", "a").status == 200
    assert api.put("leap-scratch", "b", persona="hub").status == 403
    policy = api.call("GET", f"{API}/leap-scratch/iam").json["bindings"]
    assert [binding["role"] for binding in policy] == [
        "roles/storage.legacyBucketOwner",
        "roles/storage.legacyBucketReader",
    ]


def test_new_buckets_are_in_the_state_directory(root, tmp_path):
    before = OwnersApi(root, tmp_path / "spill", tmp_path / "state")
    settings = {"labels": {"team": "ocean"}, "versioning": {"enabled": True}, "location": "EU"}
    made = before.make(**settings).json
    before.put(NEW, "a")
    before.make("passing")
    before.call("DELETE", f"{API}/passing")
    before.call("DELETE", f"{API}/leap-scratch")
    before.make("leap-scratch")
    before.put("leap-scratch", "b")
    before.store.close()

    for _ in range(2):  # a second start reads what the first may have rewritten
        after = OwnersApi(root, tmp_path / "spill", tmp_path / "state")

        assert after.call("GET", f"{API}/{NEW}").json == made
        assert after.call("GET", f"{API}/{NEW}/o/a", alt="media").json == b"data"
        assert after.call("GET", f"{API}/passing").status == 404
        assert after.call("GET", f"{API}/leap-scratch/o/b", alt="media").json == b"data"
        after.store.close()
        assert after.put("leap-scratch", "c", persona="hub").status == 403
        after.store.close()


def test_a_bucket_has_no_notifications(api):
    assert api.call("GET", f"{API}/leap-scratch/notificationConfigs").json == {"kind": "storage#notifications"}


def test_the_project_has_a_service_account_of_the_storage(api):
    path = f"/storage/v1/projects/{PROJECT}/serviceAccount"

    assert api.call("GET", path).json["email_address"].endswith("@gs-project-accounts.iam.gserviceaccount.com")
    assert api.call("GET", path, persona="hub").status == 403


def test_an_entity_tag_protects_a_bucket(api):
    tag = api.make().headers["ETag"]

    for form in ("{}", '"{}"', "*"):
        changed = api.call("PATCH", f"{API}/{NEW}", {}, headers={"If-Match": form.format(tag)})
        assert changed.status == 200
        tag = changed.headers["ETag"]
    assert api.call("PATCH", f"{API}/{NEW}", {}, headers={"If-Match": "other"}).status == 412
    assert api.call("DELETE", f"{API}/{NEW}", headers={"If-Match": "other"}).status == 412
    assert api.call("DELETE", f"{API}/{NEW}", headers={"If-Match": "*"}).status == 204


@pytest.fixture(scope="module")
def owner(tmp_path_factory, start_server):
    """Return a function that sends a request with the owner's token."""
    server = start_server(tmp_path_factory.mktemp("owner"), persona="owner")
    token = token_of(server, "owner")
    yield lambda method, path, **options: server.call(method, path, token=token, **options)
    server.process.terminate()
    server.process.wait()


def test_the_xml_api_makes_lists_and_deletes_buckets(owner):
    body = (
        "<CreateBucketConfiguration><LocationConstraint>EU</LocationConstraint>"
        "<StorageClass>NEARLINE</StorageClass></CreateBucketConfiguration>"
    )
    assert owner("PUT", "/xml-bucket", data=body, headers={"x-goog-project-id": PROJECT}).status_code == 200
    assert owner("PUT", "/plain-bucket").status_code == 200

    listed = parsed(owner("GET", "/").content)
    names = [node.text for node in listed.iter("{http://doc.s3.amazonaws.com/2006-03-01}Name")]
    assert {"xml-bucket", "plain-bucket", "leap-scratch"} <= set(names) and names == sorted(names)
    assert parsed(owner("GET", "/xml-bucket?location").content).text == "EU"
    owner("PUT", "/xml-bucket/a", data=b"data")
    assert owner("GET", "/xml-bucket/a").headers["x-goog-storage-class"] == "NEARLINE"
    assert owner("DELETE", "/plain-bucket").status_code == 204
    assert owner("GET", "/plain-bucket/a").status_code == 404


@pytest.mark.parametrize(
    ("name", "options", "status", "code"),
    [
        ("leap-scratch", {}, 409, "BucketAlreadyOwnedByYou"),
        ("cmip6", {}, 409, "BucketAlreadyExists"),
        ("other-project-bucket", {"headers": {"x-goog-project-id": "other-project"}}, 403, "AccessDenied"),
        ("broken-bucket", {"data": b"<Create"}, 400, "MalformedXML"),
        ("far-bucket", {"data": b"<C><LocationConstraint>!</LocationConstraint></C>"}, 400, "InvalidArgument"),
    ],
)
def test_the_xml_api_refuses_in_its_own_words(owner, name, options, status, code):
    response = owner("PUT", f"/{name}", **options)

    assert (response.status_code, error(response)[0]) == (status, code)
