"""Clients that send HTTP requests reach the hub's services in the same process, and nothing else."""

from __future__ import annotations

import json

import pytest

from tests.fakehub.browser import in_browser

PROGRAM = """
import asyncio, http.client, urllib.error, urllib.request
import aiohttp, google.auth, google.auth.transport.requests, gcsfs, requests

TOKEN = "http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token"
OBJECT = "https://storage.googleapis.com/storage/v1/b/leap-scratch/o"
FLAVOR = {"Metadata-Flavor": "Google"}

# google-auth.
credentials, project = google.auth.default()
credentials.refresh(google.auth.transport.requests.Request())
results["project"] = project
bearer = {"Authorization": f"Bearer {credentials.token}"}

# requests, in a session whose connections are used again.
session = requests.Session()
session.headers.update(bearer)
upload = "https://storage.googleapis.com/upload/storage/v1/b/leap-scratch/o"
name = "funky-user/a b/Südpol?.txt"
sent = session.post(upload, params={"uploadType": "media", "name": name}, data="Ω".encode())
results["sent"] = [sent.status_code, sent.json()["name"] == name, sent.json()["size"]]
quoted = "funky-user%2Fa%20b%2FS%C3%BCdpol%3F.txt"
got = session.get(f"{OBJECT}/{quoted}", params={"alt": "media"})
results["got"] = [got.status_code, got.reason, got.text, got.headers["Content-Length"]]
part = session.get(f"{OBJECT}/{quoted}?alt=media", headers={"Range": "bytes=1-1"}, stream=True)
results["part"] = [part.status_code, len(part.raw.read()), part.headers["Content-Range"]]
head = session.head(f"https://storage.googleapis.com/leap-scratch/{quoted}")
results["head"] = [head.status_code, head.text, head.headers["Content-Length"]]
results["host of a bucket"] = session.get(f"https://leap-scratch.storage.googleapis.com/{quoted}").text
missing = session.get(f"{OBJECT}/missing")
results["missing"] = [missing.status_code, missing.json()["error"]["message"]]
results["raised"] = error_of(missing.raise_for_status)
import io
from_file = session.post(upload, params={"uploadType": "media", "name": "funky-user/file"}, data=io.BytesIO(b"abc"))
results["from a file"] = from_file.json()["size"]
results["json"] = session.patch(f"{OBJECT}/{quoted}", json={"metadata": {"a": "1"}}).json()["metadata"]

# Large objects, with a running loop and without one: there are no threads.
large = bytes(range(256)) * 24000
sent = session.post(upload, params={"uploadType": "media", "name": "funky-user/large"}, data=large)
fs = gcsfs.GCSFileSystem()
fs.pipe("leap-scratch/funky-user/piped", large)
session.post(f"{OBJECT}/funky-user%2Flarge/copyTo/b/leap-scratch/o/funky-user%2Fcopied")
sources = {"sourceObjects": [{"name": "funky-user/large"}, {"name": "funky-user/piped"}]}
session.post(f"{OBJECT}/funky-user%2Fjoined/compose", json=sources)
names = ("large", "piped", "copied", "joined")
same = [fs.cat(f"leap-scratch/funky-user/{it}") == large for it in names[:3]]
results["large"] = [len(large), sent.json()["size"], *same]
results["joined"] = session.get(f"{OBJECT}/funky-user%2Fjoined?alt=media").content == large * 2
fs.rm([f"leap-scratch/funky-user/{it}" for it in names])

# urllib and http.client.
with urllib.request.urlopen(urllib.request.Request(TOKEN, headers=FLAVOR)) as answer:
    results["urllib"] = [answer.status, sorted(json.load(answer))]
results["urllib error"] = error_of(urllib.request.urlopen, TOKEN)
with urllib.request.urlopen(urllib.request.Request(f"{OBJECT}/{quoted}?alt=media", headers=bearer)) as answer:
    results["urllib over TLS"] = answer.read().decode()
connection = http.client.HTTPConnection("169.254.169.254", timeout=3)
connection.request("GET", "/", headers=FLAVOR)
results["address"] = [(answer := connection.getresponse()).status, answer.headers["Metadata-Flavor"]]
connection.close()

# aiohttp, with hooks.
calls = []

async def began(session, context, parameters):
    calls.append(["start", parameters.method, parameters.url.host])

async def ended(session, context, parameters):
    calls.append(["end", parameters.response.status, parameters.response.headers.get("Content-Type")])

def hooks():
    config = aiohttp.TraceConfig()
    config.on_request_start.append(began)
    config.on_request_end.append(ended)
    return [config]

async def ask():
    async with aiohttp.ClientSession(headers=bearer, trace_configs=hooks()) as session:
        async with session.get(f"{OBJECT}/{quoted}", params={"alt": "media", "no": None}) as answer:
            text = await answer.text()
        answer = await session.get(f"{OBJECT}/missing")
        try:
            answer.raise_for_status()
        except aiohttp.ClientResponseError as error:
            refused = [error.status, error.request_info.method]
    return [text, refused, session.closed]

async def outside_with_aiohttp():
    async with aiohttp.ClientSession() as session:
        await session.get("https://example.org")

results["aiohttp"] = asyncio.run(ask())
results["hooks"] = list(calls)

# gcsfs passes these hooks on to its session.
calls.clear()
fs = gcsfs.GCSFileSystem(session_kwargs={"trace_configs": hooks()})
results["gcsfs"] = [fs.cat(f"leap-scratch/{name}").decode(), [call[0] for call in calls]]

# Hosts outside.
outside = "https://example.org/a.nc?token=secret"
results["outside"] = {
    "requests": error_of(requests.get, outside),
    "urllib": error_of(urllib.request.urlopen, outside),
    "http.client": error_of(http.client.HTTPSConnection("example.org").request, "GET", "/"),
    "a bucket of another cloud": error_of(requests.get, "https://s3.example.org/bucket/key"),
    "aiohttp": error_of(lambda: asyncio.run(outside_with_aiohttp())),
}
results["refused"] = sorted(set((folder / "log/refused.txt").read_text().split()))
results["log"] = [json.loads(line) for line in (folder / "log/requests.jsonl").read_text().splitlines()]
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """The results of the program."""
    return in_browser.run(PROGRAM, tmp_path_factory.mktemp("clients"), in_browser.HUB)


def test_google_auth_finds_the_account_of_the_hub(found):
    assert found["project"]
    assert found["urllib"] == [200, ["access_token", "expires_in", "token_type"]]


def test_requests_writes_and_reads(found):
    assert found["sent"] == [200, True, "2"]
    assert found["got"] == [200, "OK", "Ω", "2"]
    assert found["part"] == [206, 1, "bytes 1-1/2"]
    assert found["host of a bucket"] == "Ω"
    assert found["from a file"] == "3"
    assert found["json"] == {"a": "1"}


def test_large_objects_are_stored_copied_and_joined_without_threads(found):
    assert found["large"] == [6144000, "6144000", True, True, True]
    assert found["joined"] is True


def test_the_answer_to_head_has_the_size_and_no_content(found):
    assert found["head"] == [200, "", "2"]
    assert [row["bytes_out"] for row in found["log"] if row["method"] == "HEAD"] == [0]


def test_a_refused_request_has_the_status_and_the_text_of_the_cloud(found):
    assert found["missing"] == [404, "No such object: leap-scratch/missing"]
    assert found["raised"].startswith("HTTPError: 404 Client Error: Not Found for url: https://storage.googleapis.com/")
    assert found["urllib error"] == "HTTPError: HTTP Error 403: Forbidden"


def test_urllib_and_http_client(found):
    assert found["urllib over TLS"] == "Ω"
    assert found["address"] == [200, "Google"]


def test_aiohttp_leaves_out_parameters_without_a_value(found):
    assert [row["path"] for row in found["log"] if "no=" in row["path"]] == []


def test_aiohttp_calls_its_hooks(found):
    assert found["aiohttp"] == ["Ω", [404, "GET"], True]
    assert found["hooks"][0] == ["start", "GET", "storage.googleapis.com"]
    assert [call[0] for call in found["hooks"]] == ["start", "end"] * 2
    assert [call[1] for call in found["hooks"][1::2]] == [200, 404]


def test_gcsfs_reads_what_requests_wrote(found):
    text, hooks = found["gcsfs"]
    assert text == "Ω"
    assert hooks and hooks == ["start", "end"] * (len(hooks) // 2)


@pytest.mark.parametrize(
    ("client", "error"),
    [
        ("requests", "ConnectionError: Cannot connect to host example.org"),
        ("a bucket of another cloud", "ConnectionError: Cannot connect to host s3.example.org"),
        ("urllib", "URLError: <urlopen error [Errno 111] Connection refused>"),
        ("http.client", "ConnectionRefusedError: [Errno 111] Connection refused"),
        ("aiohttp", "ClientConnectionError: Cannot connect to host example.org"),
    ],
)
def test_another_host_does_not_answer(found, client, error):
    assert found["outside"][client].startswith(error)


def test_the_log_names_other_hosts_and_no_secrets(found):
    assert found["refused"] == ["example.org", "s3.example.org"]
    assert {row["host"] for row in found["log"]} >= {"storage.googleapis.com", "metadata.google.internal"}
    assert {row["persona"] for row in found["log"] if row["method"] == "PATCH"} == {"hub"}
    assert "secret" not in json.dumps(found["log"])
