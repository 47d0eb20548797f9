"""``fakehub lab``: copy the notebooks, start the stand-in and JupyterLab, and end everything on Ctrl+C."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fakehub.hub.servers import write_jupyter_files
from fakehub.isolation.processes import last_line
from fakehub.lab.copies import copy
from fakehub.lab.material import NOTEBOOKS, hub_yml, material
from fakehub.ports import LOOPBACK, free_port
from fakehub.session.run import RunError, session_options, supervise
from fakehub.session.session import Session

# A module of each part of the extra: the server, the kernel, the notebooks' imports, and Dask Gateway.
_MODULES = ("jupyterlab", "ipykernel", "xarray", "gcsfs", "matplotlib", "dask_gateway", "dask_gateway_server")
# The port that readers know from JupyterLab; any other is used if it is taken.
_USUAL_PORT = 8888
# Seconds allowed for JupyterLab to start.
_TIMEOUT_S = 120
_LOG = "jupyterlab.log"


@dataclass(frozen=True)
class LabOptions:
    """What to start: the reader's folder, and the options of the command line.

    ``port`` is ``None`` for any free one, ``facts`` for those of the guide's hub. With ``browser``, one is opened.
    """

    folder: Path
    user: str = "funky-user"
    state: Path | None = None
    facts: Path | None = None
    port: int | None = None
    browser: bool = True
    durable: bool = False


def run_lab(options: LabOptions) -> int:
    """Serve the notebooks in JupyterLab until it is stopped; return the exit status. Raises ``RunError``."""
    _check_installed()
    port = _port(options.port)
    session = session_options(options.user, options.state, options.facts or hub_yml(), options.durable)
    folder = options.folder.resolve()
    _copy_notebooks(folder)
    status = supervise(session, lambda session: _serve(session, folder, port, options))
    if status == 128 + signal.SIGINT:  # Ctrl+C is the usual way to stop
        status = 0
    if status == 0:
        print(f"Stopped. Your notebooks are in {folder}.", flush=True)
    return status


def _check_installed() -> None:
    missing = next((name for name in _MODULES if importlib.util.find_spec(name) is None), None)
    if missing:
        raise RunError(f'{missing} is not installed; run: pip install "fakehub[lab]"')


def _port(wanted: int | None) -> int:
    """Return the port to listen on: ``wanted``, else JupyterLab's usual one, else any that is free."""
    if _is_free(wanted or _USUAL_PORT):
        return wanted or _USUAL_PORT
    if wanted:
        raise RunError(f"--port {wanted}: the port cannot be used; leave the option out to use any free port")
    return free_port()


def _is_free(port: int) -> bool:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def _copy_notebooks(folder: Path) -> None:
    try:
        copied = copy(material(), folder)
    except OSError as error:
        raise RunError(f"{folder}: cannot be written ({error.strerror}); name another folder") from error
    if copied.kept:
        names = ", ".join(copied.kept)
        print(f"Kept what you changed: {names}. To get a file's original, delete it and start again.", flush=True)


def _serve(session: Session, folder: Path, port: int, options: LabOptions) -> int:
    """Start JupyterLab, say where it is, and wait for its end; raises ``RunError``."""
    token = secrets.token_hex(24)
    settings = _write_settings(session.folder, folder, port, token)
    temporary = session.folder / "tmp"
    temporary.mkdir()
    log = session.folder / _LOG
    server = _launch(session.environment | settings | {"TMPDIR": str(temporary)}, log)
    _wait(server, port, log)
    address = f"http://{LOOPBACK}:{port}/lab/tree/{NOTEBOOKS}?token={token}"
    deleted = "the home directory is" if options.state else "the buckets and the home directory are"
    print(f"JupyterLab with the notebooks in {folder}: {address}")
    print(f"To stop it, press Ctrl+C here. Files in that folder stay; {deleted} deleted.", flush=True)
    if options.browser and _has_display():
        _open_browser(address)
    status = server.wait()
    if status:
        raise RunError(f"JupyterLab ended with status {status}: {last_line(log)}", 1)
    return 0


def _write_settings(session: Path, folder: Path, port: int, token: str) -> dict[str, str]:
    """Write the settings of JupyterLab and its kernels, and return the variables by which they find them."""
    jupyter, ipython = session / "jupyter", session / "ipython"
    write_jupyter_files(jupyter, sys.executable)
    server = {"ip": LOOPBACK, "port": port, "port_retries": 0, "open_browser": False, "root_dir": str(folder)}
    # JupyterLab refuses to run as root by default, but root has started this command on purpose.
    settings = {"ServerApp": {**server, "allow_root": os.geteuid() == 0}, "IdentityProvider": {"token": token}}
    (jupyter / "jupyter_server_config.json").write_text(json.dumps(settings), encoding="utf-8")
    profile = ipython / "profile_default"
    profile.mkdir(parents=True)
    kernel = {"InteractiveShellApp": {"extensions": ["fakehub.lab.trust_proxies"]}}
    (profile / "ipython_config.json").write_text(json.dumps(kernel), encoding="utf-8")
    return {"JUPYTER_CONFIG_DIR": str(jupyter), "JUPYTER_PATH": str(jupyter), "IPYTHONDIR": str(ipython)}


def _launch(env: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
    """Start JupyterLab outside the terminal's group of processes, where Ctrl+C would make it ask a question."""
    command = [sys.executable, "-m", "jupyterlab"]
    with log.open("wb") as output:
        return subprocess.Popen(
            command,
            env=dict(env),
            cwd=log.parent,  # python -m imports from the current directory, and the reader's may have any module
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )


def _wait(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Wait until JupyterLab answers; raises ``RunError`` if it ends or takes too long."""
    deadline = time.monotonic() + _TIMEOUT_S
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while True:
        if server.poll() is not None or time.monotonic() > deadline:
            raise RunError(f"JupyterLab did not start: {last_line(log)}", 1)
        with contextlib.suppress(OSError), opener.open(f"http://{LOOPBACK}:{port}/api", timeout=5):
            return
        time.sleep(0.1)


def _has_display() -> bool:
    """Return whether a browser can open a window; one for terminals would take this one."""
    names = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
    return not sys.platform.startswith("linux") or any(os.environ.get(name) for name in names)


def _open_browser(address: str) -> None:
    """Open the user's browser, with the user's own settings; it keeps running when this process ends."""
    command = [sys.executable, "-m", "webbrowser", address]
    subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True)
