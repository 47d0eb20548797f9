"""Read what Terraform's variables say about a cluster on Google Cloud: its project, and its buckets and their users."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fakehub.from_2i2c.errors import DraftError

# Settings of a bucket and of a hub's permissions, with the defaults in terraform/gcp/variables.tf.
_BUCKET: dict[str, Any] = {
    "delete_after": None,
    "extra_admin_members": [],
    "public_access": False,
    "uniform_bucket_level_access_only": False,
}
_PERMISSIONS: dict[str, Any] = {
    "bucket_admin_access": [],
    "bucket_readonly_access": [],
    "allow_access_to_external_requester_pays_buckets": False,
}


@dataclass(frozen=True)
class Permissions:
    """What the servers of one hub may do: buckets, by their names, that they change or read."""

    writes: list[str] = field(default_factory=list)
    reads: list[str] = field(default_factory=list)
    pays_for_requests: bool = False


@dataclass(frozen=True)
class Terraform:
    """The variables in ``file``; ``buckets`` has the settings of each bucket by its name."""

    file: Path
    variables: dict[str, Any]
    buckets: dict[str, dict[str, Any]]

    def permissions(self, hub: str) -> Permissions | None:
        """Return what the hub of this name or namespace may do; ``None`` if nothing is said about it."""
        by_hub = self.variables.get("hub_cloud_permissions") or {}
        own = next((one for name, one in by_hub.items() if (one or {}).get("hub_namespace", name) == hub), None)
        if own is None:
            return None
        own = _complete(own, _PERMISSIONS)
        return Permissions(
            [self._name(bucket) for bucket in own["bucket_admin_access"]],
            [self._name(bucket) for bucket in own["bucket_readonly_access"]],
            own["allow_access_to_external_requester_pays_buckets"],
        )

    def _name(self, bucket: str) -> str:
        return f"{self.variables.get('prefix', '')}-{bucket}"


def find(folder: Path, project: str | None, cluster: str | None) -> Terraform | None:
    """Return the variables of the file in ``folder`` about a ``cluster`` of a ``project``; raises ``DraftError``.

    Terraform names a cluster after the prefix of everything that it makes.
    """
    of_project = {
        file: variables
        for file in sorted(folder.glob("*.tfvars"))
        if project and project.encode() in file.read_bytes()
        if (variables := _variables(file)).get("project_id") == project
    }
    named = [file for file, variables in of_project.items() if f"{variables.get('prefix')}-cluster" == cluster]
    if len(of_project) > 1 and len(named) != 1:
        names = ", ".join(file.name for file in of_project)
        raise DraftError(f"{folder}: {names} are all about the project {project}, and none is named after {cluster}")
    for file, variables in of_project.items():
        if not named or file in named:
            prefix, buckets = variables.get("prefix", ""), variables.get("user_buckets") or {}
            settings = {f"{prefix}-{name}": _complete(bucket, _BUCKET) for name, bucket in buckets.items()}
            return Terraform(file, variables, settings)
    return None


def _complete(settings: dict[str, Any] | None, defaults: dict[str, Any]) -> dict[str, Any]:
    """Return ``settings`` with ``defaults`` for those that are missing or null."""
    return defaults | {name: value for name, value in (settings or {}).items() if value is not None}


def _variables(file: Path) -> dict[str, Any]:
    try:
        import hcl2
    except ImportError as error:
        raise DraftError("Terraform's variables need python-hcl2: pip install 'fakehub[from-2i2c]'") from error
    try:
        content: dict[str, Any] = _plain(hcl2.loads(file.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError) as error:
        raise DraftError(f"{file}: cannot be read ({getattr(error, 'strerror', None) or 'not text'})") from error
    except Exception as error:  # the parser's library has its own exceptions, and they have many lines
        raise DraftError(f"{file}: not a file of Terraform's variables ({str(error).splitlines()[0]})") from error
    return content


def _plain(value: Any) -> Any:
    """Return a value without the quotation marks that the parser leaves around texts, and without its notes."""
    if isinstance(value, dict):
        return {_plain(key): _plain(inner) for key, inner in value.items() if not key.startswith("__")}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return value[1:-1] if isinstance(value, str) and value[:1] == value[-1:] == '"' and len(value) > 1 else value
