"""Who sends a request, and what they may do in a bucket.

There is one table of people and machines (``personas``); their rights follow from the buckets of ``hub.yml``.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Literal, NoReturn

from hubfacts.schema import Facts

_AUTH = "https://www.googleapis.com/auth/"
CLOUD_PLATFORM = f"{_AUTH}cloud-platform"
_FULL_CONTROL = f"{_AUTH}devstorage.full_control"
# Which scopes a permission takes, as Google's description of the API has it: to read, to write objects, and to
# change what is set on them.
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

_READ = frozenset({"storage.objects.get", "storage.objects.list", "storage.buckets.get"})
# What takes no more than a scope to read, though not all of it is anybody's right here.
_READING = _READ | {"storage.buckets.list", "storage.multipartUploads.list", "storage.multipartUploads.listParts"}
_CONTROL = frozenset(
    {"storage.objects.update", "storage.objects.getIamPolicy", "storage.objects.setIamPolicy"}
    | {"storage.buckets.update", "storage.buckets.getIamPolicy", "storage.buckets.setIamPolicy"}
)
_WRITE = _READ | {
    "storage.objects.create",
    "storage.objects.delete",
    "storage.objects.update",
    "storage.objects.getIamPolicy",
    "storage.objects.setIamPolicy",
    "storage.buckets.getIamPolicy",
    "storage.multipartUploads.abort",
    "storage.multipartUploads.create",
    "storage.multipartUploads.list",
    "storage.multipartUploads.listParts",
}

_PROGRAMS = ".iam.gserviceaccount.com"

# What a persona's machine has to show who it is: a metadata server, a token or the files that fetch one.
Credential = Literal["metadata", "token", "user", "key"]
# Where a service account's machine has its key, below the home directory.
KEY_FILE = "service-account.json"
# The names in the table of personas, for the command line.
NAMES = ("hub", "laptop", "hpc-member", "hpc-outsider", "service-account", "anonymous")


@dataclass(frozen=True)
class Persona:
    """Somebody who sends requests: ``rights`` maps a bucket's name to the permissions they hold there.

    ``login`` names the persona whose Google account is signed in to the browser on this one's machine; ``osn_key``
    is whether they were handed the key to the inbox of the Open Storage Network.
    """

    name: str
    email: str | None
    rights: dict[str, frozenset[str]] = field(default_factory=dict)
    scopes: frozenset[str] = frozenset({CLOUD_PLATFORM})
    credential: Credential | None = None
    login: str = "hpc-member"
    osn_key: bool = False

    @property
    def subject(self) -> str:
        """The account's number, 21 digits."""
        return account_number(self.email or "")

    @property
    def is_service_account(self) -> bool:
        """Whether this is a program's account, not a person's."""
        return bool(self.email) and self.email.endswith(_PROGRAMS)

    @property
    def project(self) -> str:
        """The project a program's account is in, which is the hub's; empty for people."""
        return self.email.partition("@")[2].removesuffix(_PROGRAMS) if self.is_service_account else ""

    def check(self, bucket: str, permission: str, name: str | None = None) -> None:
        """Raise ``GoogleError`` (401, 403) unless ``permission`` is theirs; ``name`` is the object asked for."""
        if self.email:
            if permission in _READING:
                needed = _READ_SCOPES
            else:
                needed = _CONTROL_SCOPES if permission in _CONTROL else _WRITE_SCOPES
            if self.scopes.isdisjoint(needed):
                _refuse_scopes(self.scopes)
        if permission not in self.rights.get(bucket, ()):
            _refuse(self.email, permission)


def account_number(email: str) -> str:
    """A number of 21 digits that belongs to ``email``, the same every time."""
    return f"1{int(hashlib.sha256(email.encode()).hexdigest(), 16) % 10**20:020d}"


# The errors' module needs the HTTP server, which is slow to import; the command line asks for names only.
def _refuse_scopes(scopes: frozenset[str]) -> NoReturn:
    from fakehub.errors import GoogleError

    if scopes.isdisjoint(_READ_SCOPES):
        raise GoogleError(403, "insufficientPermissions", "Request had insufficient authentication scopes.")
    raise GoogleError(403, "forbidden", "Provided scope(s) are not authorized")


def _refuse(email: str | None, permission: str) -> NoReturn:
    from fakehub.errors import GoogleError

    what = "object" if "objects" in permission and not permission.endswith("list") else "bucket"
    message = (
        f"{email or 'Anonymous caller'} does not have {permission} access to the Google Cloud Storage {what}. "
        f"Permission '{permission}' denied on resource (or it may not exist)."
    )
    raise GoogleError(403, "forbidden", message) if email else GoogleError(401, "required", message)


ANONYMOUS = Persona("anonymous", None)


def hub_email(facts: Facts) -> str:
    """The account that all servers of the hub share."""
    return _program("hub-user", facts)


def _program(name: str, facts: Facts) -> str:
    return f"{name}@{facts.hub.project}{_PROGRAMS}"


def personas(facts: Facts) -> dict[str, Persona]:
    """The table of personas, by name. Rights come from the buckets of ``facts``."""
    buckets = facts.buckets.options
    hub = {name: _WRITE if bucket.hub == "write" else _READ for name, bucket in buckets.items()}
    group = {name: _WRITE for name, bucket in buckets.items() if bucket.writers_group}
    found = [
        # A server of the hub: all of them share one service account, whose token the metadata server gives.
        Persona("hub", hub_email(facts), hub, credential="metadata"),
        # A computer elsewhere, with a token that was copied from the hub.
        Persona("laptop", hub_email(facts), hub, credential="token"),
        # An HPC system, with application-default credentials of somebody in the writers' group ...
        Persona("hpc-member", "funky-user@example.com", group, credential="user", osn_key=True),
        # ... and of somebody outside it.
        Persona("hpc-outsider", "outside-user@example.com", credential="user", login="hpc-outsider"),
        # A program's own account, in the writers' group, with a key file.
        Persona("service-account", _program("uploader", facts), group, credential="key"),
        # A computer that has nothing to show.
        ANONYMOUS,
    ]
    return {persona.name: persona for persona in found}


# What somebody who may write to the inbox has been given.
ACCESS_KEY = "KEYTOTHEINBOX"
SECRET_KEY = "for-the-stand-in-only"
