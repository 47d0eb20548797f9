"""A small GitHub: accounts, teams of one organisation, invitations, and login by OAuth with PKCE.

For a hub without teams, it is the service that people log in with.

``python -m fakehub.hub.github`` serves it in a session, as github.com and api.github.com. Any password is accepted.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import secrets
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from aiohttp import web

from fakehub.hub import github_pages as pages
from fakehub.hub.people import Person, people
from fakehub.hub.settings import GITHUB_ADDRESS, HubSettings, certificate, session_folder
from hubfacts.load import load_hub
from hubfacts.schema import HubFacts

_COOKIE = "user_session"


@dataclass(frozen=True)
class Code:
    """The request for which an authorization code was issued; the code can be exchanged once."""

    person: Person
    redirect_uri: str
    challenge: str | None
    scope: str


class GitHub:
    """The service, with the hub as its one OAuth app: browsers are redirected to the hub's callback only."""

    def __init__(self, facts: HubFacts, client_id: str, client_secret: str) -> None:
        self._organization = facts.access.organization or facts.hub.name
        self._service = facts.hub.login.with_
        self._app_name = facts.hub.name
        self._client = (client_id, client_secret)
        self._callback = f"{facts.hub.url}hub/oauth_callback"
        self._people = people(facts.access)
        self._sessions: dict[str, Person] = {}
        self._codes: dict[str, Code] = {}
        self._tokens: dict[str, Person] = {}
        self._authorized: set[str] = set()

    def application(self) -> web.Application:
        """Return the web application with all pages and the API."""
        app = web.Application()
        app.add_routes(
            [
                web.get("/login", self._login_page),
                web.post("/session", self._log_in),
                web.post("/logout", self._log_out),
                web.get("/login/oauth/authorize", self._authorize),
                web.post("/login/oauth/authorize", self._decide),
                web.post("/login/oauth/access_token", self._exchange),
                web.get("/orgs/{organization}/invitation", self._invitation),
                web.post("/orgs/{organization}/invitation", self._join),
                web.get("/user", self._user),
                web.get("/user/teams", self._teams),
                web.get("/orgs/{organization}/teams/{team}/members/{login}", self._member),
            ]
        )
        return app

    # Pages for a browser.

    async def _login_page(self, request: web.Request) -> web.Response:
        return pages.login(self._service, request.query.get("return_to", "/"))

    async def _log_in(self, request: web.Request) -> web.Response:
        form = await request.post()
        person = self._people.get(str(form.get("login")))
        return_to = str(form.get("return_to") or "/")
        if person is None or not form.get("password"):
            return pages.login(self._service, return_to, "Incorrect username or password.")
        answer = _to(return_to if return_to.startswith("/") and not return_to.startswith("//") else "/")
        key = secrets.token_urlsafe()
        self._sessions[key] = person
        answer.set_cookie(_COOKIE, key, secure=True, httponly=True, samesite="Lax")
        return answer

    async def _log_out(self, request: web.Request) -> web.Response:
        self._sessions.pop(request.cookies.get(_COOKIE, ""), None)
        return _to("/login")

    async def _authorize(self, request: web.Request) -> web.Response:
        query = request.query
        if query.get("client_id") != self._client[0]:
            return pages.message("Not found", "There is no such application.", 404)
        if query.get("redirect_uri") != self._callback:
            return pages.message("Error", "The redirect_uri is not associated with this application.", 400)
        person = self._person(request)
        if person is None:
            return _to(f"/login?{urlencode({'return_to': str(request.rel_url)})}")
        if person.login in self._authorized:
            return self._send_back(person, query)
        return pages.authorize(self._app_name, person.login, self._organization, query.get("scope", ""))

    async def _decide(self, request: web.Request) -> web.Response:
        query, person = request.query, self._person(request)
        if person is None or query.get("redirect_uri") != self._callback:
            return pages.message("Error", "Log in first.", 400)
        if (await request.post()).get("authorize") != "1":
            error = {"error": "access_denied", "error_description": "The user has denied your application access."}
            return _to(f"{self._callback}?{urlencode(error | {'state': query.get('state', '')})}")
        self._authorized.add(person.login)
        return self._send_back(person, query)

    def _send_back(self, person: Person, query: Mapping[str, str]) -> web.Response:
        code = secrets.token_hex(10)
        challenge = query.get("code_challenge") if query.get("code_challenge_method") == "S256" else None
        self._codes[code] = Code(person, query["redirect_uri"], challenge, query.get("scope", ""))
        return _to(f"{self._callback}?{urlencode({'code': code, 'state': query.get('state', '')})}")

    async def _invitation(self, request: web.Request) -> web.Response:
        person = self._person(request)
        if person is None:
            return _to(f"/login?{urlencode({'return_to': str(request.rel_url)})}")
        if request.match_info["organization"] != self._organization or person.invited_to is None:
            return pages.message("Not found", "You have no invitation to this organization.", 404)
        return pages.invitation(self._organization, person.login)

    async def _join(self, request: web.Request) -> web.Response:
        person = self._person(request)
        if person is None or person.invited_to is None:
            return pages.message("Not found", "You have no invitation to this organization.", 404)
        person.teams.add(person.invited_to)
        person.invited_to = None
        return pages.message(self._organization, f"You are now a member of {self._organization}.")

    def _person(self, request: web.Request) -> Person | None:
        return self._sessions.get(request.cookies.get(_COOKIE, ""))

    # The API for the hub.

    async def _exchange(self, request: web.Request) -> web.Response:
        form = await request.post()
        if (form.get("client_id"), form.get("client_secret")) != self._client:
            return web.json_response({"error": "incorrect_client_credentials"})
        code = self._codes.pop(str(form.get("code")), None)
        if code is None or code.redirect_uri != form.get("redirect_uri") or not _proves(code, form):
            return web.json_response({"error": "bad_verification_code"})
        token = f"gho_{secrets.token_hex(18)}"
        self._tokens[token] = code.person
        return web.json_response({"access_token": token, "token_type": "bearer", "scope": code.scope})

    async def _user(self, request: web.Request) -> web.Response:
        person = self._bearer(request)
        number = int(hashlib.sha256(person.login.encode()).hexdigest()[:8], 16)
        return web.json_response({"login": person.login, "id": number, "name": None, "email": None})

    async def _teams(self, request: web.Request) -> web.Response:
        organization = {"login": self._organization}
        teams = sorted(self._bearer(request).teams)
        return web.json_response([{"slug": team, "name": team, "organization": organization} for team in teams])

    async def _member(self, request: web.Request) -> web.Response:
        self._bearer(request)
        match = request.match_info
        person = self._people.get(match["login"])
        is_member = person and match["organization"] == self._organization and match["team"] in person.teams
        return web.Response(status=204) if is_member else web.json_response({"message": "Not Found"}, status=404)

    def _bearer(self, request: web.Request) -> Person:
        token = request.headers.get("Authorization", "").partition(" ")[2].strip()
        if token not in self._tokens:
            raise web.HTTPUnauthorized(text='{"message": "Bad credentials"}', content_type="application/json")
        return self._tokens[token]


def _proves(code: Code, form: Mapping[str, object]) -> bool:
    """Return whether the form has the verifier for the code's PKCE challenge, if the code was requested with one."""
    if code.challenge is None:
        return True
    digest = hashlib.sha256(str(form.get("code_verifier", "")).encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=") == code.challenge


def _to(address: str) -> web.Response:
    return web.Response(status=302, headers={"Location": address, "Cache-Control": "no-store"})


async def _serve(folder: Path, settings: HubSettings) -> None:
    github = GitHub(load_hub(Path(settings.hub_yml)), settings.client_id, settings.client_secret)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    key, pem = certificate(folder, "github")
    context.load_cert_chain(pem, key)
    runner = web.AppRunner(github.application(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, GITHUB_ADDRESS, 443, ssl_context=context).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(session_folder(), HubSettings.read()))
