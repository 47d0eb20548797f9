"""The senders of requests and their permissions in each bucket.

Each persona is a kind of user on a kind of machine. Their permissions follow from the buckets of ``hub.yml``.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Literal, NoReturn

from hubfacts import public_data
from hubfacts.schema import Facts

_AUTH = "https://www.googleapis.com/auth/"
CLOUD_PLATFORM = f"{_AUTH}cloud-platform"
_FULL_CONTROL = f"{_AUTH}devstorage.full_control"
# The scopes that a permission requires according to Google's description of the API: to read, to write objects, and
# to change their metadata and permissions.
_READ_SCOPES = frozenset(
    f"{_AUTH}{name}"
    for name in (
        "cloud-platform",
        "cloud-platform.read-only",
        "devstorage.read_only",
        "devstorage.read_write",
        "devstorage.full_control",
    )
)
_WRITE_SCOPES = frozenset({CLOUD_PLATFORM, _FULL_CONTROL, f"{_AUTH}devstorage.read_write"})
_CONTROL_SCOPES = frozenset({CLOUD_PLATFORM, _FULL_CONTROL})

# The permissions of roles/storage.objectViewer, which servers have in buckets that they only read, and everybody in a
# public bucket. It does not include storage.buckets.get.
VIEWER = frozenset({"storage.objects.get", "storage.objects.list"})
# Permissions that require a scope for reading only. No persona has all of them.
_READING = VIEWER | {
    "storage.buckets.get",
    "storage.buckets.list",
    "storage.multipartUploads.list",
    "storage.multipartUploads.listParts",
}
_CONTROL = frozenset(
    {"storage.objects.update", "storage.objects.getIamPolicy", "storage.objects.setIamPolicy"}
    | {"storage.buckets.update", "storage.buckets.getIamPolicy", "storage.buckets.setIamPolicy"}
)
# The permissions of roles/storage.admin on a bucket, as far as the stand-in knows them: also to change and to delete
# the bucket. The hub's Terraform files give this role to servers and to the writers' group.
_ADMIN = VIEWER | {
    "storage.buckets.delete",
    "storage.buckets.get",
    "storage.buckets.getIamPolicy",
    "storage.buckets.setIamPolicy",
    "storage.buckets.update",
    "storage.multipartUploads.abort",
    "storage.multipartUploads.create",
    "storage.multipartUploads.list",
    "storage.multipartUploads.listParts",
    "storage.objects.create",
    "storage.objects.delete",
    "storage.objects.getIamPolicy",
    "storage.objects.restore",
    "storage.objects.setIamPolicy",
    "storage.objects.update",
}

# With this permission in a bucket's project, a caller names none where requesters pay: that project is billed.
BILLING_ASSIGNMENT = "resourcemanager.projects.createBillingAssignment"
# What an owner of the project may do outside of any one bucket.
_IN_PROJECT = frozenset(
    {"storage.buckets.create", "storage.buckets.list", "resourcemanager.projects.get", BILLING_ASSIGNMENT}
    | {f"storage.hmacKeys.{verb}" for verb in ("create", "delete", "get", "list", "update")}
)
# Places besides the buckets of the facts: the hub's project, and all buckets made in it while the stand-in runs.
PROJECT, MADE = "", "*"

_SERVICE_ACCOUNTS = ".iam.gserviceaccount.com"

# How programs on a persona's machine authenticate: a metadata server, a token, or a file that fetches tokens.
Credential = Literal["metadata", "token", "user", "key"]
# The key file of a service account, in the home directory of its machine.
KEY_FILE = "service-account.json"


@dataclass(frozen=True)
class Persona:
    """A sender of requests. ``rights`` maps the name of a bucket, ``PROJECT`` or ``MADE`` to the permissions there.

    ``projects`` are those that may be billed for the persona's requests. ``signs`` is whether a service account may
    have Google sign for it, as for a URL.
    ``login`` names the persona whose Google account is signed in to the browser of this machine. ``osn_key`` is
    whether they have the key to the inbox of the Open Storage Network.
    """

    name: str
    email: str | None
    rights: dict[str, frozenset[str]] = field(default_factory=dict)
    scopes: frozenset[str] = frozenset({CLOUD_PLATFORM})
    credential: Credential | None = None
    login: str = "hpc-member"
    osn_key: bool = False
    projects: frozenset[str] = frozenset()
    signs: bool = False

    @property
    def subject(self) -> str:
        """The account's number of 21 digits."""
        return account_number(self.email or "")

    @property
    def is_service_account(self) -> bool:
        """Whether the account belongs to a program instead of a person."""
        return (self.email or "").endswith(_SERVICE_ACCOUNTS)

    @property
    def project(self) -> str:
        """The project of a service account, which is the hub's; empty for people."""
        host = (self.email or "").partition("@")[2]
        return host.removesuffix(_SERVICE_ACCOUNTS) if self.is_service_account else ""

    def check(self, bucket: str, permission: str) -> None:
        """Raise ``GoogleError`` (401, 403) unless the persona has the ``permission`` under this key of ``rights``."""
        if self.email:
            if permission in _READING:
                needed = _READ_SCOPES
            else:
                needed = _CONTROL_SCOPES if permission in _CONTROL else _WRITE_SCOPES
            if self.scopes.isdisjoint(needed):
                _refuse_scopes(self.scopes)
        if permission not in self.rights.get(bucket, ()):
            self.refuse(bucket, permission)

    def refuse(self, bucket: str, permission: str) -> NoReturn:
        """Raise ``GoogleError`` (401, 403) for a permission that the persona does not have."""
        _refuse(self.email, permission, bucket)


def account_number(email: str) -> str:
    """Return a number of 21 digits for an account, always the same for the same ``email``."""
    return f"1{int(hashlib.sha256(email.encode()).hexdigest(), 16) % 10**20:020d}"


# fakehub.errors is imported late, because it imports aiohttp, which is slow, and the command line needs the names only.
def _refuse_scopes(scopes: frozenset[str]) -> NoReturn:
    from fakehub.errors import GoogleError

    if scopes.isdisjoint(_READ_SCOPES):
        raise GoogleError(403, "insufficientPermissions", "Request had insufficient authentication scopes.")
    raise GoogleError(403, "forbidden", "Provided scope(s) are not authorized")


def _refuse(email: str | None, permission: str, bucket: str) -> NoReturn:
    from fakehub.errors import GoogleError

    what = "Storage object" if "objects" in permission and not permission.endswith("list") else "Storage bucket"
    message = (
        f"{email or 'Anonymous caller'} does not have {permission} access to the Google Cloud "
        f"{what if bucket else 'project'}. "
        f"Permission '{permission}' denied on resource (or it may not exist)."
    )
    raise GoogleError(403, "forbidden", message) if email else GoogleError(401, "required", message)


ANONYMOUS = Persona("anonymous", None)


@dataclass(frozen=True)
class _Profile:
    """A persona before the facts are known. ``account`` is an email address, or a service account of the hub's project.

    ``rights`` are those of the hub's servers, of the writers' group, of an owner of the project, or none.
    """

    account: str | None
    rights: Literal["hub", "writers", "owner", "none"]
    credential: Credential | None = None
    login: str = "hpc-member"
    osn_key: bool = False


_PROFILES = {
    # A server of the hub. All servers share one service account, whose token the metadata server issues.
    "hub": _Profile("hub-user", "hub", "metadata"),
    # A computer elsewhere, with a token that was copied from the hub.
    "laptop": _Profile("hub-user", "hub", "token"),
    # An HPC system, with application-default credentials of a member of the writers' group ...
    "hpc-member": _Profile("funky-user@example.com", "writers", "user", osn_key=True),
    # ... and of somebody who is not a member.
    "hpc-outsider": _Profile("outside-user@example.com", "none", "user", login="hpc-outsider"),
    # A service account in the writers' group, with a key file.
    "service-account": _Profile("uploader", "writers", "key"),
    # A service account that owns the hub's project, with a key file: it also makes and deletes buckets.
    "owner": _Profile("owner", "owner", "key"),
    # A computer without credentials.
    ANONYMOUS.name: _Profile(None, "none"),
}
NAMES = tuple(_PROFILES)


def hub_email(facts: Facts) -> str:
    """Return the service account that all servers of the hub share."""
    return _email("hub-user", facts)


def _email(account: str, facts: Facts) -> str:
    return account if "@" in account else f"{account}@{facts.hub.project}{_SERVICE_ACCOUNTS}"


def personas(facts: Facts) -> dict[str, Persona]:
    """Return the personas by name. Their permissions follow from the buckets of ``facts``."""
    buckets = facts.buckets.options
    others = dict.fromkeys([*facts.buckets.others, *public_data.beside(facts)], VIEWER)
    rights = {
        "hub": {name: _ADMIN if bucket.hub == "write" else VIEWER for name, bucket in buckets.items()},
        "writers": {name: _ADMIN for name, bucket in buckets.items() if bucket.writers_group},
        "owner": dict.fromkeys([*buckets, MADE], _ADMIN) | {PROJECT: _IN_PROJECT},
        "none": {},
    }
    return {
        name: Persona(
            name,
            _email(profile.account, facts) if profile.account else None,
            rights[profile.rights] | others,
            credential=profile.credential,
            login=profile.login,
            osn_key=profile.osn_key,
            projects=_projects(profile, facts),
            signs=profile.credential == "key" or (profile.rights == "hub" and facts.buckets.identity.signs),
        )
        for name, profile in _PROFILES.items()
    }


def _projects(profile: _Profile, facts: Facts) -> frozenset[str]:
    """Return the projects that a persona may have billed: a person's own, and the hub's as the facts have it."""
    if profile.credential == "user":
        return frozenset({f"{str(profile.account).partition('@')[0]}-project"})
    pays = profile.rights == "owner" or (profile.rights == "hub" and facts.buckets.identity.pays_for_requests)
    return frozenset({facts.hub.project} if pays else ())


# The key that writers of the OSN inbox are given.
ACCESS_KEY = "KEYTOTHEINBOX"
SECRET_KEY = "for-the-stand-in-only"
