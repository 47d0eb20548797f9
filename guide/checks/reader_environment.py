"""Compare the environment that readers install with the versions that the pages run with."""

from __future__ import annotations

from pathlib import Path

import yaml

from guide.upstream.pins import pins


def environment_problems(root: Path) -> list[str]:
    """Return a line for each package that readers install in another version than the pages run with.

    A project without environment.yml offers no environment to readers.
    """
    file = root / "environment.yml"
    if not file.is_file():
        return []
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    versions = dict(entry.split("=") for entry in content["dependencies"] if "=" in entry)
    versions.pop("python")
    in_image = {pin.name.lower(): pin.image for pin in pins((root / "pyproject.toml").read_text(encoding="utf-8"))}
    return [
        f"environment.yml: {name} is {version}, but {in_image.get(name.removesuffix('-base'), 'not')} in pyproject.toml"
        for name, version in versions.items()
        if version != in_image.get(name.removesuffix("-base"))
    ]
