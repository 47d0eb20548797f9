"""The JSON API, with requests in its own protocol: what clients rely on, and what must be refused."""

from __future__ import annotations

import base64
import concurrent.futures
import gzip
import hashlib
import json
import threading

import google_crc32c
import pytest
from api_client import API, UPLOAD, Api, facts_with, object_path

pytestmark = pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
BUCKET, UNIFORM = "leap-scratch", "leap-persistent-ro"
UPLOADS = f"{UPLOAD}/{BUCKET}/o"
CHUNK = 262144


@pytest.fixture(scope="module")
def api(server):
    return Api(server)


@pytest.mark.parametrize(
    "name", ["a/b", "a%2Fb", "../up", "naïve/Ω.txt", "x" * 1024, " ", "a//b", "?", "#", "a+b", "\U0001f30a", "o/acl"]
)
def test_any_name_is_returned_unchanged(api, name):
    api.put(BUCKET, name, b"\x00\r\n\xff\r")

    assert api.get(BUCKET, name, alt="media").content == b"\x00\r\n\xff\r"
    assert api.get(BUCKET, name).json()["name"] == name


def test_an_address_can_have_the_two_longest_names_of_a_copy(api):
    source, copy = "Ω" * 512, "\U0001f30a" * 256
    api.put(BUCKET, source, b"data")

    copied = api.call("POST", f"{object_path(BUCKET, source)}/copyTo/b/{BUCKET}/o/{object_path(BUCKET, copy)[-3072:]}")

    assert copied.status_code == 200 and api.get(BUCKET, copy, alt="media").content == b"data"


@pytest.mark.parametrize("name", ["", "x" * 1025, "Ω" * 513, "line\nbreak", ".", ".."])
def test_names_that_google_refuses_are_refused(api, name):
    assert api.put(BUCKET, name).status_code == 400


def base64_of(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


@pytest.mark.parametrize(
    "wrong",
    [
        f"md5={base64_of(hashlib.md5(b'other', usedforsecurity=False).digest())}",
        f"crc32c={base64_of(google_crc32c.value(b'other').to_bytes(4, 'big'))}",
    ],
)
def test_wrong_checksums_store_nothing(api, wrong):
    path = f"{UPLOADS}?uploadType=media&name=checked"

    refused = api.call("POST", path, data=b"data", headers={"x-goog-hash": wrong})

    assert refused.status_code == 400
    assert api.get(BUCKET, "checked").status_code == 404


@pytest.mark.parametrize(
    ("span", "status", "content"),
    [
        ("bytes=0-3", 206, b"0123"),
        ("bytes=4-", 206, b"456789"),
        ("bytes=-3", 206, b"789"),
        ("bytes=8-99", 206, b"89"),
        ("bytes=10-", 416, None),
        ("bytes=5-1", 200, b"0123456789"),
        ("lines=1-2", 200, b"0123456789"),
    ],
)
def test_ranges(api, span, status, content):
    api.put(BUCKET, "digits", b"0123456789")

    answer = api.call("GET", f"{object_path(BUCKET, 'digits')}?alt=media", headers={"Range": span})

    assert answer.status_code == status
    assert content is None or answer.content == content


def test_of_two_writers_with_a_precondition_exactly_one_wins_a_thousand_times(server):
    writers, together = [Api(server), Api(server)], threading.Barrier(2)

    def write(writer: Api, generation: str) -> tuple[int, str]:
        together.wait()
        answer = writer.put(BUCKET, "race", b"x", ifGenerationMatch=generation)
        return answer.status_code, answer.json().get("generation", "")

    generation = "0"
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for _ in range(1000):
            answers = sorted(pool.map(write, writers, [generation] * 2))
            assert [status for status, _ in answers] == [200, 412]
            generation = answers[0][1]


@pytest.mark.parametrize("condition", [{"ifGenerationMatch": 1}, {"ifMetagenerationMatch": 7}])
@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_an_unmet_precondition_changes_nothing(api, method, condition):
    before = api.put(BUCKET, "conditional").json()

    refused = api.call(method, object_path(BUCKET, "conditional"), params=condition, json={"metadata": {"a": "b"}})

    assert refused.status_code == 412
    assert api.get(BUCKET, "conditional").json() == before


def test_an_object_that_the_reader_has_is_not_sent_again(api):
    generation = api.put(BUCKET, "known").json()["generation"]

    same = api.get(BUCKET, "known", ifGenerationNotMatch=generation)

    assert (same.status_code, same.content) == (304, b"")


def start(api, name, **options):
    answer = api.call("POST", f"{UPLOADS}?uploadType=resumable&name={name}", json={}, **options)
    return answer.headers["Location"]


def test_a_resumable_upload_continues_after_a_lost_connection(api):
    first, second = b"a" * CHUNK, b"b" * 1000
    session = start(api, "big")

    part = api.call("PUT", session, data=first, headers={"Content-Range": f"bytes 0-{CHUNK - 1}/*"})
    hidden = api.get(BUCKET, "big")
    status = api.call("PUT", session, headers={"Content-Range": "bytes */*"})
    rest = f"bytes {CHUNK}-{CHUNK + 999}/{CHUNK + 1000}"
    done = api.call("PUT", session, data=second, headers={"Content-Range": rest})
    again = api.call("PUT", session, data=second, headers={"Content-Range": rest})

    assert (part.status_code, part.headers["Range"]) == (308, f"bytes=0-{CHUNK - 1}")
    assert hidden.status_code == 404
    assert (status.status_code, status.headers["Range"]) == (308, f"bytes=0-{CHUNK - 1}")
    assert done.json()["size"] == str(CHUNK + 1000)
    assert again.json() == done.json()


def test_a_chunk_after_a_gap_is_refused(api):
    session = start(api, "gap")

    refused = api.call("PUT", session, data=b"x", headers={"Content-Range": f"bytes {CHUNK}-{CHUNK}/{CHUNK + 1}"})

    assert refused.status_code == 400


def test_a_cancelled_resumable_upload_is_gone(api):
    session = start(api, "gone")

    assert api.call("DELETE", session).status_code == 499
    assert api.call("PUT", session, data=b"x").status_code == 404


@pytest.mark.parametrize("anonymous", [True, False])
def test_a_request_without_a_token_is_401_in_googles_form(api, anonymous):
    api.put(BUCKET, "secret")
    headers = {} if anonymous else {"X-Authorization": "none"}

    refused = api.call("GET", f"{object_path(BUCKET, 'secret')}?alt=media", anonymous=True, headers=headers)

    error = refused.json()["error"]
    assert (refused.status_code, error["code"]) == (401, 401)
    assert error["message"].startswith("Anonymous caller does not have storage.objects.get access")
    assert error["errors"][0]["domain"] == "global"


def test_the_read_only_bucket_refuses_the_hub(api):
    refused = api.put(UNIFORM, "a")

    assert refused.status_code == 403
    assert "does not have storage.objects.create access" in refused.json()["error"]["message"]


def test_the_hub_may_not_list_the_projects_buckets(api):
    refused = api.call("GET", f"{API}?project=leap-pangeo")

    assert refused.status_code == 403
    assert "does not have storage.buckets.list access" in refused.json()["error"]["message"]


@pytest.mark.parametrize(("query", "shown"), [("", False), ("?projection=noAcl", False), ("?projection=full", True)])
def test_a_buckets_access_lists_are_shown_when_asked_for(api, query, shown):
    resource = api.call("GET", f"{API}/{BUCKET}{query}").json()

    assert {"acl", "defaultObjectAcl", "owner"} & resource.keys() == (
        {"acl", "defaultObjectAcl", "owner"} if shown else set()
    )


def test_the_permissions_that_a_persona_holds_are_returned(api):
    wanted = ["storage.objects.get", "storage.buckets.delete", "storage.objects.create"]

    writable = api.call("GET", f"{API}/{BUCKET}/iam/testPermissions", params={"permissions": wanted}).json()
    readable = api.call("GET", f"{API}/{UNIFORM}/iam/testPermissions", params={"permissions": wanted}).json()

    assert writable["permissions"] == wanted
    assert readable["permissions"] == ["storage.objects.get"]


def test_an_unknown_bucket_an_unknown_path_and_a_refused_method_differ(api):
    assert api.call("GET", f"{API}/no-such-bucket/o").status_code == 404
    assert api.call("GET", "/storage/v1/no/such/path").status_code == 404
    assert api.call("PATCH", f"{API}/{BUCKET}/o").status_code == 404
    refused = api.call("GET", f"{API}/{BUCKET}/notificationConfigs/1")
    assert (refused.status_code, "storage.notifications.get" in refused.text) == (400, True)


@pytest.mark.parametrize("body", [b"[]", b"{", b'{"metadata": 3}', b"\xff", b'{"contentType": "a\\r\\nX: y"}'])
def test_a_body_that_is_not_a_resource_is_400(api, body):
    before = api.put(BUCKET, "patched").json()

    assert api.call("PATCH", object_path(BUCKET, "patched"), data=body).status_code == 400
    assert api.get(BUCKET, "patched").json() == before


def test_patch_keeps_properties_it_does_not_name_and_update_resets_them(api):
    api.put(BUCKET, "changed")
    path = object_path(BUCKET, "changed")

    api.call("PATCH", path, json={"contentType": "text/csv", "metadata": {"a": "1", "b": "2"}})
    patched = api.call("PATCH", path, json={"cacheControl": "no-store", "metadata": {"b": None}}).json()
    updated = api.call("PUT", path, json={"contentLanguage": "en"}).json()

    assert (patched["contentType"], patched["cacheControl"]) == ("text/csv", "no-store")
    assert patched["metadata"] == {"a": "1"}
    assert (updated["contentLanguage"], updated["contentType"]) == ("en", "application/octet-stream")
    assert "metadata" not in updated
    assert "cacheControl" not in updated


@pytest.mark.parametrize("fields", ["items(name", "items)", "a,,b", "items()", "name)("])
def test_an_invalid_selection_of_fields_is_refused_before_anything_is_stored(api, fields):
    refused = api.put(BUCKET, "unchosen", fields=fields)

    assert refused.status_code == 400
    assert refused.json()["error"]["message"] == f"Invalid field selection {fields}"
    assert refused.json()["error"]["errors"][0]["location"] == "fields"
    assert api.get(BUCKET, "unchosen").status_code == 404


@pytest.fixture(scope="module")
def uniform(root, tmp_path_factory, start_server):
    """The API of a stand-in whose bucket leap-persistent has uniform access."""
    folder = tmp_path_factory.mktemp("uniform")
    server = start_server(folder, hub_yml=facts_with(root, folder, "leap-persistent", uniform_access=True))
    yield Api(server)
    server.process.terminate()
    server.process.wait()


BUCKETS_PATH, OBJECTS_PATH = f"{API}/leap-persistent", object_path("leap-persistent", "open")
NEW, PRIVATE = f"{UPLOAD}/leap-persistent/o?uploadType=media&name=new", "predefinedAcl=private"


@pytest.mark.parametrize(
    ("method", "path", "words"),
    [
        ("GET", f"{BUCKETS_PATH}/acl", "Cannot get legacy ACL for a bucket that has uniform"),
        ("GET", f"{BUCKETS_PATH}/defaultObjectAcl", "Cannot get legacy ACL for a bucket that has uniform"),
        ("GET", f"{OBJECTS_PATH}/acl", "Cannot get legacy ACL for an object when uniform"),
        ("POST", f"{BUCKETS_PATH}/acl", "Cannot use ACL API to update bucket policy when uniform"),
        ("PUT", f"{OBJECTS_PATH}/acl/allUsers", "Cannot use ACL API to update bucket policy when uniform"),
        ("POST", f"{NEW}&{PRIVATE}", "Cannot insert legacy ACL for an object when uniform"),
        ("PATCH", f"{OBJECTS_PATH}?{PRIVATE}", "Cannot update access control for an object when uniform"),
        (
            "POST",
            f"{OBJECTS_PATH}/copyTo/b/leap-persistent/o/new?destinationP{PRIVATE[1:]}",
            "Cannot insert legacy ACL",
        ),
    ],
)
def test_a_bucket_with_uniform_access_has_no_access_control_lists(uniform, method, path, words):
    uniform.put("leap-persistent", "open")

    refused = uniform.call(method, path)

    assert refused.status_code == 400
    assert refused.json()["error"]["message"].startswith(words)
    assert uniform.get("leap-persistent", "new").status_code == 404


def test_the_creator_of_an_object_owns_it(api):
    api.put(BUCKET, "owned", predefinedAcl="private")

    controls = api.call("GET", f"{object_path(BUCKET, 'owned')}/acl").json()["items"]

    assert [(control["role"], control["entity"][:5]) for control in controls] == [("OWNER", "user-")]


def test_the_refusal_of_a_list_that_would_open_an_object_names_it(api):
    refused = api.put(BUCKET, "opened", predefinedAcl="publicRead")

    assert (refused.status_code, "predefinedAcl=publicRead" in refused.text) == (400, True)
    assert api.get(BUCKET, "opened").status_code == 404


def test_an_object_stored_compressed_is_sent_in_a_form_that_the_client_accepts(api):
    text = b"many, many words " * 1000
    api.call("POST", f"{UPLOADS}?uploadType=media&name=packed&contentEncoding=gzip", data=gzip.compress(text))
    path = f"{object_path(BUCKET, 'packed')}?alt=media"

    packed = api.call("GET", path, headers={"Accept-Encoding": "gzip"}, stream=True)
    stored = packed.raw.read()
    plain = api.call("GET", path, headers={"Accept-Encoding": "identity", "Range": "bytes=0-3"})
    api.call("PATCH", object_path(BUCKET, "packed"), json={"cacheControl": "no-transform"})
    untouched = api.call("GET", path, headers={"Accept-Encoding": "identity"}, stream=True)

    assert gzip.decompress(stored) == text
    assert (plain.status_code, plain.content, "Content-Length" in plain.headers) == (200, text, False)
    assert (plain.headers["x-goog-stored-content-encoding"], "Content-Encoding" in plain.headers) == ("gzip", False)
    assert plain.headers["x-goog-stored-content-length"] == str(len(stored))
    assert untouched.raw.read() == stored


def test_a_body_compressed_for_transport_is_stored_decompressed(api):
    path = f"{UPLOADS}?uploadType=media&name=on-its-way"
    compressed = {"Content-Encoding": "gzip"}

    stored = api.call("POST", path, data=gzip.compress(b"plain"), headers=compressed)
    refused = api.call("POST", path, data=b"no gzip", headers=compressed)

    assert stored.json()["size"] == "5"
    assert refused.status_code == 400
    assert api.get(BUCKET, "on-its-way", alt="media").content == b"plain"


def test_a_web_page_of_any_origin_may_send_requests_and_read_answers(api):
    origin = {"Origin": "https://leap.2i2c.cloud"}
    asked = origin | {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "authorization"}
    path = object_path(BUCKET, "for-a-page")

    preflight = api.call("OPTIONS", path, anonymous=True, headers=asked)
    refused = api.call("GET", path, headers=origin)

    assert preflight.status_code == 200
    assert "PUT" in preflight.headers["Access-Control-Allow-Methods"]
    assert preflight.headers["Access-Control-Allow-Headers"] == "authorization"
    assert (refused.status_code, refused.headers["Access-Control-Allow-Origin"]) == (404, origin["Origin"])


def test_the_parts_of_a_batch_are_answered_one_by_one(api):
    api.put(BUCKET, "batched")
    parts = [f"GET {object_path(BUCKET, name)} HTTP/1.1" for name in ("batched", "not-there")]
    parts.append(f"POST {UPLOADS}?uploadType=media&name=x HTTP/1.1")
    text = "".join(f"--b\r\nContent-ID: <{i}>\r\n\r\n{part}\r\n\r\n\r\n" for i, part in enumerate(parts))

    kind = {"Content-Type": "multipart/mixed; boundary=b"}
    answer = api.call("POST", "/batch/storage/v1", data=f"{text}--b--".encode(), headers=kind)

    statuses = [line.split()[1] for line in answer.text.splitlines() if line.startswith("HTTP/1.1")]
    assert statuses == ["200", "404", "400"]
    assert "Content-ID: <response-1>" in answer.text


def test_a_copy_has_the_content_of_its_source_and_the_metadata_asked_for(api):
    api.put(BUCKET, "source", b"content")
    api.call("PATCH", object_path(BUCKET, "source"), json={"metadata": {"from": "source"}})
    path = f"{object_path(BUCKET, 'source')}/rewriteTo/b/leap-persistent/o/copy"

    same = api.call("POST", path).json()["resource"]
    other = api.call("POST", path, json={"contentType": "text/plain", "metadata": {"to": "copy"}}).json()["resource"]

    assert (same["metadata"], same["bucket"]) == ({"from": "source"}, "leap-persistent")
    assert (other["metadata"], other["contentType"]) == ({"to": "copy"}, "text/plain")
    assert api.get("leap-persistent", "copy", alt="media").content == b"content"


def test_a_composite_has_the_parts_content_and_no_md5(api):
    for name in ("part-1", "part-2"):
        api.put(BUCKET, name, name.encode())
    body = {"sourceObjects": [{"name": "part-1"}, {"name": "part-2"}], "destination": {"contentType": "text/plain"}}

    composed = api.call("POST", f"{object_path(BUCKET, 'composed')}/compose", data=json.dumps(body)).json()

    assert (composed["componentCount"], "md5Hash" in composed) == (2, False)
    assert api.get(BUCKET, "composed", alt="media").content == b"part-1part-2"


def test_a_moved_object_is_in_one_place(api):
    api.put(BUCKET, "old-name", b"moved")

    api.call("POST", f"{object_path(BUCKET, 'old-name')}/moveTo/o/new-name")

    assert api.get(BUCKET, "old-name").status_code == 404
    assert api.get(BUCKET, "new-name", alt="media").content == b"moved"
