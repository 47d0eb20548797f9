"""What all users' servers find on disk: the kernel of their notebooks, and JupyterLab's settings."""

from __future__ import annotations

import importlib.util
import json
import shutil
from pathlib import Path

# What libraries say of the Python they run on is of this machine, and no part of what a notebook prints.
_OF_THIS_MACHINE = "ignore:You are using a Python version:FutureWarning"


def furnish(jupyter: Path, kernel: str) -> None:
    """Write into the folder ``jupyter`` the kernel ``python3``, which is the Python at ``kernel``, and settings.

    The question whether to show Jupyter's news is left out (it asks another host); dark is dark where the browser
    asks for it.
    """
    spec = jupyter / "kernels" / "python3"
    found = importlib.util.find_spec("ipykernel")
    if found and found.origin:  # for its pictures
        shutil.copytree(Path(found.origin).parent / "resources", spec)
    spec.mkdir(parents=True, exist_ok=True)
    argv = [kernel, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    kernel_spec = {"argv": argv, "display_name": "Python 3 (ipykernel)", "language": "python"}
    _write(spec / "kernel.json", kernel_spec | {"env": {"PYTHONWARNINGS": _OF_THIS_MACHINE}})
    news = {"@jupyterlab/apputils-extension:announcements": True}
    _write(jupyter / "labconfig" / "page_config.json", {"disabledExtensions": news})
    theme = {"@jupyterlab/apputils-extension:themes": {"adaptive-theme": True}}
    _write(jupyter / "labconfig" / "default_setting_overrides.json", theme)


def _write(file: Path, content: dict[str, object]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content), encoding="utf-8")
