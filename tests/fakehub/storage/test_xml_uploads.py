"""Multipart and resumable uploads through the XML API."""

import pytest
from xml_client import S3, Upload, error, parsed

pytestmark = pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
MIB = 1024 * 1024


# Multipart uploads


def test_parts_in_any_order_become_one_object(server, path):
    upload = Upload(server, path, headers={"Content-Type": "text/plain", "x-goog-meta-a": "b"})
    last = upload.part(2, b"the end").headers["ETag"]
    first = upload.part(1, b"x" * 5 * MIB).headers["ETag"]
    hidden = server.call("HEAD", path)

    done = upload.complete((1, first), (2, last))
    answer = server.call("GET", path)

    assert hidden.status_code == 404
    root = parsed(done.content)
    assert root.tag == f"{S3}CompleteMultipartUploadResult"
    assert root.findtext(f"{S3}ETag") == answer.headers["ETag"]
    assert answer.content == b"x" * 5 * MIB + b"the end"
    assert (answer.headers["Content-Type"], answer.headers["x-goog-meta-a"]) == ("text/plain", "b")


def test_an_object_of_parts_has_a_crc32c_and_no_md5(server, path):
    upload = Upload(server, path)
    upload.complete((1, upload.part(1, b"only").headers["ETag"]))

    head = server.call("HEAD", path)
    shown = server.call("GET", f"/storage/v1/b/leap-scratch/o/{path.rpartition('/')[2]}").json()

    assert head.headers["x-goog-hash"].startswith("crc32c=")
    assert "md5=" not in head.headers["x-goog-hash"]
    assert "md5Hash" not in shown


def test_a_part_sent_again_replaces_the_first(server, path):
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


def test_uploads_in_progress_are_listed(server):
    uploads = [Upload(server, f"/leap-persistent/under-way/{name}") for name in ("b", "a", "a")]
    expected = [("under-way/a", uploads[1].id), ("under-way/a", uploads[2].id), ("under-way/b", uploads[0].id)]

    listed, more = [], ""
    while more is not None:
        page = server.call("GET", f"/leap-persistent?uploads&prefix=under-way/&max-uploads=1{more}")
        root = parsed(page.content)
        listed += [(row.findtext(f"{S3}Key"), row.findtext(f"{S3}UploadId")) for row in root.findall(f"{S3}Upload")]
        name, upload_id = root.findtext(f"{S3}NextKeyMarker"), root.findtext(f"{S3}NextUploadIdMarker")
        more = f"&key-marker={name}&upload-id-marker={upload_id}" if name else None

    assert listed == expected


def test_an_aborted_upload_is_gone(server, path):
    upload = Upload(server, path)
    tag = upload.part(1, b"data").headers["ETag"]

    assert server.call("DELETE", f"{path}?uploadId={upload.id}").status_code == 204
    assert error(upload.part(2, b"more"))[0] == "NoSuchUpload"
    assert error(upload.complete((1, tag)))[0] == "NoSuchUpload"


def test_an_upload_is_for_one_object_only(server, path):
    upload = Upload(server, path)
    upload.path += "-other"

    assert error(upload.part(1, b"data"))[0] == "NoSuchUpload"


@pytest.mark.parametrize("number", [0, 10_001, "one", -1])
def test_a_part_number_out_of_range_is_refused(server, path, number):
    assert error(Upload(server, path).part(number, b"x"))[0] == "InvalidArgument"


def test_a_corrupted_part_is_refused(server, path):
    assert error(Upload(server, path).part(1, b"x", headers={"x-goog-hash": "crc32c=AAAAAA=="}))[0] == "BadDigest"


@pytest.mark.parametrize("body", ["", "<CompleteMultipartUpload>", "<!DOCTYPE a><a/>", "{}", "\0"])
def test_a_body_that_is_not_xml_is_refused(server, path, body):
    upload = Upload(server, path)

    refused = server.call("POST", f"{path}?uploadId={upload.id}", data=body)

    assert (refused.status_code, error(refused)[0]) == (400, "MalformedXML")


# Resumable uploads


def start_resumable(server, path, **headers):
    started = server.call("POST", path, headers={"x-goog-resumable": "start"} | headers)
    assert started.status_code == 201
    return started.headers["Location"].removeprefix("https://storage.googleapis.com")


def test_a_resumable_upload_continues_after_a_lost_connection(server, path):
    size = 262144 + 1000
    session = start_resumable(server, path, **{"Content-Type": "text/plain"})

    # A chunk needs no token: the session's address is enough.
    chunk = {"Content-Range": f"bytes 0-262143/{size}"}
    part = server.call("PUT", session, data=b"a" * 262144, headers=chunk, token=None)
    status = server.call("PUT", session, headers={"Content-Range": f"bytes */{size}"}, token=None)
    hidden = server.call("HEAD", path)
    rest = {"Content-Range": f"bytes 262144-{size - 1}/{size}"}
    done = server.call("PUT", session, data=b"b" * 1000, headers=rest, token=None)
    stored = server.call("GET", path)

    assert [(answer.status_code, answer.headers["Range"]) for answer in (part, status)] == [(308, "bytes=0-262143")] * 2
    assert hidden.status_code == 404
    assert done.headers["x-goog-generation"] == stored.headers["x-goog-generation"]
    assert (stored.content, stored.headers["Content-Type"]) == (b"a" * 262144 + b"b" * 1000, "text/plain")


def test_a_cancelled_resumable_upload_is_gone(server, path):
    session = start_resumable(server, path)

    assert server.call("DELETE", session).status_code == 499
    assert error(server.call("PUT", session, data=b"x"))[0] == "NoSuchUpload"
