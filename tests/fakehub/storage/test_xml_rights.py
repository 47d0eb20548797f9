"""Permissions in the XML API, and the requests that it refuses."""

import pytest
from xml_client import BUCKET, error, parsed, put

pytestmark = pytest.mark.filterwarnings("ignore:Unverified HTTPS request")


# Access control lists


def test_an_access_control_list_names_the_owner(server, path):
    put(server, path)

    root = parsed(server.call("GET", f"{path}?acl").content)

    entries = [(entry.findtext("Scope/EmailAddress"), entry.findtext("Permission")) for entry in root.iter("Entry")]
    assert ("hub-user@leap-pangeo.iam.gserviceaccount.com", "FULL_CONTROL") in entries
    assert parsed(server.call("GET", f"{BUCKET}?acl").content).tag == "AccessControlList"


def test_a_predefined_list_is_accepted_if_it_opens_nothing(server, path):
    put(server, path, headers={"x-goog-acl": "private"})
    public = put(server, path, headers={"x-goog-acl": "public-read"})

    root = parsed(server.call("GET", f"{path}?acl").content)

    assert len(list(root.iter("Entry"))) == 1
    assert (public.status_code, error(public)[0]) == (400, "NotImplemented")


# Permissions


def test_without_a_token_access_is_denied(server, path):
    put(server, path)

    refused = server.call("GET", path, token=None)

    assert (refused.status_code, error(refused)[0]) == (403, "AccessDenied")
    assert error(refused)[1].startswith("Anonymous caller does not have storage.objects.get access")


def test_a_token_that_was_never_issued_is_401(server, path):
    refused = server.call("GET", path, token="ya29.nobody-issued-this")

    assert (refused.status_code, error(refused)[0]) == (401, "AuthenticationRequired")


@pytest.mark.parametrize(
    ("method", "query"), [("PUT", ""), ("POST", "?uploads"), ("DELETE", ""), ("PUT", "?copy"), ("POST", "?resumable")]
)
def test_the_read_only_bucket_refuses_the_hub(server, path, method, query):
    put(server, path)
    headers = {"?copy": {"x-goog-copy-source": path}, "?resumable": {"x-goog-resumable": "start"}}.get(query, {})
    target = "/leap-persistent-ro/a" + (query if query == "?uploads" else "")

    refused = server.call(method, target, headers=headers)

    assert (refused.status_code, error(refused)[0]) == (403, "AccessDenied")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "POST"])
def test_an_unknown_bucket_is_404(server, method):
    refused = server.call(method, "/no-such-bucket/a")

    assert (refused.status_code, error(refused)[0]) == (404, "NoSuchBucket")


@pytest.mark.parametrize("target", ["GET ?retention", "PUT /a?acl", "POST /a?compose", "PATCH /a", "POST "])
def test_a_request_that_is_not_implemented_is_refused_with_a_status_that_no_client_repeats(server, target):
    method, _, rest = target.partition(" ")

    refused = server.call(method, BUCKET + rest)

    assert (refused.status_code, error(refused)[0]) == (400, "NotImplemented")


@pytest.mark.parametrize(
    ("part", "answer"),
    [
        ("location", "<LocationConstraint>US-CENTRAL1</LocationConstraint>"),
        ("storageClass", "<StorageClass>STANDARD</StorageClass>"),
        ("billing", "<BillingConfiguration><RequesterPays>Disabled</RequesterPays></BillingConfiguration>"),
        ("versioning", "<VersioningConfiguration></VersioningConfiguration>"),
        (
            "lifecycle",
            "<LifecycleConfiguration><Rule><Action><Delete/></Action><Condition><Age>7</Age></Condition></Rule>"
            "</LifecycleConfiguration>",
        ),
        ("cors", "<CorsConfig/>"),
        ("logging", "<Logging/>"),
        ("website", "<WebsiteConfiguration/>"),
    ],
)
def test_the_parts_of_a_bucket_are_shown_to_those_who_may_see_the_bucket(server, part, answer):
    shown = server.call("GET", f"{BUCKET}?{part}")
    hidden = server.call("GET", f"{BUCKET}?{part}", token=None)

    assert (shown.status_code, shown.text) == (200, f"<?xml version='1.0' encoding='UTF-8'?>{answer}")
    assert (hidden.status_code, error(hidden)[0]) == (403, "AccessDenied")
    assert error(server.call("GET", f"/no-such-bucket?{part}"))[0] == "NoSuchBucket"


@pytest.mark.parametrize(
    ("target", "permission"),
    [
        ("PUT ?lifecycle", "storage.buckets.update"),
        ("DELETE ?tagging", "storage.buckets.update"),
        ("PUT ?acl", "storage.buckets.setIamPolicy"),
        ("GET ?retention", "storage.buckets.get"),
        ("DELETE ", "storage.buckets.delete"),
        ("POST ", "storage.objects.create"),
        ("PUT /a?tagging", "storage.objects.update"),
        ("GET /a?tagging", "storage.objects.get"),
    ],
)
def test_a_permission_comes_before_what_is_not_implemented(server, target, permission):
    method, _, rest = target.partition(" ")

    refused = server.call(method, BUCKET + rest, token=None)

    assert (refused.status_code, error(refused)[0]) == (403, "AccessDenied")
    assert f"does not have {permission} access" in error(refused)[1]


@pytest.mark.parametrize("target", ["GET /", "PUT /new-bucket"])
def test_the_hub_may_neither_list_nor_create_buckets(server, target):
    method, _, path = target.partition(" ")

    refused = server.call(method, path)

    assert (refused.status_code, error(refused)[0]) == (403, "AccessDenied")
