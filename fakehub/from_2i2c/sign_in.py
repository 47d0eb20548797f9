"""What a hub's authenticator says: the service that people log in with, whom the hub admits, and their usernames."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from fakehub.from_2i2c.errors import DraftError
from fakehub.from_2i2c.helm import Values, get
from fakehub.from_2i2c.profiles import STAFF

# The names of services by the short name of their authenticator, or of its class.
_SERVICES = {
    "github": "GitHub",
    "cilogon": "CILogon",
    "google": "Google",
    "auth0": "Auth0",
    "generic-oauth": "the community's login service",
    "shared-password": "the hub's password",
}
# Identity providers that CILogon knows by addresses which name no university.
_PROVIDERS = {"google.com": "Google", "github.com": "GitHub", "microsoftonline.com": "Microsoft", "orcid.org": "ORCID"}
_ADDED = "people whom its administrators have added"


@dataclass
class SignIn:
    """How people log in. ``admits`` is ``None`` for a hub that asks for ``teams`` of a GitHub ``organization``.

    ``account`` and ``username`` are words for what people need, and for their name on the hub. ``notes`` are lines
    about what the facts cannot say.
    """

    service: str
    account: str
    username: str
    admits: str | None = None
    button: bool = True
    organization: str | None = None
    teams: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def login(self) -> Values:
        """The facts about the service."""
        words = {"with": self.service, "account": self.account, "username": self.username}
        return words | {"button": self.button}


def sign_in(values: Values) -> SignIn | None:
    """Return the login of a hub with these ``values``, or ``None`` if they do not name an authenticator.

    Raises ``DraftError`` for a hub whose accounts are temporary.
    """
    config = get(values, "jupyterhub", "hub", "config") or {}
    name = get(config, "JupyterHub", "authenticator_class")
    if name is None:
        return None
    kind = _kind(str(name))
    if kind == "tmp":
        raise DraftError("everybody gets a temporary account, and nothing is kept: a guide needs a hub with accounts")
    if kind == "github":
        found = _github(config)
    elif kind == "cilogon":
        found = _cilogon(config)
    elif kind == "google":
        found = _google(config)
    else:
        found = _other(kind, config)
    if found.admits == _ADDED:
        found.notes.append("access.admits: the files do not say who may log in, so they were probably added one by one")
    elif get(config, "Authenticator", "allowed_users"):
        found.notes.append("access: some people are named one by one, which hub.yml cannot say")
    return found


def _kind(name: str) -> str:
    """Return the short name of an authenticator, such as ``github`` for oauthenticator.github.GitHubOAuthenticator."""
    short = name.rpartition(".")[2].casefold()
    for ending in ("oauthenticator", "authenticator"):
        short = short.removesuffix(ending) or short
    return {"generic": "generic-oauth", "sharedpassword": "shared-password"}.get(short, short)


def _github(config: Values) -> SignIn:
    named = get(config, "GitHubOAuthenticator", "allowed_organizations") or []
    names = [named] if isinstance(named, str) else list(named)
    own = [name for name in names if name.partition(":")[0] != STAFF]
    whole = [name for name in own if ":" not in name]
    pairs = [name.split(":", 1) for name in own if ":" in name]
    found = SignIn("GitHub", "a GitHub account", "your GitHub username")
    if _admits_all(config):
        found.admits = "everybody with a GitHub account"
    elif pairs:
        found.organization = pairs[0][0]
        found.teams = [team for name, team in pairs if name == found.organization]
        found.notes += [f"access: all members of {name} may log in; hub.yml can name only teams" for name in whole]
        others = sorted({name for name, _ in pairs} - {found.organization})
        found.notes += [f"access: teams of {name} may log in too; hub.yml can name one organization" for name in others]
    elif whole:
        found.admits = f"members of {_either([f'the GitHub organisation {name}' for name in whole])}"
    else:
        found.admits = _ADDED
    return found


def _cilogon(config: Values) -> SignIn:
    providers: dict[str, Values] = get(config, "CILogonOAuthenticator", "allowed_idps") or {}
    # Administrators are admitted by name, so a provider that admits nobody else is theirs.
    open_to: list[tuple[str, list[str]]] = [
        (_provider(address), [] if settings.get("allow_all") else list(settings.get("allowed_domains") or []))
        for address, settings in providers.items()
        if settings.get("allow_all") or settings.get("allowed_domains")
    ]
    claims = {get(settings, "username_derivation", "username_claim") for settings in providers.values()}
    username = _username(claims)
    if _admits_all(config) or not providers:
        account = "an account that CILogon knows"
        return SignIn("CILogon", account, username, _everybody(config, account))
    names = [name for name, _ in open_to] or map(_provider, providers)
    account = _either(dict.fromkeys(map(_account_at, names)))
    admitted = dict.fromkeys(_account_at(name) + _in_domains(domains) for name, domains in open_to)
    return SignIn("CILogon", account, username, f"everybody with {_either(admitted)}" if admitted else _ADDED)


def _google(config: Values) -> SignIn:
    settings = config.get("GoogleOAuthenticator") or {}
    listed = settings.get("allowed_hosted_domains") or settings.get("hosted_domain") or []
    domains = [listed] if isinstance(listed, str) else list(listed)
    account = "a Google account"
    admits = f"everybody with {account}{f' of {_either(domains)}' if domains else ''}"
    username = _username({settings.get("username_claim", "email")})
    return SignIn("Google", account, username, admits if _admits_all(config) else _ADDED)


def _other(kind: str, config: Values) -> SignIn:
    service = _SERVICES.get(kind, kind)
    if kind == "shared-password":
        admits = "everybody who knows the hub's password"
        return SignIn(service, "the hub's password", "a name that you choose", admits, button=False)
    account = f"an account of {service}"
    return SignIn(service, account, "the name of your account", _everybody(config, account))


def _admits_all(config: Values) -> bool:
    """Return whether everybody who can log in may use the hub."""
    settings = [value for name, value in config.items() if name.endswith("uthenticator") and isinstance(value, dict)]
    return any(one.get("allow_all") for one in settings)


def _everybody(config: Values, account: str) -> str:
    return f"everybody with {account}" if _admits_all(config) else _ADDED


def _provider(address: str) -> str:
    """Return the name of an identity provider: of a service, or the domain of a university."""
    host = urlsplit(address).hostname or address.rpartition(":")[2]
    labels = host.split(".")
    # The last two labels name an institution, or three where the last two are like ac.uk and edu.au.
    count = 3 if len(labels[-1]) == 2 and len(labels) > 2 and len(labels[-2]) <= 3 else 2
    domain = ".".join(labels[-count:])
    return _PROVIDERS.get(domain, domain)


def _account_at(provider: str) -> str:
    if "." in provider:
        return f"an account at {provider}"
    return f"an {provider} account" if provider[0] in "AEIO" else f"a {provider} account"


def _in_domains(domains: list[str]) -> str:
    return f" whose address ends in {_either([f'@{domain}' for domain in domains])}" if domains else ""


def _username(claims: set[Any]) -> str:
    return "the e-mail address of your account" if claims == {"email"} else "a name that is part of your account"


def _either(words: Iterable[str]) -> str:
    """Join words with commas and *or*."""
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else last
