"""Check that the licences of all locked packages are among those that ``lock/licences.yml`` allows.

Installed Python packages name their licence in their metadata, npm packages in ``package-lock.json``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import TypedDict

import yaml
from license_expression import ExpressionError, Licensing, get_spdx_licensing


class Exemption(TypedDict):
    """A package under a licence that is not allowed in general, and why it is accepted."""

    licence: str
    why: str


class Rules(TypedDict):
    """The content of ``lock/licences.yml``."""

    allowed: list[str]
    called: dict[str, str]
    exceptions: dict[str, Exemption]


def unlicensed(rules: Rules, packages: Iterable[tuple[str, str]]) -> list[str]:
    """Return a line for each of ``packages`` (name and licence) that no rule allows, and for each unused exception."""
    refused, used = set(), set()
    for name, licence in packages:
        if name in rules["exceptions"]:
            used.add(name)
        elif not is_allowed(rules["called"].get(licence, licence), set(rules["allowed"])):
            refused.add(f"{name} is under {licence or 'no licence that its metadata names'}")
    unused = [f"{name} is an exception, but no package" for name in rules["exceptions"] if name not in used]
    return sorted(refused) + unused


def is_allowed(expression: str, allowed: set[str]) -> bool:
    """Return whether an SPDX expression can be satisfied with only the ``allowed`` licences.

    Any alternative of ``OR`` is enough, all parts of ``AND`` are needed, and an exception after ``WITH`` only adds
    permissions to its licence. An expression with an unknown identifier, or none at all, is not allowed.
    """
    try:
        parsed = _spdx().parse(expression, validate=True, strict=True)
    except ExpressionError:
        return False
    return parsed is not None and _holds(parsed, allowed)


def _holds(parsed: object, allowed: set[str]) -> bool:
    """Evaluate a parsed expression."""
    if isinstance(parsed, _spdx().OR):
        return any(_holds(part, allowed) for part in parsed.args)
    if isinstance(parsed, _spdx().AND):
        return all(_holds(part, allowed) for part in parsed.args)
    base = getattr(parsed, "license_symbol", parsed)
    return str(parsed) in allowed or str(base) in allowed


@cache
def _spdx() -> Licensing:
    return get_spdx_licensing()


def installed(environment: Path, called: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yield name and licence of each package in a virtual environment."""
    for folder in sorted(environment.glob("lib/python*/site-packages")):
        for package in distributions(path=[str(folder)]):
            yield _normalized(package.metadata["Name"]), _licence(package, called)


def _normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _licence(package: Distribution, called: dict[str, str]) -> str:
    """Return a package's licence from the newest of the three metadata fields that can hold it."""
    if expression := _field(package, "License-Expression"):
        return expression[0]
    classifiers = [text.split(" :: ") for text in _field(package, "Classifier")]
    names = [parts[-1] for parts in classifiers if parts[0] == "License" and len(parts) > 2]
    if names:
        return " AND ".join(called.get(name, name) for name in names)
    first, *_ = "".join(_field(package, "License")).strip().splitlines() or [""]
    return first


def _field(package: Distribution, name: str) -> list[str]:
    """Return all values of a metadata field."""
    return package.metadata.get_all(name) or []


def locked_by_npm(lock: Path) -> Iterator[tuple[str, str]]:
    """Yield name and licence of each package in a ``package-lock.json``."""
    for path, package in json.loads(lock.read_text(encoding="utf-8"))["packages"].items():
        if path:  # the empty path is the folder of the lock
            yield path.rpartition("node_modules/")[2], package.get("license", "")


def check(root: Path, environments: list[Path]) -> list[str]:
    """Return what is not allowed in these ``environments`` and in the npm locks of the project at ``root``."""
    rules: Rules = yaml.safe_load((root / "lock" / "licences.yml").read_text(encoding="utf-8"))
    packages = [package for environment in environments for package in installed(environment, rules["called"])]
    packages += [package for lock in sorted(root.glob("lock/*/package-lock.json")) for package in locked_by_npm(lock)]
    return unlicensed(rules, (package for package in packages if package[0] != "fakehub"))
