"""The files that all users' servers share: the kernel of their notebooks, and JupyterLab's settings."""

from __future__ import annotations

import importlib.util
import json
import shutil
from collections.abc import Mapping
from pathlib import Path

# A warning about the Python of this machine, which no notebook on the hub prints.
_ABOUT_THIS_PYTHON = "ignore:You are using a Python version:FutureWarning"


def write_jupyter_files(jupyter: Path, kernel: str) -> None:
    """Write the kernel ``python3``, run by the Python at ``kernel``, and JupyterLab's settings to ``jupyter``.

    The settings turn off the question whether to show Jupyter's news, which asks another host, and let the theme
    follow the browser's.
    """
    spec = jupyter / "kernels" / "python3"
    ipykernel = importlib.util.find_spec("ipykernel")
    if ipykernel and ipykernel.origin:  # the kernel's icons
        shutil.copytree(Path(ipykernel.origin).parent / "resources", spec)
    spec.mkdir(parents=True, exist_ok=True)
    argv = [kernel, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    kernel_spec = {"argv": argv, "display_name": "Python 3 (ipykernel)", "language": "python"}
    _write(spec / "kernel.json", kernel_spec | {"env": {"PYTHONWARNINGS": _ABOUT_THIS_PYTHON}})
    news = {"@jupyterlab/apputils-extension:announcements": True}
    _write(jupyter / "labconfig" / "page_config.json", {"disabledExtensions": news})
    theme = {"@jupyterlab/apputils-extension:themes": {"adaptive-theme": True}}
    _write(jupyter / "labconfig" / "default_setting_overrides.json", theme)


def _write(file: Path, content: Mapping[str, object]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content), encoding="utf-8")
