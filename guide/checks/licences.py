"""Licences of the locked packages, checked against those that are allowed in ``lock/licences.yml``.

What is installed of a lock says under which licence it is, in its metadata; npm's locks say it themselves.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any

import yaml


def unlicensed(rules: dict[str, Any], packages: Iterator[tuple[str, str]]) -> list[str]:
    """A line for each of ``packages`` (name and licence) that no rule allows, and for each exception that is none."""
    allowed, called = set(rules["allowed"]), rules["called"]
    found, used = [], set()
    for name, licence in packages:
        if name in rules["exceptions"]:
            used.add(name)
        elif not _is_allowed(licence, allowed, called):
            found.append(f"{name} is under {licence or 'no licence that its metadata name'}")
    unused = [f"{name} is an exception, but no package" for name in rules["exceptions"] if name not in used]
    return sorted(set(found)) + unused


def _is_allowed(licence: str, allowed: set[str], called: dict[str, str]) -> bool:
    """Whether an expression such as ``MIT AND (Apache-2.0 OR BSD-3-Clause)`` holds with the ``allowed`` ones alone."""
    if licence in called:
        return called[licence] in allowed
    licence = licence.strip()
    if licence.startswith("(") and licence.endswith(")"):
        licence = licence[1:-1]
    for word, holds in ((" OR ", any), (" AND ", all)):
        if word in licence:
            return holds(_is_allowed(part, allowed, called) for part in licence.split(word))
    return licence in allowed


def installed(environment: Path) -> Iterator[tuple[str, str]]:
    """Names and licences of the packages in a virtual environment."""
    for folder in sorted(environment.glob("lib/python*/site-packages")):
        for package in distributions(path=[str(folder)]):
            yield _name(package.metadata["Name"]), _licence(package)


def _name(text: str) -> str:
    return re.sub(r"[-_.]+", "-", text).lower()


def _licence(package: Distribution) -> str:
    """The licence by the newest of three ways in which metadata say it."""
    expression = package.metadata.get("License-Expression")
    if expression:
        return expression
    classifiers = [text.split(" :: ") for text in package.metadata.get_all("Classifier") or []]
    named = [parts[-1] for parts in classifiers if parts[0] == "License" and len(parts) > 2]
    if named:
        return " AND ".join(named)
    first, *_ = (package.metadata.get("License") or "").strip().splitlines() or [""]
    return first


def locked_by_npm(lock: Path) -> Iterator[tuple[str, str]]:
    """Names and licences of the packages in a ``package-lock.json``."""
    for place, package in json.loads(lock.read_text(encoding="utf-8"))["packages"].items():
        if place:  # the first is the folder itself
            yield place.rpartition("node_modules/")[2], package.get("license", "")


def check(root: Path, environments: list[Path]) -> list[str]:
    """What is not allowed in these ``environments`` and in the npm locks of the project at ``root``."""
    rules = yaml.safe_load((root / "lock" / "licences.yml").read_text(encoding="utf-8"))
    packages = [package for environment in environments for package in installed(environment)]
    packages += [package for lock in sorted(root.glob("lock/*/package-lock.json")) for package in locked_by_npm(lock)]
    return unlicensed(rules, iter(package for package in packages if package[0] != "fakehub"))
