"""The endpoints that describe a token, or its owner."""

import pytest
from accounts_client import DEFAULT_CLIENT, get, logged_in, refused

pytestmark = pytest.mark.filterwarnings("ignore:Unverified HTTPS request")


def test_tokeninfo_describes_a_token(machine):
    token = logged_in(machine)["access_token"]

    first = get(machine, "www.googleapis.com", f"/oauth2/v1/tokeninfo?access_token={token}").json()
    third = get(machine, "www.googleapis.com", f"/oauth2/v3/tokeninfo?access_token={token}").json()
    plain = get(machine, "oauth2.googleapis.com", f"/tokeninfo?access_token={token}").json()

    assert (first["audience"], first["email"]) == (DEFAULT_CLIENT, "funky-user@example.com")
    assert 3590 <= first["expires_in"] <= 3600
    assert (third["aud"], third["email_verified"], third["scope"]) == (DEFAULT_CLIENT, "true", first["scope"])
    assert set(plain) == set(third)


@pytest.mark.parametrize("host", ["oauth2.googleapis.com/tokeninfo", "www.googleapis.com/oauth2/v1/tokeninfo"])
def test_tokeninfo_of_an_invalid_or_missing_token(machine, host):
    host, _, path = host.partition("/")

    unknown = get(machine, host, f"/{path}?access_token=ya29.nobody")
    forged = get(machine, host, f"/{path}?id_token=a.b.c")
    missing = get(machine, host, f"/{path}")

    assert refused(unknown) == refused(forged) == (400, "invalid_token", "Invalid Value")
    assert refused(missing)[:2] == (400, "invalid_request")


@pytest.mark.parametrize(
    ("host", "path", "name"),
    [
        ("openidconnect.googleapis.com", "/v1/userinfo", "sub"),
        ("www.googleapis.com", "/oauth2/v3/userinfo", "sub"),
        ("www.googleapis.com", "/oauth2/v1/userinfo", "id"),
        ("www.googleapis.com", "/oauth2/v2/userinfo", "id"),
    ],
)
def test_userinfo_describes_the_owner_of_a_token(machine, host, path, name):
    user = get(machine, host, path, logged_in(machine)["access_token"]).json()

    assert user["email"] == "funky-user@example.com"
    assert user[name].isdigit()
    assert get(machine, host, path, "ya29.nobody").status_code == 401
