"""Access tokens: what their scopes allow, when they expire, and the error messages."""

import json
import time
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import google.auth.crypt
import google.auth.jwt
import googleapiclient
import pytest
import requests
from accounts_client import (
    AUTH,
    answer_of,
    assertion,
    decide,
    key_file,
    logged_in,
    redeem,
    refresh,
)

from fakehub.accounts.personas import personas
from fakehub.control.client import Control
from fakehub.errors import GoogleError
from hubfacts.load import load

pytestmark = pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
OBJECT = "/storage/v1/b/leap-scratch/o/a"
UPLOAD = "/upload/storage/v1/b/leap-scratch/o?uploadType=media&name=a"
PERSISTENT = "/storage/v1/b/leap-persistent/o"


def scoped(server, scopes):
    """Return a token of the hub with these scopes."""
    url = f"http://127.0.0.1:{server.ports['metadata']}/computeMetadata/v1/instance/service-accounts/default/token"
    return answered(f"{url}?scopes={quote(scopes)}")["access_token"]


def answered(url):
    return requests.get(url, headers={"Metadata-Flavor": "Google"}, timeout=10).json()


@pytest.mark.parametrize(
    ("scope", "read", "write", "patch"),
    [
        ("cloud-platform", 200, 200, 200),
        ("devstorage.full_control", 200, 200, 200),
        ("devstorage.read_write", 200, 200, 403),
        ("devstorage.read_only", 200, 403, 403),
        ("cloud-platform.read-only", 200, 403, 403),
        ("userinfo.email", 403, 403, 403),
    ],
)
def test_a_token_allows_what_its_scope_allows(server, scope, read, write, patch):
    server.call("POST", UPLOAD, data=b"data")
    token = scoped(server, AUTH + scope)

    reads = [server.call("GET", path, token=token).status_code for path in (OBJECT, OBJECT.rpartition("/")[0])]
    wrote = server.call("POST", UPLOAD, token=token, data=b"data").status_code
    patched = server.call("PATCH", OBJECT, token=token, data=b"{}").status_code

    assert (reads, wrote, patched) == ([read, read], write, patch)


@pytest.mark.parametrize(
    ("method", "permission"),
    [
        ("objects.get", "storage.objects.get"),
        ("objects.list", "storage.objects.list"),
        ("objects.insert", "storage.objects.create"),
        ("objects.delete", "storage.objects.delete"),
        ("objects.patch", "storage.objects.update"),
        ("buckets.get", "storage.buckets.get"),
        ("buckets.getIamPolicy", "storage.buckets.getIamPolicy"),
    ],
)
def test_scopes_are_those_of_googles_description(root, method, permission):
    document = Path(googleapiclient.__file__).parent / "discovery_cache" / "documents" / "storage.v1.json"
    described = json.loads(document.read_text())
    resource, _, name = method.partition(".")
    takes = set(described["resources"][resource]["methods"][name]["scopes"])
    hub = personas(load(root / "hub.yml"))["hub"]

    def reaches(scope):
        try:
            replace(hub, scopes=frozenset({scope})).check("leap-scratch", permission)
        except GoogleError:
            return False
        return True

    assert {scope for scope in described["auth"]["oauth2"]["scopes"] if reaches(scope)} == takes


@pytest.mark.parametrize(
    ("scope", "message", "reason"),
    [
        ("userinfo.email", "Request had insufficient authentication scopes.", "insufficientPermissions"),
        ("devstorage.read_only", "Provided scope(s) are not authorized", "forbidden"),
    ],
)
def test_a_scope_that_does_not_reach_is_refused_in_googles_words(server, scope, message, reason):
    refused = server.call("POST", UPLOAD, token=scoped(server, AUTH + scope), data=b"data")

    error = refused.json()["error"]
    assert (refused.status_code, error["message"], error["errors"][0]["reason"]) == (403, message, reason)


@pytest.fixture
def running(tmp_path, start_server):
    """Return a function that starts a server for a persona, for tests that move its clock."""
    started = []

    def start(persona):
        started.append(start_server(tmp_path / persona, persona=persona))
        return started[-1]

    yield start
    for server in started:
        server.process.terminate()
        server.process.wait()


def test_a_token_lives_an_hour_and_its_refresh_token_on(running):
    server = running("hpc-member")
    tokens = logged_in(server)
    assert 3590 <= tokens["expires_in"] <= 3600

    statuses = []
    for seconds in (3500, 101):
        Control(server.folder).advance(seconds)
        statuses.append(server.call("GET", PERSISTENT, token=tokens["access_token"]).status_code)
    again = refresh(server, tokens["refresh_token"]).json()["access_token"]

    assert statuses == [200, 401]
    assert server.call("GET", PERSISTENT, token=again).status_code == 200


def test_an_expired_token_is_refused_in_googles_words(running):
    server = running("laptop")
    token = (server.folder / "home" / "token.txt").read_text().strip()
    Control(server.folder).advance(3601)

    refused = server.call("GET", PERSISTENT, token=token)

    error = refused.json()["error"]
    assert (refused.status_code, error["message"]) == (401, "Invalid Credentials")
    assert error["errors"][0]["reason"] == "authError"
    assert refused.headers["WWW-Authenticate"].startswith('Bearer realm="https://accounts.google.com/"')


def test_a_code_ends_after_ten_minutes(running):
    server = running("hpc-member")
    code = answer_of(decide(server))["code"]
    Control(server.folder).advance(601)

    assert redeem(server, code).json()["error"] == "invalid_grant"


def self_signed(server, **claims):
    """Return a token that a service account signs itself, as the clients of pyarrow and obstore do."""
    key, now = key_file(server), int(time.time())
    claims = {"iss": key["client_email"], "sub": key["client_email"], "iat": now, "exp": now + 3600} | claims
    return google.auth.jwt.encode(google.auth.crypt.RSASigner.from_service_account_info(key), claims).decode()


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({"aud": "https://storage.googleapis.com/"}, 200),
        ({"scope": f"{AUTH}devstorage.read_only"}, 200),
        ({"scope": f"{AUTH}userinfo.email"}, 403),
        ({"aud": "https://pubsub.googleapis.com/"}, 401),
        ({"aud": "https://storage.googleapis.com/", "exp": 1}, 401),
        ({"aud": "https://storage.googleapis.com/", "iss": "nobody@example.com"}, 401),
    ],
)
def test_a_token_that_a_service_account_signed_itself(running, claims, status):
    server = running("service-account")

    assert server.call("GET", PERSISTENT, token=self_signed(server, **claims)).status_code == status


def test_a_self_signed_token_ends_as_well(running):
    server = running("service-account")
    token = self_signed(server, aud="https://storage.googleapis.com/")
    before = server.call("GET", PERSISTENT, token=token).status_code
    Control(server.folder).advance(3700)

    assert (before, server.call("GET", PERSISTENT, token=token).status_code) == (200, 401)


def test_a_forged_signature_is_refused(running):
    server = running("service-account")
    message, _, signature = assertion(server, aud="https://storage.googleapis.com/").rpartition(".")
    forged = f"{message}.{'A' * len(signature)}"

    assert server.call("GET", PERSISTENT, token=forged).status_code == 401


@pytest.mark.parametrize("header", ["Basic dXNlcjpwYXNz", "Bearer", "Bearer a.b.c", "nonsense", "Bearer ..", "GOOG4 x"])
def test_any_other_authorization_is_401(server, header):
    refused = server.call("GET", OBJECT, token=None, headers={"Authorization": header})

    assert refused.status_code == 401
