"""Hostile requests to the account services and the metadata server never cause a server error."""

import json
import random
from urllib.parse import quote, urlencode

import pytest
import requests

pytestmark = pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
SEED, REQUESTS = 2026, 800
ADDRESSES = (
    "accounts.google.com/o/oauth2/auth",
    "accounts.google.com/o/oauth2/token",
    "oauth2.googleapis.com/token",
    "oauth2.googleapis.com/revoke",
    "oauth2.googleapis.com/tokeninfo",
    "www.googleapis.com/oauth2/v1/tokeninfo",
    "www.googleapis.com/robot/v1/metadata/x509/",
    "openidconnect.googleapis.com/v1/userinfo",
    "iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/-:signBlob",
    "cloudresourcemanager.googleapis.com/v1/projects/x:testIamPermissions",
    "sdk.cloud.google.com/authcode.html",
    "metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token",
    "metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/identity",
    "metadata.google.internal/computeMetadata/v1/",
)
NAMES = (
    "client_id",
    "redirect_uri",
    "response_type",
    "scope",
    "state",
    "code",
    "grant_type",
    "assertion",
    "refresh_token",
    "token",
    "access_token",
    "id_token",
    "code_challenge",
    "code_challenge_method",
    "code_verifier",
    "decision",
    "audience",
    "recursive",
    "alt",
    "scopes",
    "format",
)
VALUES = (
    b"",
    b"764086051850-6qr4p6gpi6hn506pt8ejuq83di341hur.apps.googleusercontent.com",
    b"http://localhost:8085/",
    b"openid https://www.googleapis.com/auth/cloud-platform",
    b"code",
    b"plain",
    b"allow",
    b"authorization_code",
    b"refresh_token",
    b"urn:ietf:params:oauth:grant-type:jwt-bearer",
    b"eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ1cGxvYWRlckBsZWFwLXBhbmdlby5pYW0uZ3NlcnZpY2VhY2NvdW50LmNvbSJ9.AAAA",
    b"e30.e30.",
    b"true",
    b"json",
    b"\r\nX-Evil: 1",
    b"\xff\xfe",
    b"\x00",
    b"[" * 3000,
    "Ω".encode(),
)


def some_bytes(chance: random.Random, longest: int) -> bytes:
    return chance.randbytes(chance.randrange(longest))


def form(chance: random.Random) -> str:
    pairs = [
        (chance.choice(NAMES), chance.choice(VALUES) if chance.random() < 0.9 else some_bytes(chance, 30))
        for _ in range(chance.randrange(9))
    ]
    return urlencode(pairs)


def test_no_request_causes_a_server_error(server):
    chance, session, statuses = random.Random(SEED), requests.Session(), set()  # noqa: S311
    session.verify = session.trust_env = False
    for number in range(REQUESTS):
        host, _, path = chance.choice(ADDRESSES).partition("/")
        more = quote(some_bytes(chance, 12), safe="/:") if chance.random() < 0.2 else ""
        tls = host != "metadata.google.internal"
        base = f"https://127.0.0.1:{server.ports['tls']}" if tls else f"http://127.0.0.1:{server.ports['metadata']}"
        token = chance.choice(["", "Bearer", f"Bearer {VALUES[10].decode()}", "Basic !!!", "Basic dXNlcg=="])
        headers = {"Host": host, "Metadata-Flavor": "Google"} | ({"Authorization": token} if token else {})
        body = chance.choice([form(chance), some_bytes(chance, 60), json.dumps({"payload": "?"}), b"[" * 5000])
        method = chance.choice(["GET", "GET", "POST", "POST", "PUT", "HEAD", "DELETE"])

        url = f"{base}/{path}{more}?{form(chance)}"
        answer = session.request(method, url, headers=headers, data=body, timeout=20, allow_redirects=False)

        assert answer.status_code < 500, f"request {number} of seed {SEED}: {method} {host}/{path}{more}"
        assert "X-Evil" not in answer.headers
        statuses.add(answer.status_code)

    assert {200, 400, 401, 404, 405} <= statuses
