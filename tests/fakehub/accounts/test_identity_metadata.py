"""The metadata server, with the requests that programs send."""

import google.auth.jwt
import pytest
import requests

pytestmark = pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
EMAIL = "hub-user@leap-pangeo.iam.gserviceaccount.com"
SCOPE = "https://www.googleapis.com/auth/cloud-platform"
ACCOUNT = "instance/service-accounts/default"


@pytest.fixture
def ask(server):
    """Return a function that requests a key from the metadata server."""

    def call(key, method="GET", headers=None, **query):
        url = f"http://127.0.0.1:{server.ports['metadata']}/computeMetadata/v1/{key}"
        headers = {"Metadata-Flavor": "Google"} | (headers or {})
        headers = {name: value for name, value in headers.items() if value is not None}
        return requests.request(method, url, headers=headers, params=query, timeout=10, allow_redirects=False)

    return call


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("project/project-id", "leap-pangeo"),
        ("project/numeric-project-id", "1"),
        ("instance/zone", "projects/1/zones/us-central1-c"),
        ("universe/universe-domain", "googleapis.com"),
        ("instance/service-accounts/", f"default/\n{EMAIL}/\n"),
        (f"{ACCOUNT}/email", EMAIL),
        (f"{ACCOUNT}/scopes", f"{SCOPE}\n"),
        (f"{ACCOUNT}/aliases", "default\n"),
        (f"{ACCOUNT}/", "aliases\nemail\nidentity\ntoken\nscopes\n"),
        (f"instance/service-accounts/{EMAIL}/email", EMAIL),
        ("", "instance/\nproject/\nuniverse/\n"),
    ],
)
def test_keys(ask, key, text):
    answer = ask(key)

    assert (answer.status_code, sorted(answer.text.splitlines())) == (200, sorted(text.splitlines()))
    assert answer.headers["Metadata-Flavor"] == "Google"


def test_the_first_question_of_a_client_is_whether_it_is_there(server):
    answer = requests.get(f"http://127.0.0.1:{server.ports['metadata']}/", timeout=10)

    assert (answer.status_code, answer.headers["Metadata-Flavor"]) == (200, "Google")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Metadata-Flavor": None}, 403),
        ({"Metadata-Flavor": "Other"}, 403),
        ({"X-Forwarded-For": "10.0.0.1"}, 403),
        ({"X-Forwarded-For": ""}, 403),
    ],
)
def test_requests_that_may_have_been_forwarded_are_refused(ask, headers, status):
    answer = ask(f"{ACCOUNT}/token", headers=headers)

    assert answer.status_code == status
    assert "access_token" not in answer.text
    assert answer.headers["Metadata-Flavor"] == "Google"


def test_the_same_token_is_returned_until_it_expires(ask):
    first, second = (ask(f"{ACCOUNT}/token").json() for _ in range(2))

    assert first["access_token"] == second["access_token"]
    assert first["token_type"] == "Bearer"
    assert 300 < first["expires_in"] <= 3600


def test_other_scopes_are_another_token(ask):
    narrow = "https://www.googleapis.com/auth/devstorage.read_only,https://www.googleapis.com/auth/userinfo.email"

    plain, first = ask(f"{ACCOUNT}/token").json(), ask(f"{ACCOUNT}/token", scopes=narrow).json()

    assert plain["access_token"] != first["access_token"]
    assert ask(f"{ACCOUNT}/token", scopes=narrow).json()["access_token"] == first["access_token"]


def test_an_identity_is_for_its_audience(ask, server):
    certificates = server.call("GET", "/oauth2/v1/certs", token=None, headers={"Host": "www.googleapis.com"}).json()
    token = ask(f"{ACCOUNT}/identity", audience="https://example.org", format="full").text

    claims = google.auth.jwt.decode(token, certs=certificates, audience="https://example.org", clock_skew_in_seconds=9)

    assert (claims["email"], claims["iss"]) == (EMAIL, "https://accounts.google.com")
    assert claims["google"]["compute_engine"]["project_id"] == "leap-pangeo"
    assert ask(f"{ACCOUNT}/identity").status_code == 400


def test_recursive_is_json_of_all_below(ask):
    account = ask(f"{ACCOUNT}/", recursive="true").json()
    everything = ask("", recursive="true").json()

    assert account == {"aliases": ["default"], "email": EMAIL, "scopes": [SCOPE]}
    assert everything["project"] == {"attributes": {}, "numericProjectId": 1, "projectId": "leap-pangeo"}
    assert everything["instance"]["serviceAccounts"][EMAIL] == account


def test_recursive_text_is_a_line_for_each_key(ask):
    lines = ask("project/", recursive="true", alt="text").text.splitlines()

    assert lines == ["numeric-project-id 1", "project-id leap-pangeo"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("project/project-id", "leap-pangeo"),
        ("project/numeric-project-id", 1),
        (f"{ACCOUNT}/scopes", [SCOPE]),
        ("instance/service-accounts/", ["default/", f"{EMAIL}/"]),
    ],
)
def test_json_on_request(ask, key, value):
    answer = ask(key, alt="json")

    assert answer.headers["Content-Type"].startswith("application/json")
    assert answer.json() == value


def test_a_folder_without_its_slash_is_sent_there(ask):
    answer = ask("instance/service-accounts", recursive="true")

    assert answer.status_code == 301
    assert answer.headers["Location"].endswith("/instance/service-accounts/?recursive=true")


@pytest.mark.parametrize(
    ("key", "method", "status"),
    [
        ("no/such/key", "GET", 404),
        ("project/project-id/more", "GET", 404),
        ("instance/service-accounts/nobody@example.com/token", "GET", 404),
        ("%ff", "GET", 404),
        ("../../etc/passwd", "GET", 404),
        ("project/project-id", "POST", 405),
    ],
)
def test_any_other_request_is_refused(ask, key, method, status):
    assert ask(key, method).status_code == status
