"""Merge Helm values as Helm does: the defaults of charts, then the values files of a hub in their order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from fakehub.from_2i2c.errors import DraftError
from hubfacts.strict_yaml import YamlError, read_mapping

Values = dict[str, Any]

# The version of the chart that basehub builds on, zero-to-jupyterhub, whose jupyterhub/values.yaml has the following
# defaults. ``maxAge`` 0 means without a limit.
JUPYTERHUB_CHART = "4.3.3"
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
    return _lifted(values, charts, chart)


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
        if content is None and yaml.safe_load(file.read_bytes()) is not None:
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


def _required(charts: Path, chart: str) -> dict[str, bool]:
    """Return the charts that ``chart`` requires, and whether each is in the same folder."""
    dependencies = read(charts / chart / "Chart.yaml").get("dependencies") or []
    return {part["name"]: str(part.get("repository", "")).startswith("file://") for part in dependencies}


def _defaults(charts: Path, chart: str) -> Values:
    required = _required(charts, chart)
    values: Values = {part: _defaults(charts, part) for part, beside in required.items() if beside}
    file = charts / chart / "values.yaml"
    own = read(file) if file.is_file() else {}
    return merged(values, merged(_JUPYTERHUB, own) if "jupyterhub" in required else own)


def _lifted(values: Values, charts: Path, chart: str) -> Values:
    """Return the values of the charts that a chart requires, as if all of them were its own."""
    required = _required(charts, chart)
    if not any(required.values()):
        return values
    # Helm passes on nothing else.
    lifted: Values = {part: values[part] for part, beside in required.items() if not beside and part in values}
    for part, beside in required.items():
        if beside:
            lifted = merged(_lifted(values.get(part) or {}, charts, part), lifted)
    return lifted
