"""Build the wheel of fakehub and install it into a new environment.

Both need the package index or uv's cache; without either, the tests that use them fail.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest


def find_uv(root: Path) -> str:
    """Return the path of uv, which ``make setup`` installs."""
    candidates = [root / ".venv/uv/bin/uv", Path(sys.executable).with_name("uv")]
    uv = next((str(path) for path in candidates if path.is_file()), shutil.which("uv"))
    return uv or pytest.fail("there is no uv; run: make setup")


def clean_environment() -> dict[str, str]:
    """Return the environment without variables that lead to this checkout or to its own environment."""
    leading = ("PYTHON", "PYTEST", "FAKEHUB", "VIRTUAL_ENV")
    return {name: value for name, value in os.environ.items() if not name.startswith(leading)}


def succeed(*command: str | Path, cwd: Path) -> str:
    """Run a command that must succeed; return its standard output."""
    result = subprocess.run(
        list(map(str, command)), cwd=cwd, env=clean_environment(), capture_output=True, text=True, timeout=300
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def build_wheel(root: Path, folder: Path) -> Path:
    """Build the source distribution from the tracked files that belong to it, and from that the wheel.

    Both are written to ``folder``; returns the path of the wheel.
    """
    copy, out = folder / "copy", folder / "wheel"
    belonging = ["fakehub", "hubfacts", "pyproject.toml", "setup.py", "LICENSE", "hub.yml", "notebooks", "book/*.py"]
    for name in succeed("git", "ls-files", *belonging, cwd=root).split():
        if (root / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(root / name, copy / name)
    succeed(find_uv(root), "build", "--quiet", "--python", sys.executable, "--out-dir", out, copy, cwd=copy)
    (built,) = out.glob("*.whl")
    return built


def find_python(root: Path, version: str) -> str | None:
    """Return the path of a Python of this machine, ``None`` if it does not have the version."""
    # The commands that pyenv puts into PATH run only the versions that are selected.
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    environment = clean_environment()
    environment["PATH"] = os.pathsep.join([*map(str, pyenv.glob("versions/*/bin")), environment["PATH"]])
    command = [find_uv(root), "python", "find", "--no-project", "--no-python-downloads", version]
    found = subprocess.run(command, cwd="/", env=environment, capture_output=True, text=True, timeout=60)
    return found.stdout.strip() if found.returncode == 0 else None


def locked_versions(root: Path, folder: Path) -> str:
    """Return the versions of the packages of this environment, as lines of a constraints file."""
    freeze = succeed(find_uv(root), "pip", "freeze", "--python", sys.executable, "--exclude-editable", cwd=folder)
    return "".join(line for line in freeze.splitlines(True) if "==" in line)


def install(
    root: Path,
    wheel: Path,
    extras: str,
    versions: str,
    folder: Path,
    more: Sequence[str] = (),
    interpreter: str = sys.executable,
) -> Path:
    """Install ``wheel`` with ``extras`` into a new environment in ``folder``, and return the folder of its programs.

    ``versions`` are the lines of a constraints file, ``more`` are further packages.
    """
    uv, python = find_uv(root), folder / "venv/bin/python"
    folder.mkdir(exist_ok=True)
    (folder / "versions.txt").write_text(versions)
    succeed(uv, "venv", "--quiet", "--python", interpreter, folder / "venv", cwd=folder)
    install = (uv, "pip", "install", "--quiet", "--python", python, "--constraint", folder / "versions.txt")
    succeed(*install, f"fakehub[{extras}] @ {wheel.as_uri()}", *more, cwd=folder)
    return python.parent
