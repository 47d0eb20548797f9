"""What a change of an object's metadata may change, and how much metadata an object may have."""

import json

import pytest
from api_client import UPLOAD, Api, object_path

BUCKET, NAME = "leap-scratch", "described"
LIMIT = 8192


@pytest.fixture(scope="module")
def api(server) -> Api:
    return Api(server)


@pytest.fixture
def before(api) -> dict:
    """The resource of a new object."""
    return api.put(BUCKET, NAME).json()


def change(api, verb, resource):
    return api.call(verb, object_path(BUCKET, NAME), json=resource)


@pytest.mark.parametrize("verb", ["PATCH", "PUT"])
def test_what_only_a_rewrite_or_nothing_changes_is_ignored(api, before, verb):
    fixed = {
        "storageClass": "NEARLINE",
        "size": "1",
        "generation": "1",
        "metageneration": "99",
        "crc32c": "AAAAAA==",
        "md5Hash": "AAAAAAAAAAAAAAAAAAAAAA==",
        "timeCreated": "2001-01-01T00:00:00Z",
        "id": "another",
        "etag": "another",
    }
    after = change(api, verb, fixed | {"contentLanguage": "en", "contentType": before["contentType"]}).json()

    changed = {key for key in before | after if before.get(key) != after.get(key)}
    assert changed == {"contentLanguage", "metageneration", "etag", "updated"}
    assert after["metageneration"] == "2"


@pytest.mark.parametrize("verb", ["PATCH", "PUT"])
def test_a_storage_class_survives_a_change(api, verb):
    path = f"{UPLOAD}/{BUCKET}/o?uploadType=resumable&name={NAME}"
    address = api.call("POST", path, json={"storageClass": "COLDLINE"}).headers["Location"]
    assert api.call("PUT", address, data=b"data").json()["storageClass"] == "COLDLINE"

    assert change(api, verb, {"storageClass": "STANDARD"}).json()["storageClass"] == "COLDLINE"
    rewritten = f"{object_path(BUCKET, NAME)}/rewriteTo/b/{BUCKET}/o/{NAME}"
    answer = api.call("POST", rewritten, json={"storageClass": "STANDARD"})
    assert answer.json()["resource"]["storageClass"] == "STANDARD"


def metadata_of(size: int) -> dict[str, str]:
    """Return metadata whose keys and values have ``size`` bytes, in characters of one and two bytes."""
    return {"first": "x" * (size - len("first") - len("sécond") - 1 - 100), "sécond": "ö" * 50}


@pytest.mark.parametrize(("size", "status"), [(LIMIT, 200), (LIMIT + 1, 400), (9000, 400)])
@pytest.mark.parametrize("verb", ["PATCH", "PUT"])
def test_a_change_may_set_as_much_metadata_as_an_object_may_have(api, before, verb, size, status):
    answer = change(api, verb, {"metadata": metadata_of(size)})

    assert answer.status_code == status
    assert status == 200 or api.get(BUCKET, NAME).json() == before


def test_the_limit_is_on_the_metadata_that_result_from_a_change(api, before):
    assert change(api, "PATCH", {"metadata": {"a": "x" * 5000}}).status_code == 200
    assert change(api, "PATCH", {"metadata": {"b": "x" * 5000}}).status_code == 400
    assert change(api, "PATCH", {"metadata": {"a": None, "b": "x" * 5000}}).status_code == 200
    assert list(api.get(BUCKET, NAME).json()["metadata"]) == ["b"]


@pytest.mark.parametrize("size", [LIMIT, LIMIT + 1])
@pytest.mark.parametrize("way", ["multipart", "resumable", "compose", "rewrite", "xml", "xml-resumable", "xml-parts"])
def test_the_limit_holds_however_an_object_is_made(api, before, way, size):
    value = "x" * (size - 3)
    resource = {"metadata": {"key": value}}
    headers = {"x-goog-meta-key": value}
    new = f"limited-{way}"
    if way in {"multipart", "resumable"}:
        body = json.dumps(resource).encode()
        kind = {}
        if way == "multipart":
            body, kind = b"--b\n\n" + body + b"\n--b\n\nx\n--b--", {"Content-Type": "multipart/related; boundary=b"}
        answer = api.call("POST", f"{UPLOAD}/{BUCKET}/o?uploadType={way}&name={new}", data=body, headers=kind)
    elif way == "compose":
        body = {"sourceObjects": [{"name": NAME}], "destination": resource}
        answer = api.call("POST", f"{object_path(BUCKET, new)}/compose", json=body)
    elif way == "rewrite":
        answer = api.call("POST", f"{object_path(BUCKET, NAME)}/rewriteTo/b/{BUCKET}/o/{new}", json=resource)
    elif way == "xml":
        answer = api.call("PUT", f"/{BUCKET}/{new}", data=b"x", headers=headers)
    elif way == "xml-resumable":
        answer = api.call("POST", f"/{BUCKET}/{new}", headers=headers | {"x-goog-resumable": "start"})
    else:
        answer = api.call("POST", f"/{BUCKET}/{new}?uploads", headers=headers)

    assert answer.ok == (size == LIMIT), answer.text
    assert answer.ok or answer.status_code == 400
    assert answer.ok or not way.startswith("xml") or "<Code>MetadataTooLarge</Code>" in answer.text


EARLY, LATE = "2024-05-01T12:00:00Z", "2024-05-01T14:00:01+02:00"


@pytest.mark.parametrize(
    ("verb", "resource", "status"),
    [
        ("PATCH", {"customTime": LATE}, 200),
        ("PATCH", {"customTime": EARLY}, 200),
        ("PATCH", {"contentLanguage": "en"}, 200),
        ("PATCH", {"customTime": "2024-05-01T11:59:59Z"}, 400),
        ("PATCH", {"customTime": None}, 400),
        ("PUT", {"contentLanguage": "en"}, 400),
        ("PUT", {"customTime": LATE}, 200),
    ],
)
def test_a_custom_time_only_moves_forward(api, before, verb, resource, status):
    assert change(api, "PATCH", {"customTime": EARLY}).status_code == 200

    answer = change(api, verb, resource)

    assert answer.status_code == status
    assert api.get(BUCKET, NAME).json()["customTime"] == (resource.get("customTime", EARLY) if status == 200 else EARLY)


@pytest.mark.parametrize(
    "line",
    [
        f"GET {object_path(BUCKET, NAME)}?alt=media",
        f"GET /download{object_path(BUCKET, NAME)}?alt=media",
        f"POST {UPLOAD}/{BUCKET}/o?uploadType=media&name=in-a-batch",
        f"POST /storage/v1/b/{BUCKET}/o?uploadType=media&name=in-a-batch",
    ],
)
def test_data_in_a_part_of_a_batch_are_refused(api, before, line):
    parts = "".join(
        f"--b\r\nContent-Type: application/http\r\n\r\n{request} HTTP/1.1\r\n\r\ndata\r\n"
        for request in (line, f"GET {object_path(BUCKET, NAME)}")
    )
    answer = api.call(
        "POST", "/batch/storage/v1", data=f"{parts}--b--", headers={"Content-Type": "multipart/mixed; boundary=b"}
    )

    first, second = answer.text.split("HTTP/1.1 ")[1:]
    assert (first[:3], second[:3]) == ("400", "200")
    assert "which is for metadata only" in first
    assert api.get(BUCKET, "in-a-batch").status_code == 404
