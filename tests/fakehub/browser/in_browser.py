"""Run programs in a process like the browser's: no threads, sockets, compiled codecs or large packages.

What ``fakehub.browser.start.prepare`` replaces, it replaces for the whole process, so each program has its own.
"""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

from fakehub.browser import plain_models
from fakehub.session.environment import hub_variables
from hubfacts import public_data
from hubfacts.load import load
from hubfacts.location import default_path

ROOT = Path(__file__).resolve().parents[3]
# A browser has neither IPython nor the absent packages, which are installed here. Connections are refused: whatever
# leaves the process fails. A program puts its results into ``results``.
BEGIN = """
import importlib.machinery, importlib.util, json, os, pathlib, socket, sys, traceback

# The project's modules come from PYTHONPATH alone.
sys.meta_path[:] = [finder for finder in sys.meta_path if getattr(finder, "__name__", "") != "_EditableFinder"]
folder, results = pathlib.Path(sys.argv[1]), {}
[ipython] = importlib.util.find_spec("IPython").submodule_search_locations
spec = importlib.util.spec_from_file_location("ipython_pretty", f"{ipython}/lib/pretty.py")
pretty = sys.modules["ipython_pretty"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(pretty)
for name in [name for name in sys.modules if name.partition(".")[0] == "IPython"]:
    del sys.modules[name]
sys.modules["IPython"] = None

def refuse(*arguments):
    raise AssertionError(f"a connection to {arguments}")

socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = refuse

from fakehub.browser import start
start.prepare()
sys.meta_path.insert(0, sys.meta_path.pop())

def error_of(call, *arguments, **options):
    try:
        call(*arguments, **options)
    except Exception as error:
        return f"{type(error).__name__}: {error}"

"""
HUB = """
settings = json.loads(pathlib.Path(sys.argv[2]).read_text())
hub = start.start(
    settings["facts"], settings["public_data"], settings["variables"], pathlib.Path(settings["home"]), folder / "log"
)
"""
PAGE = """
from fakehub.browser import session as browser_session
browser_session._LOG = folder / "log"  # a browser has a file system for each page
outputs = []
page = browser_session.Session(
    pathlib.Path(sys.argv[2]).read_text(), json.dumps({"recipe.py": "depth = 4000\\n"}),
    lambda text: outputs.append(json.loads(text)),
)

def run(source):
    "Run a cell and return its outputs."
    outputs.clear()
    page.run(source)
    return list(outputs)
"""
END = """
(folder / "results.json").write_text(json.dumps(results))
"""


def run(program: str, folder: Path, *parts: str, code: Path = ROOT) -> dict[str, Any]:
    """Run ``program`` after ``parts`` (``HUB`` or ``PAGE``) in a process for ``folder``, and return its results.

    ``code`` is the folder with the packages of this project.
    """
    settings = folder / "settings.json"
    settings.write_text(json.dumps(hub_settings() | {"home": str(folder / "home")}))
    source = "".join([BEGIN, *parts, textwrap.dedent(program), END])
    # Real credentials and settings of this machine must not change what clients do.
    env = {name: value for name, value in os.environ.items() if not name.startswith(("GOOGLE", "GCE_", "STORAGE_"))}
    env |= {"PYTHONPATH": str(code), "MPLCONFIGDIR": str(folder)}
    command = [sys.executable, "-c", source, folder, settings]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads((folder / "results.json").read_text())


@functools.cache
def hub_settings() -> dict[str, Any]:
    """Return the settings of the guide's hub, for the example user."""
    facts = load(default_path())
    dumped = {"facts": plain_models.dump(facts), "public_data": plain_models.dump(public_data.load())}
    return dumped | {"variables": hub_variables(facts, "funky-user")}
