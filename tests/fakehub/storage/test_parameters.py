"""The values of parameters, entity tags as conditions, and names of buckets, in both APIs."""

import itertools
import json
import sys

import pytest
from api_client import API, UPLOAD, Api, object_path
from xml_client import error, raw

from fakehub.errors import GoogleError
from fakehub.storage.bucket_access import is_bucket_name
from fakehub.storage.conditions import boolean, check_tags, number
from fakehub.storage.json_api.values import check_values

BUCKET, NAME = "leap-scratch", "tagged"


@pytest.fixture(scope="module")
def api(server) -> Api:
    running = Api(server)
    for name in ("page/1", "page/2", "page/3/", "page/3/a"):
        running.put(BUCKET, name)
    return running


def refusal(call, *arguments, **more):
    try:
        call(*arguments, **more)
    except GoogleError as error:
        return error.status
    return None


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("versions", ["true", "True", "FALSE", "1", "0", "t", "no", ""], ["2", "truely", "on", " "]),
        ("includeTrailingDelimiter", ["true"], ["maybe"]),
        ("prettyPrint", ["false"], ["pretty"]),
        ("projection", ["full", "noAcl", ""], ["Full", "all"]),
        ("alt", ["json", "media"], ["xml"]),
        ("predefinedAcl", ["private", "publicReadWrite"], ["nobody"]),
        ("destinationPredefinedAcl", ["bucketOwnerRead"], ["publicReadWrite"]),
        ("maxResults", ["1", "4294967295"], ["0", "4294967296", "-1", "1.5", "many", "²"]),
        ("generation", ["0", "-1", str(2**63 - 1)], [str(2**63), str(-(2**63) - 1), "1e3", "+1", "x", "٣"]),
        ("ifGenerationMatch", ["0", "-5"], ["none"]),
        ("ifSourceMetagenerationNotMatch", ["1"], ["one"]),
        ("maxBytesRewrittenPerCall", ["1048576", "3145728"], ["1048575", "0", "-1048576", "1048577", "x"]),
        ("rewriteToken", [""], ["a"]),
        ("prefix", ["anything"], []),
    ],
)
def test_a_parameter_has_these_values_and_no_others(name, right, wrong):
    assert [value for value in right if refusal(check_values, {name: value})] == []
    assert [value for value in wrong if refusal(check_values, {name: value}) != 400] == []


def test_numbers_have_64_bits():
    assert number("n", str(2**63 - 1)) == 2**63 - 1
    assert refusal(number, "n", str(2**63)) == 400


@pytest.mark.parametrize(("text", "value"), [("True", True), ("YES", True), ("1", True), ("0", False), ("", False)])
def test_truth_values_have_several_words(text, value):
    assert boolean(text) is value
    assert boolean(None) is False


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (f"{API}/{BUCKET}/o?versions=perhaps", "versions"),
        (f"{API}/{BUCKET}/o?maxResults=-1", "maxResults"),
        (f"{API}?project=leap-pangeo&maxResults=x", "maxResults"),
        (f"{API}/{BUCKET}?projection=none", "projection"),
        (f"{object_path(BUCKET, 'page/1')}?alt=proto", "alt"),
    ],
)
def test_the_refusal_of_a_value_names_the_parameter(api, path, name):
    response = api.call("GET", path)

    (detail,) = response.json()["error"]["errors"]
    assert (response.status_code, detail["reason"], detail["location"]) == (400, "invalidParameter", name)


def test_a_refused_value_stores_nothing(api):
    path = f"{UPLOAD}/{BUCKET}/o?uploadType=media&name=valued&projection=none"
    assert api.call("POST", path, data=b"x").status_code == 400
    assert api.get(BUCKET, "valued").status_code == 404


def test_a_page_has_as_many_results_as_wanted(api):
    assert len(api.listing(BUCKET, prefix="page/", maxResults="4294967295")["items"]) == 4
    assert len(api.listing(BUCKET, prefix="page/", maxResults="3")["items"]) == 3


@pytest.mark.parametrize("word", ["true", "True", "1"])
def test_a_listing_reads_truth_values_as_clients_write_them(api, word):
    page = api.listing(BUCKET, prefix="page/", delimiter="/", includeTrailingDelimiter=word)
    assert "page/3/" in [item["name"] for item in page["items"]]
    old = api.listing("leap-persistent", versions=word)
    assert old["kind"] == "storage#objects"


def test_a_rewrite_has_no_token(api):
    path = f"{object_path(BUCKET, 'page/1')}/rewriteTo/b/{BUCKET}/o/page-copy"
    assert api.call("POST", path, params={"rewriteToken": "made-up"}).status_code == 400
    assert api.call("POST", path, params={"maxBytesRewrittenPerCall": "1000"}).status_code == 400
    assert api.get(BUCKET, "page-copy").status_code == 404
    assert api.call("POST", path, params={"maxBytesRewrittenPerCall": "1048576"}).json()["done"] is True


# Entity tags


@pytest.mark.parametrize(
    ("header", "met"),
    [("tag", True), ('"tag"', True), ('W/"tag"', True), ('"other", "tag"', True), ("*", True), ("other", False)],
)
def test_conditions_on_entity_tags(header, met):
    assert refusal(check_tags, {"If-Match": header}, "tag", reading=True) == (None if met else 412)
    assert refusal(check_tags, {"If-None-Match": header}, "tag", reading=True) == (304 if met else None)
    assert refusal(check_tags, {"If-None-Match": header}, "tag", reading=False) == (412 if met else None)
    assert refusal(check_tags, {"x-If-Match": header}, "tag", False, "x-") == (None if met else 412)
    assert refusal(check_tags, {}, "tag", reading=True) is None


@pytest.fixture
def tag(api) -> str:
    """The entity tag of a new object in the JSON API."""
    return api.put(BUCKET, NAME, b"tagged data").json()["etag"]


def test_both_ways_to_read_an_object_have_its_tag(api, tag):
    assert api.get(BUCKET, NAME).headers["ETag"] == tag
    assert api.get(BUCKET, NAME, alt="media").headers["ETag"] == tag


def test_the_xml_api_has_another_tag(server, api, tag):
    other = server.call("GET", f"/{BUCKET}/{NAME}").headers["ETag"]
    assert other.strip('"') not in {tag, ""}
    assert server.call("GET", f"/{BUCKET}/{NAME}", headers={"If-None-Match": other}).status_code == 304
    assert server.call("GET", f"/{BUCKET}/{NAME}", headers={"If-None-Match": tag}).status_code == 200
    assert api.call("GET", object_path(BUCKET, NAME), headers={"If-None-Match": other}).status_code == 200


@pytest.mark.parametrize("query", ["", "?alt=media"])
def test_a_reader_may_name_the_tag(api, tag, query):
    path = object_path(BUCKET, NAME) + query
    answers = itertools.product(("If-Match", "If-None-Match"), (tag, "other"))
    statuses = [api.call("GET", path, headers={header: value}).status_code for header, value in answers]
    assert statuses == [200, 412, 304, 200]


@pytest.mark.parametrize(("verb", "done"), [("PATCH", 200), ("PUT", 200), ("DELETE", 204)])
def test_a_change_may_name_the_tag(api, tag, verb, done):
    path = object_path(BUCKET, NAME)
    assert api.call(verb, path, headers={"If-Match": "other"}, json={}).status_code == 412
    assert api.call(verb, path, headers={"If-None-Match": tag}, json={}).status_code == 412
    assert api.get(BUCKET, NAME).json()["etag"] == tag
    assert api.call(verb, path, headers={"If-Match": tag}, json={}).status_code == done


def test_a_bucket_has_a_tag_too(api):
    tag = api.call("GET", f"{API}/{BUCKET}").json()["etag"]
    assert api.call("GET", f"{API}/{BUCKET}").headers["ETag"] == tag
    assert api.call("GET", f"{API}/{BUCKET}", headers={"If-None-Match": tag}).status_code == 304
    assert api.call("GET", f"{API}/{BUCKET}", headers={"If-Match": "other"}).status_code == 412


# Names of buckets


@pytest.mark.parametrize(
    ("name", "valid"),
    [
        ("abc", True),
        ("a_b-c.d9", True),
        ("9" * 63, True),
        (f"{'a' * 63}.{'b' * 63}.{'c' * 63}.{'d' * 30}", True),
        ("ab", False),
        ("a" * 64, False),
        (f"{'a' * 63}.{'b' * 63}.{'c' * 63}.{'d' * 31}", False),
        (f"{'a' * 64}.b", False),
        ("Upper", False),
        ("-abc", False),
        ("abc-", False),
        ("a..b", False),
        ("a b", False),
        ("äbc", False),
    ],
)
def test_a_bucket_may_have_these_names(name, valid):
    assert is_bucket_name(name) is valid


def test_a_name_that_no_bucket_has_is_invalid_rather_than_missing(server, api):
    response = api.call("GET", f"{API}/No_Such_Bucket/o")
    assert (response.status_code, response.json()["error"]["message"]) == (400, "Invalid bucket name: 'No_Such_Bucket'")
    assert raw(server, "GET", "/No_Such_Bucket/a")[0] == 400
    assert error(server.call("GET", "/No_Such_Bucket/a"))[0] == "InvalidBucketName"


_CLIENT = """
import json
from google.api_core.exceptions import GoogleAPICallError
from google.cloud import storage

def outcome(action):
    try:
        return action()
    except GoogleAPICallError as error:
        return error.code

bucket = storage.Client().bucket("leap-scratch")
blob = bucket.blob("client/a")
blob.upload_from_string("data")
blob.reload()
tag = blob.etag
bucket.blob("client/").upload_from_string("")
print(json.dumps([
    outcome(lambda: blob.download_as_text(if_etag_match=tag)),
    outcome(lambda: blob.download_as_text(if_etag_match="other")),
    outcome(lambda: blob.download_as_text(if_etag_not_match=tag)),
    outcome(lambda: blob.reload(if_etag_match="other")),
    sorted(it.name for it in bucket.list_blobs(prefix="client", delimiter="/", include_trailing_delimiter=True)),
    [it.name for it in bucket.list_blobs(prefix="client/a", versions=True)],
]))
"""


def test_googles_client_names_tags_and_truth_values_in_its_own_way(fakehub):
    run = fakehub("--", sys.executable, "-c", _CLIENT)

    assert json.loads(run.stdout) == ["data", 412, 304, 412, ["client/"], ["client/a"]], run.stderr
