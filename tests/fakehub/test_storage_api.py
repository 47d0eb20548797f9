"""The JSON API, asked in its own protocol: what clients rely on and what must be refused."""

import base64
import concurrent.futures
import hashlib
from urllib.parse import quote

import pytest

pytestmark = pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
UPLOAD = "/upload/storage/v1/b/leap-scratch/o"
OBJECTS = "/storage/v1/b/leap-scratch/o"


def put(server, name, data=b"data", query="", **options):
    path = f"{UPLOAD}?uploadType=media&name={quote(name, safe='')}{query}"
    return server.call("POST", path, data=data, **options)


@pytest.mark.parametrize(
    "name", ["a/b", "a%2Fb", "../up", "naïve/Ω.txt", "x" * 1024, " ", "a//b", "?", "#", "a+b", "\U0001f30a"]
)
def test_any_name_comes_back_as_it_was(server, name):
    put(server, name, b"\x00\r\n\xff\r")

    found = server.call("GET", f"{OBJECTS}/{quote(name, safe='')}?alt=media")

    assert found.content == b"\x00\r\n\xff\r"


@pytest.mark.parametrize("name", ["", "x" * 1025, "Ω" * 513, "line\nbreak"])
def test_names_that_google_refuses_are_refused(server, name):
    assert put(server, name).status_code == 400


def test_wrong_checksums_store_nothing(server):
    wrong = base64.b64encode(hashlib.md5(b"other", usedforsecurity=False).digest()).decode()

    refused = put(server, "checked", headers={"x-goog-hash": f"md5={wrong}"})

    assert refused.status_code == 400
    assert server.call("GET", f"{OBJECTS}/checked").status_code == 404


@pytest.mark.parametrize(
    ("span", "status", "content"),
    [
        ("bytes=0-3", 206, b"0123"),
        ("bytes=4-", 206, b"456789"),
        ("bytes=-3", 206, b"789"),
        ("bytes=8-99", 206, b"89"),
        ("bytes=10-", 416, None),
        ("lines=1-2", 200, b"0123456789"),
    ],
)
def test_ranges(server, span, status, content):
    put(server, "digits", b"0123456789")

    found = server.call("GET", f"{OBJECTS}/digits?alt=media", headers={"Range": span})

    assert found.status_code == status
    assert content is None or found.content == content


def test_a_listing_in_pages_is_complete_and_in_order(server):
    names = [f"list/{i:03d}/{kind}" for i in range(40) for kind in "ab"] + ["list/z"]
    for name in names:
        put(server, name)

    got, prefixes, token = [], [], ""
    while True:
        page = server.call("GET", f"{OBJECTS}?prefix=list/&maxResults=7&pageToken={quote(token)}").json()
        got += [item["name"] for item in page.get("items", [])]
        assert len(page.get("items", [])) <= 7
        token = page.get("nextPageToken")
        if not token:
            break
    page = {"nextPageToken": ""}
    while "nextPageToken" in page:
        token = quote(page["nextPageToken"])
        page = server.call("GET", f"{OBJECTS}?prefix=list/&delimiter=/&maxResults=9&pageToken={token}").json()
        prefixes += page.get("prefixes", [])

    assert got == sorted(names)
    assert prefixes == [f"list/{i:03d}/" for i in range(40)]
    assert [item["name"] for item in page["items"]] == ["list/z"]


def test_a_glob_and_fields_choose(server):
    for name in ("glob/a.txt", "glob/b.csv", "glob/sub/c.txt"):
        put(server, name)

    flat = server.call("GET", f"{OBJECTS}?matchGlob=glob/*.txt&fields=items(name)").json()
    deep = server.call("GET", f"{OBJECTS}?matchGlob=glob/**.txt&fields=items/name").json()

    assert flat == {"items": [{"name": "glob/a.txt"}]}
    assert [item["name"] for item in deep["items"]] == ["glob/a.txt", "glob/sub/c.txt"]


def test_of_many_writers_with_a_precondition_exactly_one_wins(server):
    token = server.token()
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        for turn in range(20):
            query = "&ifGenerationMatch=0"
            writes = [pool.submit(put, server, f"race-{turn}", b"%d" % i, query, token=token) for i in range(8)]
            assert sorted(write.result().status_code for write in writes) == [200] + [412] * 7


@pytest.mark.parametrize("condition", ["ifGenerationMatch=1", "ifMetagenerationMatch=7"])
@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_an_unmet_precondition_changes_nothing(server, method, condition):
    before = put(server, "conditional").json()

    refused = server.call(method, f"{OBJECTS}/conditional?{condition}", data=b'{"metadata": {"a": "b"}}')

    assert refused.status_code == 412
    assert server.call("GET", f"{OBJECTS}/conditional").json()["metageneration"] == before["metageneration"]


def test_a_resumable_upload_goes_on_where_the_line_dropped(server):
    first, second = b"a" * 262144, b"b" * 1000
    started = server.call("POST", f"{UPLOAD}?uploadType=resumable&name=big", data=b"{}")
    session = started.headers["Location"].replace("https://storage.googleapis.com", "")

    part = server.call("PUT", session, data=first, headers={"Content-Range": "bytes 0-262143/*"})
    hidden = server.call("GET", f"{OBJECTS}/big")
    status = server.call("PUT", session, headers={"Content-Range": "bytes */*"})
    rest = f"bytes 262144-{262144 + 999}/{262144 + 1000}"
    done = server.call("PUT", session, data=second, headers={"Content-Range": rest})

    assert (part.status_code, part.headers["Range"]) == (308, "bytes=0-262143")
    assert hidden.status_code == 404
    assert (status.status_code, status.headers["Range"]) == (308, "bytes=0-262143")
    assert done.json()["size"] == str(262144 + 1000)


def test_a_cancelled_resumable_upload_is_gone(server):
    started = server.call("POST", f"{UPLOAD}?uploadType=resumable&name=gone", data=b"{}")
    session = started.headers["Location"].replace("https://storage.googleapis.com", "")

    assert server.call("DELETE", session).status_code == 499
    assert server.call("PUT", session, data=b"x").status_code == 404


@pytest.mark.parametrize("token", [None, "ya29.nobody-issued-this"])
def test_without_a_token_of_ours_it_is_401_in_googles_form(server, token):
    put(server, "secret")

    refused = server.call("GET", f"{OBJECTS}/secret?alt=media", token=token)

    error = refused.json()["error"]
    assert (refused.status_code, error["code"]) == (401, 401)
    words = "Anonymous caller does not have storage.objects.get access" if token is None else "Invalid Credentials"
    assert error["message"].startswith(words)
    assert error["errors"][0]["domain"] == "global"


def test_the_read_only_bucket_refuses_the_hub(server):
    refused = server.call("POST", "/upload/storage/v1/b/leap-persistent-ro/o?uploadType=media&name=a", data=b"x")

    assert refused.status_code == 403
    assert "does not have storage.objects.create access" in refused.json()["error"]["message"]


def test_unknown_things_are_told_apart(server):
    assert server.call("GET", "/storage/v1/b/no-such-bucket/o").status_code == 404
    assert server.call("GET", "/no/such/path").status_code == 404
    refused = server.call("POST", "/storage/v1/b/leap-scratch/lockRetentionPolicy")
    assert (refused.status_code, "lockRetentionPolicy" in refused.text) == (501, True)


@pytest.mark.parametrize("body", [b"[]", b"{", b'{"metadata": 3}', b"\xff"])
def test_a_body_that_is_no_resource_is_400(server, body):
    put(server, "patched")

    assert server.call("PATCH", f"{OBJECTS}/patched", data=body).status_code == 400


def test_objects_outlive_a_kill_with_a_state_directory_and_half_ones_do_not(tmp_path, start_server):
    state = str(tmp_path / "state")
    first = start_server(tmp_path / "one", state=state)
    put(first, "whole", b"all of it")
    put(first, "gone")
    first.call("DELETE", f"{OBJECTS}/gone")
    started = first.call("POST", f"{UPLOAD}?uploadType=resumable&name=half", data=b"{}")
    session = started.headers["Location"].replace("https://storage.googleapis.com", "")
    first.call("PUT", session, data=b"a" * 262144, headers={"Content-Range": "bytes 0-262143/524288"})
    first.process.kill()
    first.process.wait()

    second = start_server(tmp_path / "two", state=state)
    try:
        found = second.call("GET", f"{OBJECTS}?fields=items/name").json()
        content = second.call("GET", f"{OBJECTS}/whole?alt=media").content
    finally:
        second.process.terminate()
        second.process.wait()

    assert found == {"items": [{"name": "whole"}]}
    assert content == b"all of it"
