"""Objects through the XML API: content and headers, conditions, and copies."""

import base64
import concurrent.futures
import gzip
import hashlib
from urllib.parse import quote

import pytest
from xml_client import BUCKET, LISTING, error, parsed, put, raw

pytestmark = pytest.mark.filterwarnings("ignore:Unverified HTTPS request")


# Objects


def test_an_object_is_returned_with_all_its_headers(server, path):
    headers = {"Content-Type": "text/plain", "Cache-Control": "no-cache", "Content-Language": "en"}
    headers |= {"Content-Disposition": "inline", "x-goog-meta-Colour": "blue"}

    stored = put(server, path, b"\x00\r\n\xff\r", headers=headers)
    answer = server.call("GET", path)

    assert answer.content == b"\x00\r\n\xff\r"
    assert {name: answer.headers[name] for name in headers} == headers
    for name in ("ETag", "x-goog-generation", "x-goog-metageneration", "x-goog-hash"):
        assert stored.headers[name] == answer.headers[name]
    assert stored.headers["ETag"] == f'"{hashlib.md5(answer.content, usedforsecurity=False).hexdigest()}"'
    assert answer.headers["x-goog-stored-content-length"] == "5"
    assert answer.headers["Last-Modified"].endswith(" GMT")


def test_an_object_may_be_stored_compressed(server, path):
    compressed = gzip.compress(b"plain")

    put(server, path, compressed, headers={"Content-Encoding": "gzip"})
    sent_as_stored = server.call("GET", path, headers={"Accept-Encoding": "gzip"}, stream=True)
    decompressed = server.call("GET", path, headers={"Accept-Encoding": "identity"})

    assert sent_as_stored.raw.read(decode_content=False) == compressed
    assert (decompressed.content, "Content-Encoding" in decompressed.headers) == (b"plain", False)


def test_both_apis_show_the_same_object(server, path):
    stored = put(server, path, headers={"x-goog-meta-a": "b", "Content-Type": "text/csv"})

    shown = server.call("GET", f"/storage/v1/b/leap-scratch/o/{path.rpartition('/')[2]}").json()

    assert shown["generation"] == stored.headers["x-goog-generation"]
    assert (shown["metadata"], shown["contentType"]) == ({"a": "b"}, "text/csv")
    assert f"md5={shown['md5Hash']}" in stored.headers["x-goog-hash"]


def test_a_head_has_the_headers_of_a_get(server, path):
    put(server, path, b"0123456789")

    got, head = server.call("GET", path), server.call("HEAD", path)

    assert head.content == b""
    for name in ("Content-Length", "ETag", "x-goog-hash", "Last-Modified"):
        assert head.headers[name] == got.headers[name]


@pytest.mark.parametrize(
    ("span", "status", "content"),
    [("bytes=0-3", 206, b"0123"), ("bytes=4-", 206, b"456789"), ("bytes=-3", 206, b"789"), ("bytes=10-", 416, None)],
)
def test_ranges(server, path, span, status, content):
    put(server, path, b"0123456789")

    answer = server.call("GET", path, headers={"Range": span})

    assert answer.status_code == status
    if content is None:
        assert error(answer)[0] == "InvalidRange"
    else:
        assert answer.content == content


@pytest.mark.parametrize("name", ["a/b", "../up", "naïve/Ω.txt", "x" * 1024, "a//b", "?", "#", "a+b", "\U0001f30a"])
def test_any_name_is_accepted(server, name):
    target = f"{BUCKET}/names/{quote(name, safe='')}" if len(name) < 1000 else f"{BUCKET}/{name}"

    put(server, target, b"named")

    assert server.call("GET", target).content == b"named"


@pytest.mark.parametrize("encoded", ["obs%2Db", "%6Fbs-b", "obs-b", "o%62s%2db"])
def test_names_may_be_encoded_in_any_way(server, encoded):
    put(server, f"{BUCKET}/obs-b", b"one object")

    assert raw(server, "GET", f"/leap%2Dscratch/{encoded}") == (200, b"one object")


@pytest.mark.parametrize("name", ["%FF", "x" * 1025, "line%0Abreak"])
def test_names_that_google_refuses_are_refused(server, name):
    status, body = raw(server, "PUT", f"{BUCKET}/{name}", b"x")

    assert status == 400
    assert b"<Error><Code>" in body


@pytest.mark.parametrize("header", ["Content-MD5", "x-goog-hash"])
def test_a_wrong_checksum_stores_nothing(server, path, header):
    wrong = base64.b64encode(hashlib.md5(b"other", usedforsecurity=False).digest()).decode()

    refused = put(server, path, headers={header: wrong if header == "Content-MD5" else f"md5={wrong}"})

    assert (refused.status_code, error(refused)[0]) == (400, "BadDigest")
    assert server.call("GET", path).status_code == 404


def test_a_deleted_object_is_gone(server, path):
    put(server, path)

    assert server.call("DELETE", path).status_code == 204
    assert error(server.call("DELETE", path)) == ("NoSuchKey", f"No such object: {path.removeprefix('/')}")


# Conditions


def test_generation_zero_means_that_the_object_does_not_exist(server, path):
    first = put(server, path, headers={"x-goog-if-generation-match": "0"})
    second = put(server, path, b"other", headers={"x-goog-if-generation-match": "0"})

    assert (first.status_code, second.status_code) == (200, 412)
    assert error(second)[0] == "PreconditionFailed"
    assert server.call("GET", path).content == b"data"


@pytest.mark.parametrize("header", ["x-goog-if-generation-match", "x-goog-if-metageneration-match"])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_an_unmet_precondition_changes_nothing(server, path, header, method):
    before = put(server, path).headers["x-goog-generation"]

    assert server.call(method, path, headers={header: "7"}).status_code == 412
    assert server.call("HEAD", path).headers["x-goog-generation"] == before


def test_a_get_may_depend_on_the_entity_tag(server, path):
    tag = put(server, path).headers["ETag"]

    assert server.call("GET", path, headers={"If-Match": tag}).status_code == 200
    assert server.call("GET", path, headers={"If-Match": '"other"'}).status_code == 412
    unchanged = server.call("GET", path, headers={"If-None-Match": tag})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert server.call("GET", path, headers={"If-None-Match": '"other"'}).status_code == 200


def test_a_get_may_depend_on_the_time_of_the_last_change(server, path):
    put(server, path)
    changed = server.call("HEAD", path).headers["Last-Modified"]
    long_ago = "Thu, 01 Jan 1970 00:00:00 GMT"

    assert server.call("GET", path, headers={"If-Modified-Since": changed}).status_code == 304
    assert server.call("GET", path, headers={"If-Modified-Since": long_ago}).status_code == 200
    assert server.call("GET", path, headers={"If-Unmodified-Since": changed}).status_code == 200
    assert server.call("GET", path, headers={"If-Unmodified-Since": long_ago}).status_code == 412


def test_of_many_writers_with_a_precondition_exactly_one_wins(server):
    token, headers = server.token(), {"x-goog-if-generation-match": "0"}
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        for turn in range(10):
            writes = [
                pool.submit(put, server, f"{BUCKET}/race-{turn}", b"%d" % i, headers=headers, token=token)
                for i in range(8)
            ]
            assert sorted(write.result().status_code for write in writes) == [200] + [412] * 7


# Copies


def test_a_copy_has_the_content_and_metadata_of_its_source(server, path):
    put(server, path, b"original", headers={"Content-Type": "text/plain", "x-goog-meta-a": "b"})

    copied = put(server, f"{path}-copy", b"", headers={"x-goog-copy-source": path})
    copy = server.call("GET", f"{path}-copy")

    root = parsed(copied.content)
    assert root.tag == f"{LISTING}CopyObjectResult"
    assert root.findtext(f"{LISTING}ETag") == copy.headers["ETag"]
    assert (copy.content, copy.headers["Content-Type"], copy.headers["x-goog-meta-a"]) == (
        b"original",
        "text/plain",
        "b",
    )


def test_a_copy_may_replace_the_metadata(server, path):
    put(server, path, headers={"Content-Type": "text/plain", "x-goog-meta-a": "b"})
    headers = {"x-goog-copy-source": path, "x-goog-metadata-directive": "REPLACE", "x-goog-meta-c": "d"}

    put(server, f"{path}-copy", b"", headers=headers)
    copy = server.call("GET", f"{path}-copy")

    assert copy.headers["x-goog-meta-c"] == "d"
    assert "x-goog-meta-a" not in copy.headers
    assert copy.headers["Content-Type"] == "application/octet-stream"


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"x-goog-copy-source": "/leap-scratch/never-there"}, 404, "NoSuchKey"),
        ({"x-goog-copy-source": "/no-such-bucket/a"}, 404, "NoSuchBucket"),
        ({"x-goog-copy-source": "/leap-scratch"}, 400, "InvalidArgument"),
        ({"x-goog-metadata-directive": "SOME"}, 400, "InvalidArgument"),
        ({"x-goog-copy-source-if-generation-match": "7"}, 412, "PreconditionFailed"),
        ({"x-goog-copy-source-if-match": '"other"'}, 412, "PreconditionFailed"),
        ({"x-goog-if-generation-match": "7"}, 412, "PreconditionFailed"),
    ],
)
def test_an_invalid_copy_is_refused(server, path, headers, status, code):
    put(server, path)

    refused = put(server, f"{path}-copy", b"", headers={"x-goog-copy-source": path} | headers)

    assert (refused.status_code, error(refused)[0]) == (status, code)
    assert server.call("HEAD", f"{path}-copy").status_code == 404


@pytest.mark.parametrize("method", ["PUT", "POST"])
@pytest.mark.parametrize("header", ["x-goog-encryption-algorithm", "x-goog-encryption-kms-key-name"])
def test_an_upload_with_a_key_is_refused_instead_of_stored_without_it(server, path, method, header):
    address = path if method == "PUT" else f"{path}?uploads"
    refused = server.call(method, address, data=b"", headers={header: "AES256"})

    assert (refused.status_code, error(refused)[0]) == (400, "NotImplemented")
    assert f"the header {header}" in error(refused)[1]
    assert server.call("HEAD", path).status_code == 404


def test_a_form_with_a_policy_is_refused_by_that_name(server):
    form = {"key": (None, "a"), "policy": (None, "e30="), "file": ("a", b"data")}

    refused = server.call("POST", "/leap-scratch", token=None, files=form)

    assert (refused.status_code, error(refused)[0]) == (400, "NotImplemented")
    assert "a form with a policy document" in error(refused)[1]
