"""Descriptions of what requests did to buckets: objects with their heads, and requests by kind."""

import gzip

import pytest

from fakehub.control.client import Control
from fakehub.storage.inspection import MOST_OBJECTS, described, head_of, newest
from fakehub.storage.operations import Operation, operation_of

pytestmark = pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
HOST = "storage.googleapis.com"
OBJECT = "/storage/v1/b/leap-scratch/o/a%2Fb"
UPLOAD = "/upload/storage/v1/b/leap-scratch/o"


def entry(generation, size=3, metageneration=1):
    """Return an object as the stand-in lists it."""
    kind = {"type": "text/plain", "head": "abc", "hex": False}
    return {"version": [generation, metageneration], "size": size} | kind


def row(method="GET", path=f"{OBJECT}?alt=media", status=200, host=HOST, sent=0, received=0):
    """Return a line of the request log."""
    return {
        "method": method,
        "host": host,
        "path": path,
        "status": status,
        "bytes_in": sent,
        "bytes_out": received,
    }


@pytest.mark.parametrize(
    ("method", "path", "what"),
    [
        ("GET", f"{OBJECT}?alt=media", "Read object"),
        ("GET", f"/download{OBJECT}?alt=media", "Read object"),
        ("GET", OBJECT, "Look up object"),
        ("HEAD", OBJECT, "Look up object"),
        ("GET", "/storage/v1/b/leap-scratch/o?prefix=a/", "List objects"),
        ("GET", "/storage/v1/b/leap-scratch", "Look up bucket"),
        ("PATCH", "/storage/v1/b/leap-scratch", "Change bucket"),
        ("DELETE", OBJECT, "Delete object"),
        ("PATCH", OBJECT, "Change metadata"),
        ("POST", f"{OBJECT}/rewriteTo/b/leap-scratch/o/c", "Copy object"),
        ("POST", f"{OBJECT}/compose", "Combine objects"),
        ("POST", f"{UPLOAD}?uploadType=multipart", "Write object"),
        ("POST", f"{UPLOAD}?uploadType=media&name=a", "Write object"),
        ("POST", f"{UPLOAD}?uploadType=resumable&name=a", "Start upload"),
        ("PUT", f"{UPLOAD}?uploadType=resumable&upload_id=REDACTED", "Write part of object"),
        ("DELETE", f"{UPLOAD}?uploadType=resumable&upload_id=REDACTED", "Cancel upload"),
        ("GET", "/leap-scratch/a/b", "Read object"),
        ("HEAD", "/leap-scratch/a/b", "Look up object"),
        ("PUT", "/leap-scratch/a/b", "Write object"),
        ("DELETE", "/leap-scratch/a/b", "Delete object"),
        ("GET", "/leap-scratch?list-type=2&prefix=a", "List objects"),
        ("HEAD", "/leap-scratch/", "Look up bucket"),
        ("GET", "/leap-scratch?location", "Look up bucket"),
        ("POST", "/leap-scratch?delete", "Delete several objects"),
        ("POST", "/leap-scratch/a?uploads", "Start upload"),
        ("PUT", "/leap-scratch/a?partNumber=1&uploadId=REDACTED", "Write part of object"),
        ("POST", "/leap-scratch/a?uploadId=REDACTED", "Finish upload"),
        ("DELETE", "/leap-scratch/a?uploadId=REDACTED", "Cancel upload"),
        ("PUT", "/leap-scratch/a?upload_id=REDACTED", "Write part of object"),
    ],
)
def test_a_request_is_named_after_what_it_does(method, path, what):
    assert operation_of(method, HOST, path) == Operation(what, "gs://leap-scratch")


@pytest.mark.parametrize(
    ("host", "path", "operation"),
    [
        (HOST, "/batch/storage/v1", Operation("Batch of requests", "")),
        (HOST, "/storage/v1/b?project=guide", Operation("List buckets", "")),
        (f"leap-scratch.{HOST}:443", "/a/b", Operation("Read object", "gs://leap-scratch")),
        ("www.googleapis.com", f"{OBJECT}?alt=media", Operation("Read object", "gs://leap-scratch")),
        ("noaa-goes16.s3.amazonaws.com", "/a/b", Operation("Read object", "s3://noaa-goes16")),
        ("s3.us-east-1.amazonaws.com", "/noaa-goes16/a", Operation("Read object", "s3://noaa-goes16")),
        ("pod.example.org", "/inbox/a", Operation("Read object", "s3://inbox")),
        (HOST, "/google.storage.control.v2.StorageControl/GetStorageLayout", Operation("Look up bucket", "")),
        ("www.googleapis.com", "/oauth2/v3/certs", None),
        ("oauth2.googleapis.com", "/token", None),
        ("metadata.google.internal", "/computeMetadata/v1/project/project-id", None),
        ("127.0.0.1", "/", None),
        (HOST, "/discovery/v1/apis", None),
        (HOST, "/storage/v1/nothing", None),
    ],
)
def test_the_bucket_is_named_whichever_host_is_asked(host, path, operation):
    assert operation_of("GET", host, path) == operation


@pytest.mark.parametrize(
    ("content", "head", "is_hex"),
    [
        (b"", "", False),
        (b'{\n\t"a": 1\r\n}', '{\n\t"a": 1\r\n}', False),
        ("a" * 511 + "é", "a" * 511, False),
        (b"\x28\xb5\x2f\xfd", "28b52ffd", True),
        (b"abc\x00", "61626300", True),
        (b"\x80", "80", True),
        (gzip.compress(b"text", mtime=0), "1f8b08", True),
        (bytes(range(128, 256)), bytes(range(128, 192)).hex(), True),
    ],
)
def test_a_head_is_text_only_if_all_of_it_can_be_read(content, head, is_hex):
    content = content.encode() if isinstance(content, str) else content

    assert head_of(content[:512]) == {"head": head, "hex": is_hex}


def test_objects_are_compared_by_generation_and_those_of_others_only_count_when_they_change():
    before = {"gs://b/kept": entry(1), "gs://b/other": entry(2), "gs://b/tagged": entry(3), "gs://b/gone": entry(4)}
    after = {"gs://b/kept": entry(1), "gs://b/other": entry(2), "gs://b/tagged": entry(3, 3, 2), "gs://b/new": entry(5)}

    description = described(before, after, {"gs://b/other": None}, [])

    assert [(one["name"], one["state"]) for one in description["objects"]] == [
        ("gs://b/new", "new"),
        ("gs://b/tagged", "changed"),
        ("gs://b/gone", "deleted"),
        ("gs://b/kept", "unchanged"),
    ]
    assert [("head" in one, "version" in one) for one in description["objects"]] == [
        (True, False),
        (True, False),
        (False, False),
        (False, False),
    ]
    assert description["requests"] == [] and "more" not in description
    assert newest(after) == 5 and newest({}) == 0


def test_a_long_list_says_how_many_objects_it_leaves_out():
    after = {f"gs://b/{number:04}": entry(number, size=2) for number in range(MOST_OBJECTS + 7)}

    description = described({}, after, {}, [])

    assert len(description["objects"]) == MOST_OBJECTS
    assert description["more"] == {"count": 7, "size": 14}


def test_requests_are_counted_by_bucket_and_kind():
    rows = [
        row(received=10),
        row(received=5),
        row(status=404),
        row(status=None),
        row("POST", f"{UPLOAD}?uploadType=media&name=a", sent=7, received=9),
        row(host="oauth2.googleapis.com", path="/token"),
    ]

    assert described({}, {}, {}, rows)["requests"] == [
        {
            "what": "Read object",
            "bucket": "gs://leap-scratch",
            "count": 4,
            "bytes_sent": 0,
            "bytes_received": 15,
            "missing": 1,
            "refused": 1,
        },
        {
            "what": "Write object",
            "bucket": "gs://leap-scratch",
            "count": 1,
            "bytes_sent": 7,
            "bytes_received": 9,
            "missing": 0,
            "refused": 0,
        },
    ]


def test_the_controls_list_objects_and_the_heads_of_new_ones(server):
    control = Control(server.folder)
    before = newest(control.objects())
    assert server.call("POST", f"{UPLOAD}?uploadType=media&name=first", data=b"abc").status_code == 200
    between = newest(control.objects())
    headers = {"Content-Type": "text/plain"}
    assert server.call("POST", f"{UPLOAD}?uploadType=media&name=last", data=b"\xff", headers=headers).status_code == 200

    found = control.objects(after=between)

    assert before < between
    assert "head" not in found["gs://leap-scratch/first"] and found["gs://leap-scratch/first"]["size"] == 3
    last = {key: found["gs://leap-scratch/last"][key] for key in ("size", "type", "head", "hex")}
    assert last == {"size": 1, "type": "text/plain", "head": "ff", "hex": True}
    assert not any(name.startswith("gs://gcp-public-data") for name in found), "computed objects are not listed"
