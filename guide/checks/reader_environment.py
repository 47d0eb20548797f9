"""Compare the environment that readers install with the versions that the pages run with."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import yaml

from guide.upstream.pins import pins

# A channel may come before the name, and a build after the version.
_ENTRY = re.compile(r"(?:[\w-]+::)?(?P<name>[\w.-]+)\s*(?:==?|[<>!~]=?)\s*(?P<version>[^=\s]+)(?:=\S+)?")


def environment_problems(root: Path) -> list[str]:
    """Return a line for each package that readers install in another version than the pages run with.

    A project without environment.yml offers no environment to readers.
    """
    file = root / "environment.yml"
    if not file.is_file():
        return []
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    entries = [*content["dependencies"]]
    entries += [entry for inner in entries if isinstance(inner, dict) for entry in inner.get("pip", ())]
    in_image = {pin.name.lower(): pin.image for pin in pins((root / "pyproject.toml").read_text(encoding="utf-8"))}
    problems = []
    for name, version in _versions(entry for entry in entries if isinstance(entry, str)):
        wanted = in_image.get(name.removesuffix("-base"))
        if name != "python" and version != wanted:
            problems.append(f"environment.yml: {name} is {version}, but {wanted or 'not'} in pyproject.toml")
    return problems


def _versions(entries: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield the name and the version of each entry that names one, in any form of conda or pip."""
    for entry in entries:
        if found := _ENTRY.fullmatch(entry.strip()):
            yield found["name"].lower(), found["version"]
