"""The server over plain HTTP: who sends requests, which hosts it answers for, and where its links lead."""

from __future__ import annotations

import re
import socket

import pytest
import requests

from fakehub import Server, SessionError

# What XML calls its own language.
NAMESPACES = {"http://doc.s3.amazonaws.com", "http://s3.amazonaws.com"}
LEAST = "examples/minimal/hub.yml"


class Client:
    """Sends requests to a server, which it calls by a name of this machine."""

    def __init__(self, server: Server, host: str = "127.0.0.1") -> None:
        self.base = server.url.replace("127.0.0.1", host)

    def __call__(self, method: str, path: str, **options) -> requests.Response:
        return requests.request(method, self.base + path, timeout=20, **options)

    def status(self, path: str = "/storage/v1/b?project=any", **headers: str) -> int:
        """Return the status of a request with these headers."""
        return self("GET", path, headers=headers).status_code


@pytest.fixture(scope="module")
def server():
    with Server() as running:
        assert Client(running)("POST", "/storage/v1/b?project=any", json={"name": "bucket"}).status_code == 200
        yield running


def answers(client: Client) -> list[str]:
    """Return the texts of all kinds of answers with addresses."""
    objects, uploads = "/storage/v1/b/bucket/o", "/upload/storage/v1/b/bucket/o?uploadType="
    assert client("POST", f"{uploads}media&name=a", data=b"1").status_code == 200
    started = client("POST", f"{uploads}resumable&name=b", json={})
    again = requests.put(started.headers["Location"], data=b"2", timeout=20)
    batch = f"--x\r\nContent-Type: application/http\r\n\r\nGET {objects}/a HTTP/1.1\r\n\r\n\r\n--x--\r\n"
    kind = {"Content-Type": "multipart/mixed; boundary=x"}
    began = client("POST", "/bucket/c", headers={"x-goog-resumable": "start"})
    parts = re.search("<UploadId>(.+)</UploadId>", client("POST", "/bucket/d?uploads").text)[1]
    tag = client("PUT", f"/bucket/d?uploadId={parts}&partNumber=1", data=b"3").headers["ETag"]
    part = f"<Part><PartNumber>1</PartNumber><ETag>{tag}</ETag></Part>"
    whole = f"<CompleteMultipartUpload>{part}</CompleteMultipartUpload>"
    got = [
        again,
        client("GET", "/storage/v1/b/bucket"),
        client("GET", "/storage/v1/b?project=any"),
        client("GET", f"{objects}/a"),
        client("GET", f"{objects}/a?projection=full"),
        client("GET", f"{objects}/a?fields=selfLink,mediaLink"),
        client("GET", objects),
        client("PATCH", f"{objects}/a", json={"metadata": {"k": "v"}}),
        client("POST", f"{objects}/a/rewriteTo/b/bucket/o/e"),
        client("POST", "/batch/storage/v1", data=batch, headers=kind),
        client("POST", f"/bucket/d?uploadId={parts}", data=whole),
    ]
    assert {answer.status_code for answer in got} == {200}
    return [started.headers["Location"], began.headers["Location"], *(answer.text for answer in got)]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_addresses_in_answers_are_those_that_the_client_used(server, host):
    client = Client(server, host)

    for text in answers(client):
        found = set(re.findall(r"https?://[^/\"<]+", text)) - NAMESPACES
        assert found == {client.base}, text


def test_links_of_an_object_lead_to_it(server):
    client = Client(server)
    client("POST", "/upload/storage/v1/b/bucket/o?uploadType=media&name=dir/a b", data=b"content")
    resource = client("GET", "/storage/v1/b/bucket/o/dir%2Fa%20b").json()

    assert requests.get(resource["mediaLink"], timeout=20).content == b"content"
    assert requests.get(resource["selfLink"], timeout=20).json() == resource


def test_a_client_that_uses_googles_names_gets_googles_links(server):
    client = Client(server)
    client("POST", "/upload/storage/v1/b/bucket/o?uploadType=media&name=a", data=b"1")

    answer = client("GET", "/storage/v1/b/bucket/o/a", headers={"Host": "storage.googleapis.com"}).json()
    there = client("GET", "/a", headers={"Host": "bucket.storage.googleapis.com"})

    assert answer["selfLink"] == "https://www.googleapis.com/storage/v1/b/bucket/o/a"
    assert there.content == b"1"


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "localhost.", "[::2]", ""]
)
def test_a_foreign_host_is_refused_with_those_that_are_accepted(server, host):
    before = Client(server)("GET", "/storage/v1/b/bucket").json()

    for path in ("/storage/v1/b/bucket", "/bucket/a"):
        answer = Client(server)("DELETE", path, headers={"Host": host})
        assert answer.status_code == 403
        assert "only with 127.0.0.1, localhost. To add a host, start it with --accept-host NAME." in answer.text

    assert Client(server)("GET", "/storage/v1/b/bucket").json() == before


@pytest.mark.parametrize(
    "origin",
    [
        *("https://evil.example", "http://127.0.0.1.evil.example", "null", "http://[", "x"),
        *("https://storage.googleapis.com", "https://www.googleapis.com"),  # where anybody can have a page
    ],
)
def test_a_page_of_another_origin_is_refused(server, origin):
    assert Client(server).status(Origin=origin) == 403
    assert Client(server)("OPTIONS", "/storage/v1/b", headers={"Origin": origin}).status_code == 403


@pytest.mark.parametrize("origin", ["http://localhost:3000", "http://127.0.0.1", "https://localhost"])
def test_a_page_of_this_machine_may_read_answers(server, origin):
    answer = Client(server)("GET", "/storage/v1/b?project=any", headers={"Origin": origin})

    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (200, origin)


def test_further_hosts_are_accepted_by_request():
    with Server(accept_hosts=["Storage", "gcs.test"]) as server:
        client = Client(server)

        assert client.status(Host="storage:4443") == client.status(Host="GCS.test") == client.status() == 200
        assert client.status(Origin="http://gcs.test:8080") == 200
        assert client.status(Host="other.test") == 403


def test_requests_are_from_the_persona_or_from_the_one_that_their_token_names(server):
    client = Client(server)

    assert client.status() == client.status(Authorization="Bearer owner") == 200
    assert client.status(Authorization="Bearer hpc-outsider") == 403
    assert client.status(Authorization="Bearer anonymous") == 401
    assert client.status(Authorization="Bearer ya29.of-somebody") == 401
    assert "hpc-outsider" in {row["persona"] for row in server.control.log()}


def test_facts_decide_what_a_persona_may_do():
    with Server(hub_yml=LEAST, persona="hub") as server:
        client = Client(server)
        upload = "/upload/storage/v1/b/{}/o?uploadType=media&name=a"

        assert client("POST", upload.format("my-scratch"), data=b"1").status_code == 200
        assert client("POST", upload.format("my-archive"), data=b"1").status_code == 403
        assert client("POST", "/storage/v1/b?project=my-project", json={"name": "new"}).status_code == 403
        owner = {"Authorization": "Bearer owner"}
        assert (
            client("POST", "/storage/v1/b?project=my-project", json={"name": "new"}, headers=owner).status_code == 200
        )
        assert client("POST", "/storage/v1/b?project=other", json={"name": "more"}, headers=owner).status_code == 403
        assert server.environment["GOOGLE_CLOUD_PROJECT"] == "my-project"


@pytest.mark.parametrize("project", ["any", "<none>", "test-project", ""])
def test_without_facts_a_project_may_have_any_name(server, project):
    client = Client(server)

    made = client("POST", "/storage/v1/b", params={"project": project}, json={"name": f"of-{len(project)}"})

    assert made.status_code == 200
    assert client("DELETE", f"/storage/v1/b/of-{len(project)}").status_code == 204


def test_the_clock_and_faults_of_a_server_are_its_own(server):
    with Server() as other:
        other.control.add_fault(effect="status", code=503, times=1)
        other.control.advance(3600)

        assert [Client(other).status(), Client(other).status()] == [503, 200]
        assert Client(server).status() == 200
        assert server.control.clock()["offset_s"] == 0


def test_a_server_that_does_not_run_says_so():
    server = Server()
    with pytest.raises(SessionError, match="use it in a with block"):
        print(server.url)
    with server:
        folder = server.folder
    assert not folder.exists()
    with pytest.raises(SessionError, match="use it in a with block"):
        print(server.control)


def test_an_unknown_persona_is_refused_in_one_line():
    with (
        pytest.raises(SessionError, match=r"^there is no persona 'nobody'; choose from hub, "),
        Server(persona="nobody"),
    ):
        pass


def test_a_server_on_another_address_is_found_and_accepted_there():
    with Server(bind="127.0.0.2") as server:
        assert server.url.startswith("http://127.0.0.2:")
        assert Client(server).status() == Client(server).status(Origin="http://127.0.0.2:8080") == 200
        assert Client(server).status(Host="127.0.0.3") == 403


def test_a_server_on_an_address_of_version_6_is_found_there():
    try:
        socket.socket(socket.AF_INET6).bind(("::1", 0))
    except OSError:
        pytest.skip("not run: this system has no IPv6")
    with Server(bind="::1") as server:
        assert server.url.startswith("http://[::1]:")
        assert Client(server).status() == Client(server).status(Host="[::1]") == 200
