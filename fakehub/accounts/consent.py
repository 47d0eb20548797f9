"""The login page of accounts.google.com, where the user allows or denies what a program requests.

In a browser the user clicks Allow or Deny; without one, ``curl --data decision=allow URL`` posts the same form.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from urllib.parse import urlencode

from aiohttp import web

from fakehub.accounts.errors import OAuthError
from fakehub.accounts.forms import form_of, query_of
from fakehub.accounts.grants import CLIENTS, DEFAULT_CLIENT, GCLOUD_CLIENT, Grant, Grants
from fakehub.accounts.personas import CLOUD_PLATFORM, Persona

# Where gcloud redirects the browser if it runs no server itself: pages that show the code to copy.
_CODE_PAGES = {
    "https://sdk.cloud.google.com/authcode.html",
    "https://sdk.cloud.google.com/applicationdefaultauthcode.html",
}
_LOOPBACK = re.compile(r'http://(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?(/[!-"$-~]*)?')
_SCOPE = re.compile(r"openid|email|profile|https://www\.googleapis\.com/auth/[a-z0-9._-]+")
# Scopes of other Google products, which gcloud's clients may not request.
_NOT_FOR_GCLOUD = re.compile(r"https://www\.googleapis\.com/auth/(drive|spreadsheets|documents|gmail|calendar)\b.*")

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>
<style>body {{ font: 16px/1.5 sans-serif; max-width: 34em; margin: 3em auto; padding: 0 1em }}
button {{ font: inherit; padding: .4em 1.4em; margin-right: 1em }} code {{ overflow-wrap: anywhere }}</style></head>
<body><main><h1>{title}</h1>
{content}
</main></body>
</html>
"""
_CONSENT = """<p>Signed in as <strong id="account">{account}</strong></p>
<p>This will allow <strong>{client}</strong> to:</p>
<ul>{scopes}</ul>
<form method="post">
<button type="submit" name="decision" value="deny">Deny</button>
<button type="submit" name="decision" value="allow">Allow</button>
</form>"""
_CODE = """<p>Copy the following verification code into the command that waits for it:</p>
<p><code id="code">{code}</code></p>"""


class _Refused(Exception):
    """The login page cannot be shown; with an HTTP status, OAuth's error code and a message."""

    def __init__(self, status: int, error: str, message: str) -> None:
        super().__init__(message)
        self.status, self.error, self.message = status, error, message

    def page(self) -> web.Response:
        words = f"<p><strong>Error {self.status}: {escape(self.error)}</strong></p><p>{escape(self.message)}</p>"
        return _page("Access blocked: Authorization Error", words, self.status)


@dataclass(frozen=True)
class _ConsentRequest:
    """What a program requests from the user."""

    client_id: str
    redirect_uri: str
    scopes: frozenset[str]
    state: str | None
    challenge: str | None
    method: str


def _page(title: str, content: str, status: int = 200) -> web.Response:
    text = _PAGE.format(title=escape(title), content=content)
    headers = {"Cache-Control": "no-store", "X-Frame-Options": "DENY"}
    return web.Response(status=status, text=text, content_type="text/html", headers=headers)


def _parse(query: dict[str, str]) -> _ConsentRequest:
    """Parse a query as a request for consent; raise ``_Refused`` if Google would block it."""
    client_id = query.get("client_id", "")
    if not client_id:
        raise _Refused(400, "invalid_request", "Missing required parameter: client_id")
    if client_id not in CLIENTS:
        raise _Refused(401, "invalid_client", "The OAuth client was not found.")
    for name in ("redirect_uri", "response_type", "scope"):
        if not query.get(name):
            raise _Refused(400, "invalid_request", f"Missing required parameter: {name}")
    if query["response_type"] != "code":
        raise _Refused(400, "unsupported_response_type", f"Invalid response_type: {query['response_type']}")
    _check_redirect(client_id, query["redirect_uri"])
    method = query.get("code_challenge_method", "plain")
    if method not in {"S256", "plain"}:
        raise _Refused(400, "invalid_request", f"Invalid code_challenge_method: {method}")
    scopes = frozenset(query["scope"].split())
    _check_scopes(client_id, scopes)
    challenge = query.get("code_challenge")
    return _ConsentRequest(client_id, query["redirect_uri"], scopes, query.get("state"), challenge, method)


def _check_redirect(client_id: str, address: str) -> None:
    if address.startswith("urn:ietf:wg:oauth:2.0:oob"):
        raise _Refused(
            400, "invalid_request", "The out-of-band (OOB) flow has been blocked in order to keep users secure."
        )
    pages = _CODE_PAGES if client_id in {GCLOUD_CLIENT, DEFAULT_CLIENT} else ()
    if address not in pages and not _LOOPBACK.fullmatch(address):
        raise _Refused(400, "redirect_uri_mismatch", "The redirect URI in the request does not match the client's.")


def _check_scopes(client_id: str, scopes: frozenset[str]) -> None:
    invalid = sorted(scope for scope in scopes if not _SCOPE.fullmatch(scope))
    if invalid or not scopes:
        valid = ", ".join(sorted(scopes.difference(invalid)))
        words = f"Some requested scopes were invalid. {{valid=[{valid}], invalid=[{', '.join(invalid)}]}}"
        raise _Refused(400, "invalid_scope", words)
    if client_id not in {GCLOUD_CLIENT, DEFAULT_CLIENT}:
        return
    # Since 2025, gcloud's own clients must request the scope of the cloud platform, and only scopes of the cloud.
    if CLOUD_PLATFORM not in scopes:
        raise _Refused(400, "invalid_scope", f"{CLOUD_PLATFORM} scope is required but not requested.")
    if client_id == DEFAULT_CLIENT and any(_NOT_FOR_GCLOUD.fullmatch(scope) for scope in scopes):
        raise _Refused(400, "invalid_scope", "This app tried to access sensitive info in your Google Account.")


class Consent:
    """The login page. The browser of this machine is signed in to the Google account of ``person``."""

    def __init__(self, grants: Grants, person: Persona) -> None:
        self._grants, self._person = grants, person

    async def ask(self, request: web.BaseRequest) -> web.Response:
        """Show the page (``GET``), or take the decision (``POST``) and redirect the browser to the program."""
        request["persona"] = self._person
        try:
            consent = _parse(query_of(request))
            if request.method == "POST":
                return self._decide(consent, (await form_of(request)).get("decision"))
        except _Refused as refused:
            return refused.page()
        except OAuthError as error:
            return _Refused(error.status, error.reason, error.message).page()
        scopes = "".join(f"<li><code>{escape(scope)}</code></li>" for scope in sorted(consent.scopes))
        client = CLIENTS[consent.client_id]
        content = _CONSENT.format(account=escape(self._person.email or ""), client=escape(client), scopes=scopes)
        return _page(f"{client} wants to access your Google Account", content)

    def _decide(self, consent: _ConsentRequest, decision: str | None) -> web.Response:
        if decision == "allow":
            grant = Grant(self._person, consent.client_id, consent.scopes)
            code = self._grants.code(grant, consent.redirect_uri, consent.challenge, consent.method)
            answer = {"code": code, "scope": " ".join(sorted(consent.scopes)), "authuser": "0", "prompt": "consent"}
        elif decision == "deny":
            answer = {"error": "access_denied"}
        else:
            raise _Refused(400, "invalid_request", "Missing required parameter: decision")
        state = {} if consent.state is None else {"state": consent.state}
        mark = "&" if "?" in consent.redirect_uri else "?"
        return web.Response(
            status=302, headers={"Location": f"{consent.redirect_uri}{mark}{urlencode(state | answer)}"}
        )


async def code_page(request: web.BaseRequest) -> web.Response:
    """Show the code for the user to copy into the waiting gcloud command."""
    query = query_of(request)
    if "code" in query:
        return _page("Sign in to the gcloud CLI", _CODE.format(code=escape(query["code"])))
    return _page("Sign in to the gcloud CLI", f"<p>{escape(query.get('error', 'There is no code.'))}</p>")
