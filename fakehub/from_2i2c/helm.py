"""Merge Helm values as Helm does: the defaults of charts, then the values files of a hub in their order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fakehub.from_2i2c.errors import DraftError
from hubfacts.strict_yaml import YamlError, read_mapping

Values = dict[str, Any]

# Defaults of the chart that basehub builds on: zero-to-jupyterhub, jupyterhub/values.yaml, 4.3.3. ``maxAge`` 0 is no
# limit.
_JUPYTERHUB: Values = {
    "jupyterhub": {
        "cull": {"enabled": True, "timeout": 3600, "every": 600, "maxAge": 0},
        "hub": {"allowNamedServers": False},
        "singleuser": {"startTimeout": 300, "storage": {"homeMountPath": "/home/jovyan"}},
    }
}


def hub_values(charts: Path, chart: str, files: list[Path]) -> Values:
    """Return the values of a hub of this ``chart``, as if all of them were values of basehub.

    ``charts`` is the folder of charts, ``files`` override its defaults and each other. Raises ``DraftError``.
    """
    values = _defaults(charts, chart)
    for file in files:
        values = merged(values, read(file))
    return merged(_JUPYTERHUB, _lifted(values, charts, chart))


def get(values: Any, *path: str) -> Any:
    """Return what nested mappings have at ``path``; ``None`` if one of its keys is missing."""
    for part in path:
        values = values.get(part) if isinstance(values, dict) else None
    return values


def present(section: Values) -> Values:
    """Return a section without the keys that have no value."""
    return {key: value for key, value in section.items() if value is not None}


def read(file: Path) -> Values:
    """Return the mapping in a file; an empty file has none. Raises ``DraftError``."""
    try:
        content = read_mapping(file)
        if content is None and file.read_text(encoding="utf-8").strip():
            raise DraftError(f"{file}: it should be a mapping")
    except OSError as error:
        raise DraftError(f"{file}: cannot be read ({error.strerror})") from error
    except YamlError as error:
        raise DraftError(f"{file}: {error}") from error
    return content or {}


def merged(base: Values, override: Values) -> Values:
    """Merge ``override`` into a copy of ``base``: mappings are merged, null removes a key, other values replace it."""
    result = dict(base)
    for key, value in override.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict):
            below = result.get(key)
            result[key] = merged(below if isinstance(below, dict) else {}, value)
        else:
            result[key] = value
    return result


def _local_charts(charts: Path, chart: str) -> list[str]:
    """Return the charts beside it that ``chart`` requires: their values are nested in its own under their names."""
    file = charts / chart / "Chart.yaml"
    required = (read(file).get("dependencies") or []) if file.is_file() else []
    return [part["name"] for part in required if str(part.get("repository", "")).startswith("file://")]


def _defaults(charts: Path, chart: str) -> Values:
    values: Values = {part: _defaults(charts, part) for part in _local_charts(charts, chart)}
    file = charts / chart / "values.yaml"
    return merged(values, read(file)) if file.is_file() else values


def _lifted(values: Values, charts: Path, chart: str) -> Values:
    """Return the values of the charts inside a chart, together with its own."""
    own = dict(values)
    for part in _local_charts(charts, chart):
        inner = own.pop(part, None)
        own = merged(_lifted(inner, charts, part) if isinstance(inner, dict) else {}, own)
    return own
