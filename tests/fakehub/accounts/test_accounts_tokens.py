"""The token endpoints, through their own protocol: every grant, and every error with Google's message."""

import base64
import hashlib
import json
import time

import google.auth.crypt
import google.auth.jwt
import pytest
from accounts_client import (
    AUTH,
    CLOUD_PLATFORM,
    DEFAULT_CLIENT,
    GCSFS_CLIENT,
    JWT_BEARER,
    answer_of,
    assertion,
    decide,
    get,
    key_file,
    logged_in,
    oauth,
    redeem,
    refresh,
    refused,
    token_of,
)

from fakehub.control.client import Control

pytestmark = pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
PERSISTENT = "/storage/v1/b/leap-persistent/o"
UPLOADER = "uploader@leap-pangeo.iam.gserviceaccount.com"


def test_a_login_gives_tokens_for_the_persons_buckets(machine):
    tokens = logged_in(machine)

    assert tokens["token_type"] == "Bearer"
    assert set(tokens["scope"].split()) == {"openid", f"{AUTH}userinfo.email", CLOUD_PLATFORM}
    assert machine.call("GET", PERSISTENT, token=tokens["access_token"]).status_code == 200


def test_a_code_is_valid_once(machine):
    code = answer_of(decide(machine))["code"]

    assert redeem(machine, code).status_code == 200
    assert refused(redeem(machine, code)) == (400, "invalid_grant", "Bad Request")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"code": "guessed"}, (400, "invalid_grant", "Malformed auth code.")),
        ({"redirect_uri": "http://localhost:1/"}, (400, "redirect_uri_mismatch", "Bad Request")),
        ({"client_id": GCSFS_CLIENT}, (400, "invalid_grant", "Bad Request")),
        ({"client_id": "nobody"}, (401, "invalid_client", "The OAuth client was not found.")),
        ({"client_id": ""}, (400, "invalid_request", "Could not determine client ID from request.")),
        ({"code": ""}, (400, "invalid_request", "Missing required parameter: code")),
        ({"grant_type": "password"}, (400, "unsupported_grant_type", "Invalid grant_type: password")),
        ({"grant_type": ""}, (400, "invalid_request", "Missing required parameter: grant_type")),
    ],
)
def test_a_code_that_does_not_fit_is_refused(machine, changes, expected):
    form = {"code": answer_of(decide(machine))["code"]} | changes

    assert refused(redeem(machine, **form)) == expected


def test_a_code_is_valid_for_ten_minutes(tmp_path, start_server):
    server = start_server(tmp_path / "server")
    try:
        early, late = (answer_of(decide(server))["code"] for _ in range(2))
        Control(server.folder).advance(570)  # the clock also runs while a busy machine answers
        assert redeem(server, early).status_code == 200
        Control(server.folder).advance(31)
        assert refused(redeem(server, late)) == (400, "invalid_grant", "Bad Request")
    finally:
        server.process.terminate()
        server.process.wait()


def test_a_program_may_name_itself_by_http_basic(machine):
    form = {"grant_type": "refresh_token", "refresh_token": logged_in(machine)["refresh_token"]}

    def ask(word):
        headers = {"Host": "oauth2.googleapis.com", "Authorization": f"Basic {word}"}
        return machine.call("POST", "/token", token=None, headers=headers, data=form)

    known = base64.b64encode(f"{DEFAULT_CLIENT}:x".encode()).decode()
    assert ask(known).json()["token_type"] == "Bearer"
    assert refused(ask("?")) == (401, "invalid_client", "Unauthorized")


@pytest.mark.parametrize("method", ["S256", "plain"])
def test_pkce_requires_the_verifier(machine, method):
    verifier = "v" * 43
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    challenge = digest if method == "S256" else verifier
    code = answer_of(decide(machine, code_challenge=challenge, code_challenge_method=method))["code"]

    assert refused(redeem(machine, code)) == (400, "invalid_grant", "Missing code verifier.")
    wrong = redeem(machine, code, code_verifier="w" * 43)
    assert refused(wrong) == (400, "invalid_grant", "Invalid code verifier.")
    assert redeem(machine, code, code_verifier=verifier).status_code == 200


def test_a_refresh_may_ask_for_less_but_not_for_more(machine):
    token = logged_in(machine)["refresh_token"]

    less = refresh(machine, token, scope=f"{AUTH}devstorage.read_only").json()
    more = refresh(machine, token, scope=f"{AUTH}drive")

    assert less["scope"] == f"{AUTH}devstorage.read_only"
    upload = "/upload/storage/v1/b/leap-persistent/o?uploadType=media&name=a"
    assert machine.call("POST", upload, token=less["access_token"], data=b"a").status_code == 403
    assert refused(more) == (400, "invalid_scope", "Bad Request")


def test_a_refresh_token_is_its_clients(machine):
    token = logged_in(machine)["refresh_token"]

    assert refused(refresh(machine, "1//unknown")) == (400, "invalid_grant", "Bad Request")
    assert refused(refresh(machine, token, client_id=GCSFS_CLIENT)) == (401, "unauthorized_client", "Unauthorized")


@pytest.mark.parametrize("which", ["access_token", "refresh_token"])
def test_revoking_either_token_ends_both(machine, which):
    tokens = logged_in(machine)

    done = oauth(machine, "/revoke", token=tokens[which])

    assert (done.status_code, done.json()) == (200, {})
    assert machine.call("GET", PERSISTENT, token=tokens["access_token"]).status_code == 401
    ended = (400, "invalid_grant", "Token has been expired or revoked.")
    assert refused(refresh(machine, tokens["refresh_token"])) == ended
    again = oauth(machine, "/revoke", token=tokens[which])
    assert refused(again) == (400, "invalid_token", "Token expired or revoked")


def test_a_service_account_gets_a_token_for_its_assertion(machine):
    token = token_of(machine, "service-account")

    assert machine.call("GET", PERSISTENT, token=token).status_code == 200


@pytest.mark.parametrize("audience", ["", 5, None])
def test_without_an_audience_for_it_there_is_no_identity_token(machine, audience):
    signed = assertion(machine, target_audience=audience)

    answer = oauth(machine, "/token", grant_type=JWT_BEARER, assertion=signed).json()

    assert answer["token_type"] == "Bearer" and "id_token" not in answer


NOW = int(time.time())
SHORT_LIVED = (
    "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. "
    "Check your iat and exp values in the JWT claim."
)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"iss": "nobody@example.com"}, (400, "invalid_grant", "Invalid grant: account not found")),
        ({"iss": None}, (400, "invalid_grant", "Invalid grant: account not found")),
        ({"iss": ["a"]}, (400, "invalid_grant", "Invalid grant: account not found")),
        ({"exp": NOW - 4000, "iat": NOW - 7600}, (400, "invalid_grant", SHORT_LIVED)),
        ({"exp": NOW + 90000}, (400, "invalid_grant", SHORT_LIVED)),
        ({"iat": NOW + 9000, "exp": NOW + 9100}, (400, "invalid_grant", SHORT_LIVED)),
        ({"exp": "soon"}, (400, "invalid_grant", SHORT_LIVED)),
        ({"iat": None}, (400, "invalid_grant", SHORT_LIVED)),
        ({"aud": "https://example.org/"}, (400, "invalid_grant", "Invalid JWT: Failed audience check.")),
        ({"aud": [1]}, (400, "invalid_grant", "Invalid JWT: Failed audience check.")),
        ({"scope": None}, (400, "invalid_scope", "Invalid OAuth scope or ID token audience provided.")),
        ({"scope": " "}, (400, "invalid_scope", "Invalid OAuth scope or ID token audience provided.")),
    ],
)
def test_an_assertion_that_does_not_hold_is_refused(machine, changes, expected):
    answer = oauth(machine, "/token", grant_type=JWT_BEARER, assertion=assertion(machine, **changes))

    assert refused(answer) == expected


def test_an_assertion_for_somebody_else_is_refused(machine):
    signed = assertion(machine, sub="funky-user@example.com")

    answer = oauth(machine, "/token", grant_type=JWT_BEARER, assertion=signed)

    assert refused(answer)[:2] == (401, "unauthorized_client")


@pytest.mark.parametrize("text", ["", "a", "a.b.c", "....", "e30.e30.e30", "W10.W10.W10", "é.é.é"])
def test_a_malformed_assertion_is_refused(machine, text):
    answer = oauth(machine, "/token", grant_type=JWT_BEARER, assertion=text)

    assert answer.status_code == 400
    assert answer.json()["error"] in {"invalid_grant", "invalid_request"}


def test_an_assertion_signed_with_another_key_is_refused(machine):
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    other = rsa.generate_private_key(65537, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    signer = google.auth.crypt.RSASigner.from_string(other)
    claims = {"iss": UPLOADER, "aud": "https://oauth2.googleapis.com/token", "scope": CLOUD_PLATFORM}
    signed = google.auth.jwt.encode(signer, claims | {"iat": NOW, "exp": NOW + 600}).decode()

    answer = oauth(machine, "/token", grant_type=JWT_BEARER, assertion=signed)

    assert refused(answer) == (400, "invalid_grant", "Invalid JWT Signature.")


def claims_of(machine, token, audience, path="/oauth2/v1/certs"):
    """Return the claims of an identity token after checking it against the published certificates."""
    certificates = get(machine, "www.googleapis.com", path).json()
    return google.auth.jwt.decode(token, certs=certificates, audience=audience, clock_skew_in_seconds=10)


def test_identity_tokens_hold_against_the_published_certificates(machine):
    person = claims_of(machine, logged_in(machine)["id_token"], DEFAULT_CLIENT)
    signed = assertion(machine, scope=None, target_audience="https://example.org")
    answer = oauth(machine, "/token", grant_type=JWT_BEARER, assertion=signed).json()
    program = claims_of(machine, answer["id_token"], "https://example.org")

    assert (person["email"], person["iss"]) == ("funky-user@example.com", "https://accounts.google.com")
    assert (program["email"], program["email_verified"]) == (UPLOADER, True)


def test_a_service_accounts_own_certificate_is_published(machine):
    path = key_file(machine)["client_x509_cert_url"].removeprefix("https://www.googleapis.com")

    assert claims_of(machine, assertion(machine), None, path)["iss"] == UPLOADER
    assert get(machine, "www.googleapis.com", "/robot/v1/metadata/x509/nobody").status_code == 404


def test_the_keys_are_published_as_json_web_keys(machine):
    keys = get(machine, "www.googleapis.com", "/oauth2/v3/certs").json()["keys"]
    certificates = get(machine, "www.googleapis.com", "/oauth2/v1/certs").json()

    assert {key["kid"] for key in keys} == set(certificates)
    assert all(key["kty"] == "RSA" and key["alg"] == "RS256" for key in keys)


def test_a_service_account_may_sign_as_itself(machine):
    token, payload = token_of(machine, "service-account"), base64.b64encode(b"text").decode()
    now = int(time.time())
    path = f"/v1/projects/-/serviceAccounts/{UPLOADER}"

    def call(method, body):
        host = {"Host": "iamcredentials.googleapis.com"}
        return machine.call("POST", f"{path}:{method}", token=token, headers=host, data=json.dumps(body)).json()

    blob = call("signBlob", {"payload": payload})
    given = call("generateAccessToken", {"scope": [f"{AUTH}devstorage.read_only"], "lifetime": "3600s"})
    identity = call("generateIdToken", {"audience": "https://example.org"})["token"]
    signed = call("signJwt", {"payload": json.dumps({"iss": UPLOADER, "iat": now, "exp": now + 600})})["signedJwt"]

    certificate = get(machine, "www.googleapis.com", f"/robot/v1/metadata/x509/{UPLOADER}").json()[blob["keyId"]]
    assert google.auth.crypt.verify_signature(b"text", base64.b64decode(blob["signedBlob"]), certificate)
    assert machine.call("GET", PERSISTENT, token=given["accessToken"]).status_code == 200
    assert claims_of(machine, identity, "https://example.org")["email"] == UPLOADER
    assert google.auth.jwt.decode(signed, certs=certificate, verify=True)["iss"] == UPLOADER


@pytest.mark.parametrize("body", [b"[]", b"{", b"{}", b'{"payload": 3}', b'{"payload": "?"}'])
def test_a_bad_request_to_sign_is_400(machine, body):
    path = f"/v1/projects/-/serviceAccounts/{UPLOADER}:signBlob"
    host, token = {"Host": "iamcredentials.googleapis.com"}, token_of(machine, "service-account")

    assert machine.call("POST", path, token=token, headers=host, data=body).status_code == 400


@pytest.mark.parametrize("scope", [None, [], "text", [1], [[]]])
def test_a_token_is_for_a_list_of_scopes(machine, scope):
    path = f"/v1/projects/-/serviceAccounts/{UPLOADER}:generateAccessToken"
    host, token = {"Host": "iamcredentials.googleapis.com"}, token_of(machine, "service-account")

    assert machine.call("POST", path, token=token, headers=host, json={"scope": scope}).status_code == 400


def test_a_token_for_storage_alone_signs_nothing(machine):
    signed = assertion(machine, scope=f"{AUTH}devstorage.full_control")
    token = oauth(machine, "/token", grant_type=JWT_BEARER, assertion=signed).json()["access_token"]
    path, host = f"/v1/projects/-/serviceAccounts/{UPLOADER}:signBlob", {"Host": "iamcredentials.googleapis.com"}

    answer = machine.call("POST", path, token=token, headers=host, json={"payload": "eA=="})

    assert answer.status_code == 403
    assert answer.json()["error"]["message"] == "Request had insufficient authentication scopes."


def test_a_quota_project_of_somebody_else_is_refused(machine):
    path = f"/v1/projects/-/serviceAccounts/{UPLOADER}:signBlob"
    headers = {"Host": "iamcredentials.googleapis.com", "x-goog-user-project": "leap-pangeo"}

    answer = machine.call(
        "POST", path, token=token_of(machine, "service-account"), headers=headers, json={"payload": "eA=="}
    )

    assert answer.status_code == 403
    words = "Caller does not have required permission to use project leap-pangeo."
    assert answer.json()["error"]["message"].startswith(words)


@pytest.mark.parametrize(
    ("project", "held"),
    [
        ("funky-user-project", {"permissions": ["serviceusage.services.use"]}),
        ("outside-user-project", {}),
        ("leap-pangeo", {}),
    ],
)
def test_people_may_have_their_own_project_billed(machine, project, held):
    host, token = {"Host": "cloudresourcemanager.googleapis.com"}, logged_in(machine)["access_token"]

    answer = machine.call("POST", f"/v1/projects/{project}:testIamPermissions", token=token, headers=host, json={})

    assert (answer.status_code, answer.json()) == (200, held)


def test_nobody_may_sign_as_another(machine):
    path = "/v1/projects/-/serviceAccounts/hub-user@leap-pangeo.iam.gserviceaccount.com:signBlob"
    host, person = {"Host": "iamcredentials.googleapis.com"}, logged_in(machine)["access_token"]

    statuses = [
        machine.call("POST", path, token=token, headers=host, data=b'{"payload": "eA=="}').status_code
        for token in (token_of(machine, "service-account"), person, None)
    ]

    assert statuses == [403, 403, 401]


@pytest.mark.parametrize(
    ("method", "host", "path", "status"),
    [
        ("GET", "oauth2.googleapis.com", "/token", 405),
        ("DELETE", "accounts.google.com", "/o/oauth2/auth", 405),
        ("GET", "oauth2.googleapis.com", "/nothing", 404),
        ("GET", "www.googleapis.com", "/oauth2/v9/nothing", 404),
        ("GET", "iamcredentials.googleapis.com", "/v1/projects/-/serviceAccounts/a:signBlob", 404),
        ("GET", "cloudresourcemanager.googleapis.com", "/v1/projects/leap-pangeo", 401),
    ],
)
def test_any_other_request_is_refused(machine, method, host, path, status):
    assert machine.call(method, path, token=None, headers={"Host": host}).status_code == status


def test_a_form_that_is_too_long_is_refused(machine):
    answer = oauth(machine, "/token", grant_type="refresh_token", refresh_token="x" * 2**21)

    assert answer.status_code == 413
