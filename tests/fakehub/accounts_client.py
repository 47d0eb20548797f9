"""A client for the account services of a server: the login page, and every way to get a token."""

from __future__ import annotations

import json
import re
import time
from urllib.parse import parse_qs, urlencode, urlsplit

import google.auth.crypt
import google.auth.jwt
import requests

AUTH = "https://www.googleapis.com/auth/"
CLOUD_PLATFORM = f"{AUTH}cloud-platform"
# The public client ids of `gcloud auth application-default login` and of gcsfs.
DEFAULT_CLIENT = "764086051850-6qr4p6gpi6hn506pt8ejuq83di341hur.apps.googleusercontent.com"
GCSFS_CLIENT = "586241054156-9kst7ltfj66svc342pcn43vp6ta3idin.apps.googleusercontent.com"
REDIRECT = "http://localhost:8085/"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def oauth(server, path: str, host: str = "oauth2.googleapis.com", **form) -> requests.Response:
    """Post a form to one of the accounts' hosts."""
    return server.call("POST", path, token=None, headers={"Host": host}, data=form)


def login_url(**changes) -> str:
    """Return the path of the login page with a program's request; ``None`` omits a parameter."""
    parameters = {"response_type": "code", "client_id": DEFAULT_CLIENT, "redirect_uri": REDIRECT, "state": "s1"}
    parameters |= {"scope": f"openid {AUTH}userinfo.email {CLOUD_PLATFORM}"} | changes
    return f"/o/oauth2/auth?{urlencode({name: value for name, value in parameters.items() if value is not None})}"


def decide(server, decision: str = "allow", **changes) -> requests.Response:
    """Post a decision to the login page, without following the redirect."""
    path, host = login_url(**changes), {"Host": "accounts.google.com"}
    return server.call("POST", path, token=None, headers=host, data={"decision": decision}, allow_redirects=False)


def answer_of(response: requests.Response) -> dict[str, str]:
    """Return the parameters of the address that the browser is redirected to."""
    query = parse_qs(urlsplit(response.headers["Location"]).query)
    return {name: values[0] for name, values in query.items()}


def redeem(server, code: str, **changes) -> requests.Response:
    """Exchange a code for tokens."""
    form = {"grant_type": "authorization_code", "code": code, "client_id": DEFAULT_CLIENT, "client_secret": "x"}
    return oauth(server, "/token", **(form | {"redirect_uri": REDIRECT} | changes))


def logged_in(server) -> dict[str, str]:
    """Log in and return the tokens that the program gets."""
    return redeem(server, answer_of(decide(server))["code"]).json()


def refresh(server, token: str, **changes) -> requests.Response:
    """Fetch an access token with a refresh token."""
    form = {"grant_type": "refresh_token", "refresh_token": token, "client_id": DEFAULT_CLIENT, "client_secret": "x"}
    return oauth(server, "/token", **(form | changes))


def key_file(server) -> dict[str, str]:
    """Return the key file on the machine of a service account."""
    return json.loads((server.folder / "home" / "service-account.json").read_text())


def assertion(server, **changes) -> str:
    """Return the assertion that a service account signs to get a token; ``None`` omits a claim."""
    key, now = key_file(server), int(time.time())
    claims = {"iss": key["client_email"], "aud": key["token_uri"], "iat": now, "exp": now + 3600}
    claims |= {"scope": CLOUD_PLATFORM} | changes
    signer = google.auth.crypt.RSASigner.from_service_account_info(key)
    return google.auth.jwt.encode(signer, {name: value for name, value in claims.items() if value is not None}).decode()


def token_of(server, persona: str) -> str | None:
    """Return an access token, obtained as programs on the machine of ``persona`` do."""
    home = server.folder / "home"
    if persona == "hub":
        return server.token()
    if persona == "laptop":
        return (home / "token.txt").read_text().strip()
    if persona.startswith("hpc"):
        login = json.loads((home / ".config/gcloud/application_default_credentials.json").read_text())
        return refresh(server, login["refresh_token"]).json()["access_token"]
    if persona in {"service-account", "owner"}:
        answer = oauth(server, "/token", grant_type=JWT_BEARER, assertion=assertion(server))
        return answer.json()["access_token"]
    return None


def code_on(page: str) -> str:
    """Return the code that gcloud's page shows."""
    return re.search(r'<code id="code">([^<]+)</code>', page).group(1)


def get(server, host: str, path: str, token: str | None = None):
    """Send a GET request to a host."""
    return server.call("GET", path, token=token, headers={"Host": host})


def refused(response) -> tuple[int, str, str]:
    """Return the status, error code and description of an error."""
    answer = response.json()
    return response.status_code, answer["error"], answer["error_description"]
