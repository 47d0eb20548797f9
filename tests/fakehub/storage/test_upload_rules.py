"""What an upload announces has to agree with what arrives: its ranges, its length, its checksums and its names."""

import base64
import gzip
import hashlib
import http.client
import json
import ssl

import google_crc32c
import pytest
from api_client import UPLOAD, Api

BUCKET = "leap-scratch"
DATA = b"0123456789"
UNIT = 256 * 1024


@pytest.fixture(scope="module")
def api(server) -> Api:
    return Api(server)


def crc32c(data: bytes) -> str:
    return base64.b64encode(google_crc32c.value(data).to_bytes(4, "big")).decode()


def md5(data: bytes) -> str:
    return base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()


def session(api, name, length=None, **resource):
    """Start a resumable upload and return the address of its session."""
    headers = {"X-Upload-Content-Length": str(length)} if length is not None else {}
    path = f"{UPLOAD}/{BUCKET}/o?uploadType=resumable&name={name}"
    started = api.call("POST", path, json=resource, headers=headers)
    assert started.status_code == 200, started.text
    return started.headers["Location"]


def send(api, address, data, content_range=None, **headers):
    headers |= {"Content-Range": content_range} if content_range else {}
    return api.call("PUT", address, data=data, headers=headers)


def stored(api, name):
    response = api.get(BUCKET, name, alt="media")
    return response.content if response.status_code == 200 else None


@pytest.mark.parametrize("length", [None, len(DATA)])
@pytest.mark.parametrize("form", ["bytes 0-*/*", "bytes 0-*/10", "bytes 0-9/10", None])
def test_one_request_may_have_the_whole_object(api, form, length):
    answer = send(api, session(api, "whole", length), DATA, form)

    assert (answer.status_code, answer.json()["size"]) == (200, "10")
    assert stored(api, "whole") == DATA


@pytest.mark.parametrize("form", ["bytes {}-*/*", "bytes {}-*/{}"])
def test_a_range_without_an_end_is_the_rest_of_the_object(api, form):
    address, rest = session(api, "rest"), b"rest"
    assert send(api, address, bytes(UNIT), f"bytes 0-{UNIT - 1}/*").status_code == 308

    answer = send(api, address, rest, form.format(UNIT, UNIT + len(rest)))

    assert answer.status_code == 200
    assert stored(api, "rest") == bytes(UNIT) + rest


def test_an_empty_object_may_have_a_range_without_an_end(api):
    assert send(api, session(api, "empty"), b"", "bytes 0-*/*").json()["size"] == "0"


def test_a_rest_that_begins_behind_what_has_arrived_is_refused(api):
    answer = send(api, session(api, "gap"), DATA, "bytes 5-*/*")

    assert answer.status_code == 400
    assert "the upload offset is 5 byte(s), which exceeds already uploaded size of 0 byte(s)" in answer.text


@pytest.mark.parametrize("form", ["bytes 0-*/*", "bytes 0-*/{}", "bytes 0-{last}/{}", "bytes 0-{last}/*", None])
@pytest.mark.parametrize("announced", [8, 9, 11, 12])
def test_a_body_of_another_length_than_announced_is_refused(api, announced, form):
    name = f"announced-{announced}"
    content_range = form and form.format(len(DATA), last=len(DATA) - 1)

    answer = send(api, session(api, name, announced), DATA, content_range)

    # Without a total, a chunk that is shorter than the object is one of several.
    is_chunk = form == "bytes 0-{last}/*" and announced > len(DATA)
    assert answer.status_code == (308 if is_chunk else 400), answer.text
    assert stored(api, name) is None


@pytest.mark.parametrize("form", ["bytes 0-*/9", "bytes 0-*/11", "bytes 0-9/9", "bytes 0-8/10", "bytes 0-10/11"])
def test_a_range_that_does_not_fit_its_body_is_refused(api, form):
    assert send(api, session(api, "unfitting"), DATA, form).status_code == 400
    assert stored(api, "unfitting") is None


def test_a_chunk_that_reaches_the_announced_length_completes_the_object(api):
    address = session(api, "reached", UNIT + 4)

    assert send(api, address, bytes(UNIT), f"bytes 0-{UNIT - 1}/*").status_code == 308
    assert send(api, address, b"", "bytes */*").status_code == 308
    assert send(api, address, b"last", f"bytes {UNIT}-{UNIT + 3}/*").status_code == 200
    assert stored(api, "reached") == bytes(UNIT) + b"last"


def test_a_refused_length_leaves_the_upload_as_it_was(api):
    address = session(api, "patient", len(DATA))

    assert send(api, address, DATA + b"!", "bytes 0-10/11").status_code == 400
    assert send(api, address, DATA, "bytes 0-9/10").status_code == 200
    assert stored(api, "patient") == DATA


@pytest.mark.parametrize("length", ["ten", "-1", "1.5"])
def test_a_length_that_is_no_number_is_refused(api, length):
    path = f"{UPLOAD}/{BUCKET}/o?uploadType=resumable&name=numberless"
    assert api.call("POST", path, headers={"X-Upload-Content-Length": length}).status_code == 400


RIGHT = {"crc32c": crc32c(DATA), "md5": md5(DATA)}
WRONG = {"crc32c": crc32c(b"other"), "md5": md5(b"other")}
KEYS = {"crc32c": "crc32c", "md5": "md5Hash"}


@pytest.mark.parametrize("kind", KEYS)
@pytest.mark.parametrize(
    ("in_resource", "in_header", "status"),
    [(RIGHT, RIGHT, 200), (WRONG, RIGHT, 400), (RIGHT, WRONG, 400), (WRONG, None, 400), (None, WRONG, 400)],
)
@pytest.mark.parametrize("way", ["resumable", "multipart"])
def test_every_checksum_has_to_be_right(api, way, kind, in_resource, in_header, status):
    name = f"checked-{way}"
    resource = {KEYS[kind]: in_resource[kind]} if in_resource else {}
    headers = {"x-goog-hash": f"{kind}={in_header[kind]}"} if in_header else {}
    before = stored(api, name)
    if way == "resumable":
        answer = send(api, session(api, name, **resource), DATA, "bytes 0-9/10", **headers)
    else:
        body = f"--b\r\n\r\n{json.dumps(resource)}\r\n--b\r\nContent-Type: text/plain\r\n\r\n".encode() + DATA
        headers |= {"Content-Type": "multipart/related; boundary=b"}
        path = f"{UPLOAD}/{BUCKET}/o?uploadType=multipart&name={name}"
        answer = api.call("POST", path, data=body + b"\r\n--b--", headers=headers)

    assert answer.status_code == status, answer.text
    assert status == 200 or stored(api, name) == before
    assert status == 200 or "doesn't match calculated" in answer.json()["error"]["message"]


def test_two_checksums_of_a_kind_in_one_header_are_both_compared(server, path):
    for hashes, status in ((f"crc32c={RIGHT['crc32c']},crc32c={WRONG['crc32c']}", 400), (f"md5={RIGHT['md5']}", 200)):
        assert server.call("PUT", path, data=DATA, headers={"x-goog-hash": hashes}).status_code == status


def test_an_xml_upload_follows_the_same_rules(server, path):
    def start(**headers):
        started = server.call("POST", path, headers={"x-goog-resumable": "start"} | headers)
        return started.headers["Location"].removeprefix("https://storage.googleapis.com")

    short = server.call("PUT", start(**{"X-Upload-Content-Length": "12"}), data=DATA)
    assert (short.status_code, "announced 12" in short.text) == (400, True)
    wrong = start(**{"x-goog-hash": f"crc32c={WRONG['crc32c']}"})
    right = {"x-goog-hash": f"crc32c={RIGHT['crc32c']}", "Content-Range": "bytes 0-*/*"}
    assert "BadDigest" in server.call("PUT", wrong, data=DATA, headers=right).text
    assert server.call("GET", path).status_code == 404
    assert server.call("PUT", start(), data=DATA, headers=right).status_code == 200
    assert server.call("GET", path).content == DATA


@pytest.mark.parametrize("resource", [{"name": "another"}, {"bucket": "leap-persistent"}])
@pytest.mark.parametrize("way", ["resumable", "multipart"])
def test_a_resource_that_contradicts_the_address_is_refused(api, way, resource):
    headers, body = {}, json.dumps(resource).encode()
    if way == "multipart":
        headers, body = {"Content-Type": "multipart/related; boundary=b"}, b"--b\n\n" + body + b"\n--b\n\nx\n--b--"
    answer = api.call("POST", f"{UPLOAD}/{BUCKET}/o?uploadType={way}&name=one", data=body, headers=headers)

    (value,) = resource.values()
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith(f"Value '{value}' in content does not agree with value '")


@pytest.mark.parametrize(("of_data", "status"), [("text/plain", 200), ("text/csv", 400), (None, 200)])
def test_the_parts_of_a_multipart_upload_agree_about_the_content_type(api, of_data, status):
    kind = f"Content-Type: {of_data}\n" if of_data else ""
    body = f'--b\n\n{{"contentType": "text/plain"}}\n--b\n{kind}\nx\n--b--'.encode()
    path = f"{UPLOAD}/{BUCKET}/o?uploadType=multipart&name=typed"
    answer = api.call("POST", path, data=body, headers={"Content-Type": "multipart/related; boundary=b"})

    assert answer.status_code == status
    assert status == 200 or "(text/csv) does not match Content-Type specified in metadata (text/plain)" in answer.text


@pytest.mark.parametrize("way", ["media", "resumable"])
@pytest.mark.parametrize(("second", "status"), [(md5(DATA), 200), (md5(b"other"), 400)])
def test_checksums_in_several_headers_are_all_compared(server, way, second, status):
    path = f"{UPLOAD}/{BUCKET}/o?uploadType={way}&name=twice"
    if way == "resumable":
        path = server.call("POST", path).headers["Location"].removeprefix("https://storage.googleapis.com")
    headers = [("x-goog-hash", f"crc32c={crc32c(DATA)}"), ("x-goog-hash", f"md5={second}")]
    context = ssl.create_default_context(cafile=server.folder / "ca.pem")
    # The certificate is for Google's host names, which do not resolve to this server outside the stand-in.
    context.check_hostname = False
    connection = http.client.HTTPSConnection("127.0.0.1", server.ports["tls"], timeout=20, context=context)
    connection.putrequest("PUT" if way == "resumable" else "POST", path, skip_host=True)
    sent = [("Host", "storage.googleapis.com"), ("Authorization", f"Bearer {server.token()}"), *headers]
    for name, value in [*sent, ("Content-Length", str(len(DATA)))]:
        connection.putheader(name, value)
    connection.endheaders(DATA)

    assert connection.getresponse().status == status
    connection.close()


def test_a_composite_may_be_sent_with_the_resource_of_the_object_that_it_replaces(api):
    before = api.put(BUCKET, "whole", DATA).json()
    body = {"sourceObjects": [{"name": "whole"}, {"name": "whole"}], "destination": before}

    after = api.call("POST", f"/storage/v1/b/{BUCKET}/o/whole/compose", json=body)

    assert (after.status_code, after.json()["crc32c"]) == (200, crc32c(DATA * 2))


def test_a_composite_has_the_content_type_that_the_request_gives_it_or_none(api):
    api.put(BUCKET, "part", DATA)
    body = {"sourceObjects": [{"name": "part"}]}
    path = f"/storage/v1/b/{BUCKET}/o/untyped/compose"

    assert "contentType" not in api.call("POST", path, json=body).json()
    assert api.get(BUCKET, "untyped", alt="media").headers["Content-Type"] == "application/octet-stream"
    copied = api.call("POST", f"/storage/v1/b/{BUCKET}/o/untyped/rewriteTo/b/{BUCKET}/o/copied").json()
    assert "contentType" not in copied["resource"]


@pytest.mark.parametrize(
    ("accepted", "compressed"),
    [("gzip", True), ("br, GZIP;q=0.5", True), ("gzip;q=0", False), ("gzip; q=0.0, br", False), ("identity", False)],
)
def test_gzip_is_sent_as_stored_to_those_who_accept_it(api, accepted, compressed):
    data = gzip.compress(DATA)
    api.call("POST", f"{UPLOAD}/{BUCKET}/o?uploadType=media&name=zip&contentEncoding=gzip", data=data)

    response = api.call("GET", f"/storage/v1/b/{BUCKET}/o/zip?alt=media", headers={"Accept-Encoding": accepted})

    assert ("Content-Encoding" in response.headers) == compressed
    assert response.content == DATA  # the client decompresses
