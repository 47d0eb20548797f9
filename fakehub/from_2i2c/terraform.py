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
        own = by_hub.get(hub) or next((one for one in by_hub.values() if one.get("hub_namespace") == hub), None)
        if own is None:
            return None
        own = _PERMISSIONS | own
        return Permissions(
            [self._name(bucket) for bucket in own["bucket_admin_access"]],
            [self._name(bucket) for bucket in own["bucket_readonly_access"]],
            own["allow_access_to_external_requester_pays_buckets"],
        )

    def _name(self, bucket: str) -> str:
        return f"{self.variables.get('prefix', '')}-{bucket}"


def find(folder: Path, project: str | None) -> Terraform | None:
    """Return the variables of the file in ``folder`` that is about the ``project``; raises ``DraftError``."""
    for file in sorted(folder.glob("*.tfvars")):
        variables = _variables(file)
        if project and variables.get("project_id") == project:
            prefix, buckets = variables.get("prefix", ""), variables.get("user_buckets") or {}
            return Terraform(
                file, variables, {f"{prefix}-{name}": _BUCKET | settings for name, settings in buckets.items()}
            )
    return None


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
