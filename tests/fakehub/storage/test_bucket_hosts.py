"""Buckets with their own host, ``BUCKET.storage.googleapis.com``, through which the XML API answers."""

import json
import sys

import pytest
from api_client import signing_facts
from isolation_modes import both_modes
from xml_client import Upload, error, parsed

HOST = {"Host": "leap-scratch.storage.googleapis.com"}
S3 = "{http://s3.amazonaws.com/doc/2006-03-01/}"


@pytest.fixture
def name(path) -> str:
    """The path of an object at its bucket's host."""
    return path.removeprefix("/leap-scratch")


@pytest.mark.parametrize("prefix", ["", "/storage/v1/b", "/upload/storage/v1", "/batch"])
def test_an_object_is_the_same_at_both_addresses(server, name, prefix):
    assert server.call("PUT", prefix + name, data=b"data", headers=HOST).status_code == 200

    assert server.call("GET", f"/leap-scratch{prefix}{name}").content == b"data"
    assert server.call("GET", prefix + name, headers=HOST).content == b"data"
    assert server.call("DELETE", prefix + name, headers=HOST).status_code == 204
    assert server.call("GET", f"/leap-scratch{prefix}{name}").status_code == 404


def test_the_path_without_a_name_is_the_bucket(server, name):
    server.call("PUT", name, data=b"data", headers=HOST)

    listing = parsed(server.call("GET", f"/?prefix={name[1:]}", headers=HOST).content)
    assert [node.text for node in listing.iter() if node.tag.endswith("}Key")] == [name[1:]]
    assert server.call("GET", "/?location", headers=HOST).text.endswith(">US-CENTRAL1</LocationConstraint>")


def test_an_unknown_buckets_host_and_a_missing_right_are_refused(server):
    unknown = server.call("GET", "/object", headers={"Host": "no-such-bucket.storage.googleapis.com"})
    assert (unknown.status_code, error(unknown)[0]) == (404, "NoSuchBucket")
    refused = server.call("GET", "/object", token=None, headers=HOST)
    assert (refused.status_code, error(refused)[0]) == (403, "AccessDenied")


def test_uploads_continue_at_the_buckets_host(server, name):
    started = server.call("POST", name, headers=HOST | {"x-goog-resumable": "start"})
    address = started.headers["Location"]
    assert address.startswith(f"https://leap-scratch.storage.googleapis.com{name}?upload_id=")
    query = address.partition("?")[2]
    assert server.call("PUT", f"{name}?{query}", data=b"resumed", headers=HOST).status_code == 200
    assert server.call("GET", name, headers=HOST).content == b"resumed"

    upload = Upload(server, name, headers=HOST)
    tag = upload.part(1, b"part", headers=HOST).headers["ETag"]
    body = f"<C><Part><PartNumber>1</PartNumber><ETag>{tag}</ETag></Part></C>"
    done = server.call("POST", f"{name}?uploadId={upload.id}", data=body, headers=HOST)
    assert parsed(done.content).findtext(f"{S3}Location") == f"https://leap-scratch.storage.googleapis.com{name}"


PROGRAM = """
import json, os, pathlib, requests, subprocess
from google.cloud import storage
import google.auth, google.auth.transport.requests
credentials, _ = google.auth.default()
credentials.refresh(google.auth.transport.requests.Request())
blob = storage.Client().bucket("leap-scratch").blob("a folder/signed")
blob.upload_from_string("signed")
signing = {"service_account_email": credentials.service_account_email, "access_token": credentials.token}
url = blob.generate_signed_url(expiration=60, version="v4", virtual_hosted_style=True, **signing)
print(json.dumps([url.partition("?")[0], requests.get(url).text,
    subprocess.run(["curl", "-s", url], capture_output=True, text=True).stdout]))
"""


@both_modes
def test_a_signed_address_at_the_buckets_host_works_in_both_modes(fakehub, mode, root, tmp_path):
    run = fakehub("--mode", mode, "--hub-yml", signing_facts(root, tmp_path), "--", sys.executable, "-c", PROGRAM)

    host = "https://leap-scratch.storage.googleapis.com"
    assert json.loads(run.stdout) == [f"{host}/a%20folder/signed", "signed", "signed"], run.stderr
