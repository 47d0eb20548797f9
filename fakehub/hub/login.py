"""How people log in to JupyterHub: as members of teams on GitHub, with another service, or with the hub's password."""

from __future__ import annotations

from typing import Any

from jupyterhub.authenticators.shared import SharedPasswordAuthenticator
from oauthenticator.generic import GenericOAuthenticator
from oauthenticator.github import GitHubOAuthenticator

from fakehub.hub.people import people
from fakehub.hub.settings import LOGIN_HOST, HubSettings
from hubfacts.schema import HubFacts


def configure_login(c: Any, facts: HubFacts, settings: HubSettings) -> None:
    """Set the authenticator and who may log in, in JupyterHub's configuration ``c``."""
    c.Authenticator.enable_auth_state = True
    c.Authenticator.auth_refresh_age = 0
    c.Authenticator.allowed_users = {person.login for person in people(facts.access).values() if person.admitted}
    if not facts.hub.login.button:
        c.JupyterHub.authenticator_class = SharedPasswordAuthenticator
        c.SharedPasswordAuthenticator.user_password = settings.password
        return
    c.OAuthenticator.client_id = settings.client_id
    c.OAuthenticator.client_secret = settings.client_secret
    c.OAuthenticator.oauth_callback_url = f"{facts.hub.url}hub/oauth_callback"
    if facts.access.organization is None:
        _with_any_service(c, facts.hub.login.with_)
    else:
        _as_member_of_a_team(c, facts)


def _as_member_of_a_team(c: Any, facts: HubFacts) -> None:
    access = facts.access
    c.JupyterHub.authenticator_class = GitHubOAuthenticator
    c.GitHubOAuthenticator.scope = ["read:org"]
    c.GitHubOAuthenticator.populate_teams_in_auth_state = True
    # Teams are read at login only.
    c.GitHubOAuthenticator.allowed_organizations = {
        f"{access.organization}:{team}" for team in (*access.allowed_teams, *access.login_only_teams)
    }


def _with_any_service(c: Any, name: str) -> None:
    """Let people log in with the stand-in's login service, under the ``name`` of the hub's."""
    c.JupyterHub.authenticator_class = GenericOAuthenticator
    c.GenericOAuthenticator.login_service = name
    c.GenericOAuthenticator.authorize_url = f"https://{LOGIN_HOST}/login/oauth/authorize"
    c.GenericOAuthenticator.token_url = f"https://{LOGIN_HOST}/login/oauth/access_token"
    c.GenericOAuthenticator.userdata_url = f"https://{LOGIN_HOST}/user"
    c.GenericOAuthenticator.username_claim = "login"
    c.GenericOAuthenticator.scope = ["email"]
