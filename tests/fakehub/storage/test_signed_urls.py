"""V4 signed URLs, made by Google's own library with the hub's account, and refused after any alteration."""

import base64
import datetime
import hashlib
import itertools
import re
from xml.etree import ElementTree

import pytest
from api_client import signing_facts
from google.auth import credentials
from google.cloud import storage

from fakehub.control.client import Control

pytestmark = pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
HUB = "hub-user@leap-pangeo.iam.gserviceaccount.com"
HOUR_S = 3600
_names = itertools.count()


class HubCredentials(credentials.Signing, credentials.AnonymousCredentials):
    """Credentials that sign as the hub's account through the IAM service, as its key is not available."""

    signer = None
    signer_email = HUB

    def __init__(self, server):
        super().__init__()
        self._server = server

    def sign_bytes(self, message):
        """Return the signature of ``message``."""
        response = self._server.call(
            "POST",
            f"/v1/projects/-/serviceAccounts/{HUB}:signBlob",
            json={"payload": base64.b64encode(message).decode()},
            headers={"Host": "iamcredentials.googleapis.com"},
        )
        return base64.b64decode(response.json()["signedBlob"])


@pytest.fixture(scope="module")
def server(root, tmp_path_factory, start_server):
    """One server for all tests of the module, where the hub's account may sign."""
    folder = tmp_path_factory.mktemp("signing")
    running = start_server(folder / "server", hub_yml=signing_facts(root, folder))
    yield running
    running.process.terminate()
    assert running.process.wait(timeout=20) == 0


@pytest.fixture
def sign(server):
    """Sign the URL of a new object, ``sign(method=..., expiration=...)``; return its path and query."""

    def make(bucket="leap-scratch", name=None, expiration=HOUR_S, **options):
        client = storage.Client(project="p", credentials=HubCredentials(server))
        blob = client.bucket(bucket).blob(name or f"signed/{next(_names)} é+.txt")
        url = blob.generate_signed_url(version="v4", expiration=expiration, **options)
        return url.removeprefix("https://storage.googleapis.com")

    return make


@pytest.fixture
def stored(server, sign):
    """Sign URLs of an object that exists: ``stored(method=...)``."""
    name = f"signed/stored-{next(_names)}"
    server.call("PUT", f"/leap-scratch/{name}", data=b"0123456789")
    return lambda **options: sign(name=name, **options)


def ask(server, method, url, **options):
    """Send a request whose only credential is the URL."""
    return server.call(method, url, token=None, **options)


def refusal(response):
    """Return status, code and details of a refusal."""
    root = ElementTree.fromstring(response.content)  # noqa: S314 - the stand-in wrote it
    return response.status_code, root.findtext("Code"), root.findtext("Details")


def test_the_holder_of_the_url_may_read(server, stored):
    url = stored()

    assert ask(server, "GET", url).content == b"0123456789"
    assert ask(server, "GET", url, headers={"Range": "bytes=2-3"}).content == b"23"


def test_the_holder_of_the_url_may_write(server, sign):
    put = sign(method="PUT", name="signed/written", content_type="text/plain", headers={"x-goog-meta-a": "b"})

    done = ask(server, "PUT", put, data=b"written", headers={"Content-Type": "text/plain", "x-goog-meta-a": "b"})
    answer = ask(server, "GET", sign(name="signed/written"))

    assert done.status_code == 200
    assert (answer.content, answer.headers["Content-Type"]) == (b"written", "text/plain")
    assert answer.headers["x-goog-meta-a"] == "b"


def test_the_holder_of_the_url_may_begin_a_resumable_upload(server, sign):
    url = sign(method="RESUMABLE", name="signed/resumable")

    started = ask(server, "POST", url, headers={"x-goog-resumable": "start"})
    session = started.headers["Location"].removeprefix("https://storage.googleapis.com")
    done = ask(server, "PUT", session, data=b"x" * 1000)

    assert (started.status_code, done.status_code) == (201, 200)
    assert len(ask(server, "GET", sign(name="signed/resumable")).content) == 1000


def test_the_url_sets_headers_of_the_answer(server, stored):
    url = stored(response_type="text/csv", response_disposition="attachment; filename=a.csv")

    answer = ask(server, "GET", url)

    assert answer.headers["Content-Type"] == "text/csv"
    assert answer.headers["Content-Disposition"] == "attachment; filename=a.csv"


def test_a_url_expires_by_the_clock_of_the_stand_in(root, tmp_path, start_server):
    server = start_server(tmp_path / "server", hub_yml=signing_facts(root, tmp_path))
    try:
        server.call("PUT", "/leap-scratch/a", data=b"data")
        blob = storage.Client(project="p", credentials=HubCredentials(server)).bucket("leap-scratch").blob("a")
        url = blob.generate_signed_url(version="v4", expiration=HOUR_S)
        url = url.removeprefix("https://storage.googleapis.com")
        before = ask(server, "GET", url)
        Control(server.folder).advance(HOUR_S + 1)
        after = ask(server, "GET", url)
    finally:
        server.process.terminate()
        server.process.wait()

    status, code, details = refusal(after)
    assert before.status_code == 200
    assert (status, code) == (400, "ExpiredToken")
    assert details.startswith("The provided token has expired. Request signature expired at: ")


def alter(pattern, replacement):
    """Return a function that replaces the first match of ``pattern`` in a URL, which must have one."""

    def change(url):
        altered, count = re.subn(pattern, replacement, url, count=1)
        assert count == 1
        return altered

    return change


@pytest.mark.parametrize(
    "change",
    [
        alter(r"/stored-", "/other-"),
        alter(r"/leap-scratch/", "/leap-persistent/"),
        alter(r"Expires=3600", "Expires=3601"),
        alter(r"$", "&generation=1"),
        alter(r"$", "&response-content-type=text/html"),
        alter(r"Signature=..", "Signature=00"),
        alter(r"Signature=.*", "Signature=none"),
        alter(r"hub-user", "uploader"),
    ],
)
def test_a_signature_is_for_one_url(server, stored, change):
    refused = ask(server, "GET", change(stored()))

    status, code, details = refusal(refused)
    assert (status, code) == (403, "SignatureDoesNotMatch")
    assert details.startswith("The request signature we calculated does not match the signature you provided.")
    assert "<CanonicalRequest>GET\n/" in refused.text


@pytest.mark.parametrize("method", ["PUT", "DELETE", "HEAD"])
def test_a_signature_is_for_one_method(server, stored, method):
    url = stored()

    assert ask(server, method, url, data=b"x").status_code == 403
    assert ask(server, "GET", url).content == b"0123456789"


def test_a_signed_header_must_have_its_signed_value(server, sign):
    url = sign(method="PUT", content_type="text/plain")

    other = ask(server, "PUT", url, data=b"x", headers={"Content-Type": "text/html"})
    none = ask(server, "PUT", url, data=b"x")

    assert refusal(other)[:2] == (403, "SignatureDoesNotMatch")
    assert refusal(none) == (
        400,
        "MalformedSecurityHeader",
        "Header was included in signedheaders, but not in the request.",
    )


def test_a_header_of_google_must_be_signed(server, sign):
    refused = ask(server, "PUT", sign(method="PUT"), data=b"x", headers={"x-goog-meta-a": "b"})

    assert refusal(refused)[:2] == (400, "MalformedSecurityHeader")


@pytest.mark.parametrize("size", [3, 9])
def test_a_signed_length_range_is_enforced(server, sign, size):
    headers = {"x-goog-content-length-range": "4,8"}
    url = sign(method="PUT", headers=headers)

    refused = ask(server, "PUT", url, data=b"x" * size, headers=headers)

    assert refusal(refused)[:2] == (400, "EntityTooSmall" if size < 4 else "EntityTooLarge")


def test_a_signed_payload_is_the_only_one_accepted(server, sign):
    headers = {"x-goog-content-sha256": hashlib.sha256(b"this").hexdigest()}
    url = sign(method="PUT", headers=headers)

    assert refusal(ask(server, "PUT", url, data=b"that", headers=headers))[:2] == (400, "BadDigest")
    assert ask(server, "PUT", url, data=b"this", headers=headers).status_code == 200


def test_a_url_grants_no_more_than_its_signer_may_do(server, sign):
    refused = ask(server, "PUT", sign(bucket="leap-persistent-ro", method="PUT"), data=b"x")

    status, code, details = refusal(refused)
    assert (status, code) == (403, "AccessDenied")
    assert details.startswith(f"{HUB} does not have storage.objects.create access")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (alter(r"GOOG4-RSA-SHA256", "GOOG4-HMAC-SHA256"), "MalformedSecurityHeader"),
        (alter(r"Expires=3600", "Expires=604801"), "MalformedSecurityHeader"),
        (alter(r"Expires=3600", "Expires=0"), "MalformedSecurityHeader"),
        (alter(r"Expires=3600", "Expires=-5"), "MalformedSecurityHeader"),
        (alter(r"Expires=3600", "Expires=soon"), "MalformedSecurityHeader"),
        (alter(r"Expires=3600", "Expires=%D9%A3"), "MalformedSecurityHeader"),
        (alter(r"Expires=3600", f"Expires={'0' * 5000}1"), "MalformedSecurityHeader"),
        (alter(r"X-Goog-Expires=3600&", ""), "MalformedSecurityHeader"),
        (alter(r"X-Goog-Date=\d+T", "X-Goog-Date=T"), "MalformedSecurityHeader"),
        (alter(r"X-Goog-Date=(\d{8})T\d+Z", r"X-Goog-Date=\1"), "MalformedSecurityHeader"),
        (alter(r"goog4_request", "aws4_request"), "MalformedSecurityHeader"),
        (alter(r"SignedHeaders=host", "SignedHeaders=date"), "MalformedSecurityHeader"),
    ],
)
def test_a_malformed_signature_is_400(server, stored, change, code):
    assert refusal(ask(server, "GET", change(stored())))[:2] == (400, code)


def test_an_unknown_account_cannot_sign(server, stored):
    refused = ask(server, "GET", alter(r"hub-user", "nobody")(stored()))

    assert refusal(refused)[:2] == (403, "InvalidSecurity")


def test_a_url_of_tomorrow_is_not_valid_yet(server, stored):
    tomorrow = (datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=1)).strftime("%Y%m%d")

    refused = ask(server, "GET", re.sub(r"\d{8}(?=T|%2F)", tomorrow, stored()))

    assert refusal(refused)[:2] == (403, "RequestTimeTooSkewed")


def test_the_refusal_of_version_2_names_it(server):
    refused = ask(server, "GET", f"/leap-scratch/a?GoogleAccessId={HUB}&Expires=9999999999&Signature=abc")

    status, code, details = refusal(refused)
    assert (status, code) == (400, "NotImplemented")
    assert "version 2" in details


# Clients inside the stand-in

WITH_THE_HUBS_ACCOUNT = """
import datetime, subprocess
import google.auth, google.auth.transport.requests, requests
from google.cloud import storage
credentials, _ = google.auth.default(scopes=["https://www.googleapis.com/auth/cloud-platform"])
credentials.refresh(google.auth.transport.requests.Request())
who = {"service_account_email": credentials.service_account_email, "access_token": credentials.token}
blob = storage.Client(project="p").bucket("leap-scratch").blob("funky-user/a file +é.txt")
hour = datetime.timedelta(hours=1)
put = blob.generate_signed_url(version="v4", method="PUT", expiration=hour, **who)
assert requests.put(put, data=b"by url").status_code == 200
get = blob.generate_signed_url(version="v4", expiration=hour, **who)
print(requests.get(get).text)
print(subprocess.run(["curl", "-sS", get], capture_output=True, text=True, check=True).stdout)
"""

WITH_A_KEY = """
import datetime
import requests
from google.cloud import storage
blob = storage.Client(project="p").bucket("leap-persistent").blob("uploads/a")
blob.upload_from_string("by key")
print(requests.get(blob.generate_signed_url(version="v4", expiration=datetime.timedelta(days=7))).text)
"""


def test_the_hubs_account_signs_through_the_iam_service_if_the_facts_say_so(fakehub, mode, root, tmp_path):
    facts = signing_facts(root, tmp_path)
    process = fakehub("--mode", mode, "--hub-yml", facts, "--", "python", "-c", WITH_THE_HUBS_ACCOUNT)

    assert process.stdout == "by url\nby url\n", process.stderr


def test_the_hubs_account_is_otherwise_refused(fakehub):
    process = fakehub("--", "python", "-c", WITH_THE_HUBS_ACCOUNT)

    assert process.returncode == 1
    assert "Permission \\'iam.serviceAccounts.signBlob\\' denied on resource" in process.stderr


def test_a_key_file_signs_without_the_iam_service(fakehub, mode):
    process = fakehub("--mode", mode, "--persona", "service-account", "--", "python", "-c", WITH_A_KEY)

    assert process.stdout == "by key\n", process.stderr
