"""Read the files in which 2i2c describes a cluster: ``cluster.yaml``, Helm values and Terraform's variables."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hubfacts.strict_yaml import YamlError, read_mapping

# Helm charts that have the hub's chart as a dependency: its values are nested in theirs.
_CHARTS = ("daskhub", "basehub")
_SETTING = re.compile(r'^(\w+)\s*=\s*"([^"]*)"', re.MULTILINE)
_BLOCK = re.compile(r"^(\w+)\s*=\s*\{(.*?)^\}", re.MULTILINE | re.DOTALL)
_BUCKET = re.compile(r'"?([\w-]+)"?\s*[:=]\s*\{[^{}]*?"?delete_after"?\s*[:=]\s*(\d+|null)')
_ADMIN = re.compile(r"bucket_admin_access\s*[:=]\s*\[([^\]]*)\]")


class DraftError(Exception):
    """Why there is no draft: one line."""


@dataclass
class Cluster:
    """The contents of all files: the hub's Helm values, ``cluster.yaml``, and Terraform's settings and buckets.

    ``buckets`` maps a bucket's full name to the days after which its objects are deleted; ``writable`` has the names
    of the buckets that hubs write to.
    """

    names: list[str] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)
    about: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    buckets: dict[str, int | None] = field(default_factory=dict)
    writable: set[str] = field(default_factory=set)


def read(paths: list[Path]) -> Cluster:
    """Read the files, later ones over earlier ones; raises ``DraftError`` for one of an unknown kind."""
    cluster = Cluster()
    for path in paths:
        cluster.names.append(path.name)
        try:
            if path.suffix == ".tfvars":
                _read_terraform(path.read_text(encoding="utf-8"), cluster)
                continue
            content = read_mapping(path)
        except (OSError, UnicodeDecodeError) as error:
            raise DraftError(f"{path}: cannot be read ({getattr(error, 'strerror', None) or 'not text'})") from error
        except YamlError as error:
            raise DraftError(f"{path}: {error}") from error
        if content is None:
            raise DraftError(f"{path}: it should be a mapping, as values of a Helm chart are")
        if "provider" in content:
            cluster.about = content
        else:
            cluster.values = _merged(cluster.values, _unnested(content))
    _check_kind(cluster)
    return cluster


def _check_kind(cluster: Cluster) -> None:
    provider = cluster.about.get("provider", "gcp")
    if provider != "gcp":
        raise DraftError(f"the cluster is on {provider}: the stand-in plays only hubs on Google Cloud (gcp)")
    if not isinstance(cluster.values.get("jupyterhub"), dict):
        raise DraftError(f"{', '.join(cluster.names)}: no section jupyterhub: are these the values of a hub?")


def _unnested(content: dict[str, Any]) -> dict[str, Any]:
    """Return the values of the hub's chart, taken out of the charts that they are nested in."""
    for chart in _CHARTS:
        inner = content.get(chart)
        if isinstance(inner, dict):
            content = _merged({key: value for key, value in content.items() if key != chart}, _unnested(inner))
    return content


def _merged(base: dict[str, Any], override: dict[str, Any]) -> dict[str, Any]:
    """Merge ``override`` into a copy of ``base`` as Helm does: mappings are merged, other values are replaced."""
    merged = dict(base)
    for key, value in override.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _merged(merged[key], value) if both else value
    return merged


def _read_terraform(text: str, cluster: Cluster) -> None:
    text = re.sub(r"^\s*(#|//).*$", "", text, flags=re.MULTILINE)
    cluster.settings |= dict(_SETTING.findall(text))
    prefix = cluster.settings.get("prefix", "")
    for name, body in _BLOCK.findall(text):
        if name == "user_buckets":
            days = {bucket: None if days == "null" else int(days) for bucket, days in _BUCKET.findall(body)}
            cluster.buckets |= {f"{prefix}-{bucket}": count for bucket, count in days.items()}
        for names in _ADMIN.findall(body):
            cluster.writable |= {f"{prefix}-{bucket}" for bucket in re.findall(r'"([^"]+)"', names)}
