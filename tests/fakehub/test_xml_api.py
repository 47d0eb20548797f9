"""The XML API, asked in its own protocol: what clients rely on and what must be refused."""

import base64
import concurrent.futures
import gzip
import hashlib
import http.client
import itertools
import ssl
from urllib.parse import quote
from xml.etree import ElementTree

import pytest

pytestmark = pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
BUCKET = "/leap-scratch"
LISTING = "{http://doc.s3.amazonaws.com/2006-03-01}"
S3 = "{http://s3.amazonaws.com/doc/2006-03-01/}"
MIB = 1024 * 1024
_names = itertools.count()


@pytest.fixture
def path():
    """The path of an object that no other test has."""
    return f"{BUCKET}/object-{next(_names)}"


def put(server, path, data=b"data", **options):
    return server.call("PUT", path, data=data, **options)


def parsed(content):
    """The root of an answer."""
    return ElementTree.fromstring(content)  # noqa: S314 - the stand-in wrote it


def error(response):
    """Code and details of a refusal."""
    assert response.headers["Content-Type"].startswith("application/xml")
    root = parsed(response.content)
    assert root.tag == "Error"
    assert root.findtext("Message")
    return root.findtext("Code"), root.findtext("Details")


def listing(server, query, bucket=BUCKET):
    """Names, common prefixes and the root of one page."""
    response = server.call("GET", f"{bucket}?{query}")
    assert response.status_code == 200, response.text
    root = parsed(response.content)
    names = [node.findtext(f"{LISTING}Key") for node in root.findall(f"{LISTING}Contents")]
    prefixes = [node.findtext(f"{LISTING}Prefix") for node in root.findall(f"{LISTING}CommonPrefixes")]
    return names, prefixes, root


def raw(server, method, path, body=None):
    """One request whose path goes out as it is; status and body."""
    context = ssl.create_default_context(cafile=server.folder / "ca.pem")
    # The certificate is for Google's names, which do not lead here outside the stand-in.
    context.check_hostname = False
    connection = http.client.HTTPSConnection("127.0.0.1", server.ports["tls"], timeout=20, context=context)
    headers = {"Host": "storage.googleapis.com", "Authorization": f"Bearer {server.token()}"}
    connection.request(method, path, body, headers)
    response = connection.getresponse()
    answer = response.status, response.read()
    connection.close()
    return answer


# Objects


def test_an_object_comes_back_with_everything_said_of_it(server, path):
    headers = {"Content-Type": "text/plain", "Cache-Control": "no-cache", "Content-Language": "en"}
    headers |= {"Content-Disposition": "inline", "x-goog-meta-Colour": "blue"}

    stored = put(server, path, b"\x00\r\n\xff\r", headers=headers)
    found = server.call("GET", path)

    assert found.content == b"\x00\r\n\xff\r"
    assert {name: found.headers[name] for name in headers} == headers
    for name in ("ETag", "x-goog-generation", "x-goog-metageneration", "x-goog-hash"):
        assert stored.headers[name] == found.headers[name]
    assert stored.headers["ETag"] == f'"{hashlib.md5(found.content, usedforsecurity=False).hexdigest()}"'
    assert found.headers["x-goog-stored-content-length"] == "5"
    assert found.headers["Last-Modified"].endswith(" GMT")


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


def test_a_head_says_the_same_as_a_get_without_the_content(server, path):
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

    found = server.call("GET", path, headers={"Range": span})

    assert found.status_code == status
    if content is None:
        assert error(found)[0] == "InvalidRange"
    else:
        assert found.content == content


@pytest.mark.parametrize("name", ["a/b", "../up", "naïve/Ω.txt", "x" * 1024, "a//b", "?", "#", "a+b", "\U0001f30a"])
def test_any_name_comes_back_as_it_was(server, name):
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


def test_generation_zero_means_that_there_is_none(server, path):
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


def test_entity_tags_decide_a_get(server, path):
    tag = put(server, path).headers["ETag"]

    assert server.call("GET", path, headers={"If-Match": tag}).status_code == 200
    assert server.call("GET", path, headers={"If-Match": '"other"'}).status_code == 412
    unchanged = server.call("GET", path, headers={"If-None-Match": tag})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert server.call("GET", path, headers={"If-None-Match": '"other"'}).status_code == 200


def test_the_time_of_the_last_change_decides_a_get(server, path):
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


def test_a_copy_takes_content_and_metadata_along(server, path):
    put(server, path, b"original", headers={"Content-Type": "text/plain", "x-goog-meta-a": "b"})

    copied = put(server, f"{path}-copy", b"", headers={"x-goog-copy-source": path})
    found = server.call("GET", f"{path}-copy")

    root = parsed(copied.content)
    assert root.tag == f"{LISTING}CopyObjectResult"
    assert root.findtext(f"{LISTING}ETag") == found.headers["ETag"]
    assert (found.content, found.headers["Content-Type"], found.headers["x-goog-meta-a"]) == (
        b"original",
        "text/plain",
        "b",
    )


def test_a_copy_may_replace_the_metadata(server, path):
    put(server, path, headers={"Content-Type": "text/plain", "x-goog-meta-a": "b"})
    headers = {"x-goog-copy-source": path, "x-goog-metadata-directive": "REPLACE", "x-goog-meta-c": "d"}

    put(server, f"{path}-copy", b"", headers=headers)
    found = server.call("GET", f"{path}-copy")

    assert found.headers["x-goog-meta-c"] == "d"
    assert "x-goog-meta-a" not in found.headers
    assert found.headers["Content-Type"] == "application/octet-stream"


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
def test_a_copy_that_may_not_be_is_refused(server, path, headers, status, code):
    put(server, path)

    refused = put(server, f"{path}-copy", b"", headers={"x-goog-copy-source": path} | headers)

    assert (refused.status_code, error(refused)[0]) == (status, code)
    assert server.call("HEAD", f"{path}-copy").status_code == 404


# Listings


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


def pages(server, query, token, parameter):
    """All names and prefixes of a listing, and the number of its pages."""
    names, prefixes, count, more = [], [], 0, ""
    while True:
        page, common, root = listing(server, query + more)
        names, prefixes, count = names + page, prefixes + common, count + 1
        if root.findtext(f"{LISTING}IsTruncated") == "false":
            return names, prefixes, count
        more = f"&{parameter}={quote(root.findtext(LISTING + token), safe='')}"


@pytest.mark.parametrize(
    ("version", "token", "parameter"),
    [("list-type=2&", "NextContinuationToken", "continuation-token"), ("", "NextMarker", "marker")],
)
def test_a_listing_in_pages_is_complete_and_in_order(server, tree, version, token, parameter):
    flat = pages(server, f"{version}prefix=list/&max-keys=7", token, parameter)
    deep = pages(server, f"{version}prefix=list/&delimiter=/&max-keys=9", token, parameter)

    assert flat == (tree, [], 12)
    assert deep == (["list/z"], [f"list/{i:03d}/" for i in range(40)], 5)


def test_a_listing_begins_behind_a_name(server, tree):
    names, _, _ = listing(server, "list-type=2&prefix=list/&start-after=list/038/b")

    assert names == ["list/039/a", "list/039/b", "list/z"]


def test_names_come_encoded_when_asked(server):
    put(server, f"{BUCKET}/encoded/{quote('a b&Ω', safe='')}")

    names, _, root = listing(server, "list-type=2&prefix=encoded/&encoding-type=url")

    assert names == ["encoded/a%20b%26%CE%A9"]
    assert root.findtext(f"{LISTING}EncodingType") == "url"


@pytest.mark.parametrize(
    "query", ["list-type=3", "max-keys=many", "max-keys=-1", "encoding-type=base64", "list-type=2&continuation-token=!"]
)
def test_a_listing_that_makes_no_sense_is_400(server, query):
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


def test_a_deletion_without_the_right_is_named_for_each_object(server):
    data = "<Delete><Quiet>true</Quiet><Object><Key>a</Key></Object></Delete>"

    answer = server.call("POST", "/leap-persistent-ro?delete", data=data)

    root = parsed(answer.content)
    assert [node.findtext(f"{LISTING}Code") for node in root.findall(f"{LISTING}Error")] == ["AccessDenied"]


# Multipart uploads


class Upload:
    """A multipart upload of an object."""

    def __init__(self, server, path, **options):
        self.server, self.path = server, path
        started = server.call("POST", f"{path}?uploads", **options)
        self.id = parsed(started.content).findtext(f"{S3}UploadId")

    def part(self, number, data, **options):
        query = f"partNumber={number}&uploadId={self.id}"
        return self.server.call("PUT", f"{self.path}?{query}", data=data, **options)

    def complete(self, *parts):
        """Join the parts, given as numbers and entity tags."""
        rows = "".join(f"<Part><PartNumber>{n}</PartNumber><ETag>{tag}</ETag></Part>" for n, tag in parts)
        body = f"<CompleteMultipartUpload>{rows}</CompleteMultipartUpload>"
        return self.server.call("POST", f"{self.path}?uploadId={self.id}", data=body)


def test_parts_in_any_order_become_one_object(server, path):
    upload = Upload(server, path, headers={"Content-Type": "text/plain", "x-goog-meta-a": "b"})
    last = upload.part(2, b"the end").headers["ETag"]
    first = upload.part(1, b"x" * 5 * MIB).headers["ETag"]
    hidden = server.call("HEAD", path)

    done = upload.complete((1, first), (2, last))
    found = server.call("GET", path)

    assert hidden.status_code == 404
    root = parsed(done.content)
    assert root.tag == f"{S3}CompleteMultipartUploadResult"
    assert root.findtext(f"{S3}ETag") == found.headers["ETag"]
    assert found.content == b"x" * 5 * MIB + b"the end"
    assert (found.headers["Content-Type"], found.headers["x-goog-meta-a"]) == ("text/plain", "b")


def test_an_object_of_parts_has_a_crc32c_and_no_md5(server, path):
    upload = Upload(server, path)
    upload.complete((1, upload.part(1, b"only").headers["ETag"]))

    found = server.call("HEAD", path)
    shown = server.call("GET", f"/storage/v1/b/leap-scratch/o/{path.rpartition('/')[2]}").json()

    assert found.headers["x-goog-hash"].startswith("crc32c=")
    assert "md5=" not in found.headers["x-goog-hash"]
    assert "md5Hash" not in shown


def test_a_part_sent_again_takes_the_place_of_the_first(server, path):
    upload = Upload(server, path)
    upload.part(1, b"first")
    upload.complete((1, upload.part(1, b"second").headers["ETag"]))

    assert server.call("GET", path).content == b"second"


def test_a_small_part_before_the_last_is_refused(server, path):
    upload = Upload(server, path)
    tags = [upload.part(number, b"small").headers["ETag"] for number in (1, 2)]

    refused = upload.complete(*enumerate(tags, 1))

    details = "Part 1 has size of 5 bytes, which is smaller than min part size (5242880 bytes)."
    assert (refused.status_code, error(refused)) == (400, ("EntityTooSmall", details))
    assert server.call("HEAD", path).status_code == 404


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ([(1, "wrong")], "InvalidPart"),
        ([(7, None)], "InvalidPart"),
        ([(2, None), (1, None)], "InvalidPartOrder"),
        ([], "InvalidArgument"),
        ([("one", None)], "InvalidArgument"),
    ],
)
def test_a_wrong_list_of_parts_is_refused(server, path, parts, code):
    upload = Upload(server, path)
    tag = upload.part(1, b"same").headers["ETag"]
    upload.part(2, b"same")

    refused = upload.complete(*[(number, given or tag) for number, given in parts])

    assert (refused.status_code, error(refused)[0]) == (400, code)


def test_parts_are_listed(server, path):
    upload = Upload(server, path)
    tags = [upload.part(number, b"x" * number).headers["ETag"] for number in (3, 1, 2)]

    root = parsed(server.call("GET", f"{path}?uploadId={upload.id}&max-parts=2").content)

    listed = [(part.findtext(f"{S3}PartNumber"), part.findtext(f"{S3}Size")) for part in root.findall(f"{S3}Part")]
    assert listed == [("1", "1"), ("2", "2")]
    assert root.find(f"{S3}Part").findtext(f"{S3}ETag") == tags[1]
    assert (root.findtext(f"{S3}IsTruncated"), root.findtext(f"{S3}NextPartNumberMarker")) == ("true", "2")


def test_uploads_under_way_are_listed(server):
    uploads = [Upload(server, f"/leap-persistent/under-way/{name}") for name in ("b", "a", "a")]
    expected = [("under-way/a", uploads[1].id), ("under-way/a", uploads[2].id), ("under-way/b", uploads[0].id)]

    found, more = [], ""
    while more is not None:
        page = server.call("GET", f"/leap-persistent?uploads&prefix=under-way/&max-uploads=1{more}")
        root = parsed(page.content)
        found += [(one.findtext(f"{S3}Key"), one.findtext(f"{S3}UploadId")) for one in root.findall(f"{S3}Upload")]
        name, upload_id = root.findtext(f"{S3}NextKeyMarker"), root.findtext(f"{S3}NextUploadIdMarker")
        more = f"&key-marker={name}&upload-id-marker={upload_id}" if name else None

    assert found == expected


def test_an_aborted_upload_is_gone(server, path):
    upload = Upload(server, path)
    tag = upload.part(1, b"data").headers["ETag"]

    assert server.call("DELETE", f"{path}?uploadId={upload.id}").status_code == 204
    assert error(upload.part(2, b"more"))[0] == "NoSuchUpload"
    assert error(upload.complete((1, tag)))[0] == "NoSuchUpload"


def test_an_upload_is_of_one_object_only(server, path):
    upload = Upload(server, path)
    upload.path += "-other"

    assert error(upload.part(1, b"data"))[0] == "NoSuchUpload"


@pytest.mark.parametrize("number", [0, 10_001, "one", -1])
def test_part_numbers_have_their_bounds(server, path, number):
    assert error(Upload(server, path).part(number, b"x"))[0] == "InvalidArgument"


def test_a_corrupted_part_is_refused(server, path):
    assert error(Upload(server, path).part(1, b"x", headers={"x-goog-hash": "crc32c=AAAAAA=="}))[0] == "BadDigest"


@pytest.mark.parametrize("body", ["", "<CompleteMultipartUpload>", "<!DOCTYPE a><a/>", "{}", "\0"])
def test_a_body_that_is_no_xml_is_refused(server, path, body):
    upload = Upload(server, path)

    refused = server.call("POST", f"{path}?uploadId={upload.id}", data=body)

    assert (refused.status_code, error(refused)[0]) == (400, "MalformedXML")


# Resumable uploads


def start_resumable(server, path, **headers):
    started = server.call("POST", path, headers={"x-goog-resumable": "start"} | headers)
    assert started.status_code == 201
    return started.headers["Location"].removeprefix("https://storage.googleapis.com")


def test_a_resumable_upload_goes_on_where_the_line_dropped(server, path):
    size = 262144 + 1000
    session = start_resumable(server, path, **{"Content-Type": "text/plain"})

    # The session's address is all that its holder needs.
    chunk = {"Content-Range": f"bytes 0-262143/{size}"}
    part = server.call("PUT", session, data=b"a" * 262144, headers=chunk, token=None)
    status = server.call("PUT", session, headers={"Content-Range": f"bytes */{size}"}, token=None)
    hidden = server.call("HEAD", path)
    rest = {"Content-Range": f"bytes 262144-{size - 1}/{size}"}
    done = server.call("PUT", session, data=b"b" * 1000, headers=rest, token=None)
    found = server.call("GET", path)

    assert [(answer.status_code, answer.headers["Range"]) for answer in (part, status)] == [(308, "bytes=0-262143")] * 2
    assert hidden.status_code == 404
    assert done.headers["x-goog-generation"] == found.headers["x-goog-generation"]
    assert (found.content, found.headers["Content-Type"]) == (b"a" * 262144 + b"b" * 1000, "text/plain")


def test_a_cancelled_resumable_upload_is_gone(server, path):
    session = start_resumable(server, path)

    assert server.call("DELETE", session).status_code == 499
    assert error(server.call("PUT", session, data=b"x"))[0] == "NoSuchUpload"


# Access control lists


def test_an_access_control_list_names_the_owner(server, path):
    put(server, path)

    root = parsed(server.call("GET", f"{path}?acl").content)

    entries = [(entry.findtext("Scope/EmailAddress"), entry.findtext("Permission")) for entry in root.iter("Entry")]
    assert ("hub-user@leap-pangeo.iam.gserviceaccount.com", "FULL_CONTROL") in entries
    assert parsed(server.call("GET", f"{BUCKET}?acl").content).tag == "AccessControlList"


def test_a_predefined_list_is_taken_where_it_opens_nothing(server, path):
    put(server, path, headers={"x-goog-acl": "private"})
    public = put(server, path, headers={"x-goog-acl": "public-read"})

    root = parsed(server.call("GET", f"{path}?acl").content)

    assert len(list(root.iter("Entry"))) == 1
    assert (public.status_code, error(public)[0]) == (501, "NotImplemented")


# Rights


def test_without_a_token_access_is_denied(server, path):
    put(server, path)

    refused = server.call("GET", path, token=None)

    assert (refused.status_code, error(refused)[0]) == (403, "AccessDenied")
    assert error(refused)[1].startswith("Anonymous caller does not have storage.objects.get access")


def test_a_token_nobody_issued_is_401(server, path):
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
def test_there_is_no_such_bucket(server, method):
    refused = server.call(method, "/no-such-bucket/a")

    assert (refused.status_code, error(refused)[0]) == (404, "NoSuchBucket")


@pytest.mark.parametrize("target", ["GET ?cors", "PUT /a?acl", "POST /a?compose", "PATCH /a", "DELETE "])
def test_what_is_not_answered_is_refused(server, target):
    method, _, rest = target.partition(" ")

    refused = server.call(method, BUCKET + rest)

    assert (refused.status_code, error(refused)[0]) == (501, "NotImplemented")


@pytest.mark.parametrize("target", ["GET /", "PUT /new-bucket"])
def test_the_hub_has_no_rights_on_buckets_as_such(server, target):
    method, _, path = target.partition(" ")

    refused = server.call(method, path)

    assert (refused.status_code, error(refused)[0]) == (403, "AccessDenied")
