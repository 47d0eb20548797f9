"""Listings through the XML API: complete, in order, in pages; and deleting many objects in one request."""

from urllib.parse import quote

import pytest
from xml_client import BUCKET, LISTING, error, listing, pages, parsed, put

pytestmark = pytest.mark.filterwarnings("ignore:Unverified HTTPS request")


def test_a_listing_shows_each_object(server):
    stored = put(server, f"{BUCKET}/shown/a b", b"12345")

    names, _, root = listing(server, "list-type=2&prefix=shown/")
    entry = root.find(f"{LISTING}Contents")

    assert names == ["shown/a b"]
    assert entry.findtext(f"{LISTING}Size") == "5"
    assert entry.findtext(f"{LISTING}ETag") == stored.headers["ETag"]
    assert entry.findtext(f"{LISTING}Generation") == stored.headers["x-goog-generation"]
    assert entry.findtext(f"{LISTING}LastModified").endswith("Z")
    assert (root.findtext(f"{LISTING}Name"), root.findtext(f"{LISTING}KeyCount")) == ("leap-scratch", "1")
    assert root.findtext(f"{LISTING}IsTruncated") == "false"


@pytest.fixture(scope="module")
def tree(server):
    """Forty folders with two objects each, and one object after them."""
    names = [f"list/{i:03d}/{kind}" for i in range(40) for kind in "ab"] + ["list/z"]
    for name in names:
        put(server, f"{BUCKET}/{name}")
    return sorted(names)


@pytest.mark.parametrize(
    ("version", "token", "parameter"),
    [("list-type=2&", "NextContinuationToken", "continuation-token"), ("", "NextMarker", "marker")],
)
def test_a_listing_in_pages_is_complete_and_in_order(server, tree, version, token, parameter):
    flat = pages(server, f"{version}prefix=list/&max-keys=7", token, parameter)
    deep = pages(server, f"{version}prefix=list/&delimiter=/&max-keys=9", token, parameter)

    assert flat == (tree, [], 12)
    assert deep == (["list/z"], [f"list/{i:03d}/" for i in range(40)], 5)


def test_a_listing_starts_after_a_name(server, tree):
    names, _, _ = listing(server, "list-type=2&prefix=list/&start-after=list/038/b")

    assert names == ["list/039/a", "list/039/b", "list/z"]


def test_names_are_encoded_on_request(server):
    put(server, f"{BUCKET}/encoded/{quote('a b&Ω', safe='')}")

    names, _, root = listing(server, "list-type=2&prefix=encoded/&encoding-type=url")

    assert names == ["encoded/a%20b%26%CE%A9"]
    assert root.findtext(f"{LISTING}EncodingType") == "url"


@pytest.mark.parametrize(
    "query", ["list-type=3", "max-keys=many", "max-keys=-1", "encoding-type=base64", "list-type=2&continuation-token=!"]
)
def test_a_listing_with_invalid_parameters_is_400(server, query):
    assert error(server.call("GET", f"{BUCKET}?{query}"))[0] == "InvalidArgument"


def test_many_objects_are_deleted_in_one_request(server):
    for name in ("many/a", "many/b<", "many/c"):
        put(server, f"{BUCKET}/{quote(name)}")
    keys = "".join(f"<Object><Key>{key}</Key></Object>" for key in ("many/a", "many/b&lt;", "many/never"))

    answer = server.call("POST", f"{BUCKET}?delete", data=f"<Delete>{keys}</Delete>")

    root = parsed(answer.content)
    deleted = [node.findtext(f"{LISTING}Key") for node in root.findall(f"{LISTING}Deleted")]
    assert (answer.status_code, deleted) == (200, ["many/a", "many/b<", "many/never"])
    assert listing(server, "list-type=2&prefix=many/")[0] == ["many/c"]


def test_a_refused_deletion_is_reported_for_each_object(server):
    data = "<Delete><Quiet>true</Quiet><Object><Key>a</Key></Object></Delete>"

    answer = server.call("POST", "/leap-persistent-ro?delete", data=data)

    root = parsed(answer.content)
    assert [node.findtext(f"{LISTING}Code") for node in root.findall(f"{LISTING}Error")] == ["AccessDenied"]
