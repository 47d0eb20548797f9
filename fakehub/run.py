"""``fakehub run``: starts the stand-in, runs a command in it and leaves nothing behind."""

from __future__ import annotations

import fcntl
import json
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

import psutil

from fakehub import namespace
from fakehub.environment import USERNAME, environment
from fakehub.facts import Facts, FactsError, default_path, load
from fakehub.processes import end, of_session

PREFIX = "fakehub-"


class RunError(Exception):
    """Why the stand-in cannot run the command: one line, and the exit status to end with."""

    def __init__(self, message: str, status: int = 2) -> None:
        super().__init__(message)
        self.status = status


def run(command: list[str], user: str, mode: str, state: Path | None, hub_yml: Path | None) -> int:
    """Run ``command`` in a new stand-in as ``user``; its exit status. Raises ``RunError``.

    ``mode`` is ``names``, ``proxy`` or ``auto`` (names where the system allows it); ``state`` is a directory
    in which the buckets live on.
    """
    if not command:
        raise RunError("no command to run; write it after --: python -m fakehub run -- COMMAND")
    if not USERNAME.fullmatch(user):
        raise RunError(f"{user!r} is not a GitHub username: letters, digits and hyphens, 39 at most")
    hub_yml = (hub_yml or default_path()).resolve()
    try:
        facts = load(hub_yml)
    except FactsError as error:
        raise RunError(str(error)) from error
    if state:
        _make_state(state)
    if mode == "auto":
        mode = "names" if namespace.available() else "proxy"
    if mode == "proxy":
        return _supervise(command, user, facts, hub_yml, state, proxy=True)
    try:
        return namespace.run_inside(lambda: _reported(command, user, facts, hub_yml, state))
    except namespace.NamespaceError as error:
        raise RunError(f"--mode names is not allowed here ({error}); use --mode proxy") from error


def _make_state(state: Path) -> None:
    try:
        state.mkdir(parents=True, exist_ok=True)
        (state / ".writable").touch()
        (state / ".writable").unlink()
    except OSError as error:
        raise RunError(f"--state {state}: cannot be written ({error.strerror}); name another directory") from error


def _reported(*arguments) -> int:
    """Supervise inside the namespaces, where an error must be told before the process ends."""
    try:
        return _supervise(*arguments, proxy=False)
    except RunError as error:
        print(f"fakehub: {error}", file=sys.stderr)
        return error.status


def _supervise(command: list[str], user: str, facts: Facts, hub_yml: Path, state: Path | None, proxy: bool) -> int:
    sweep()
    workdir = Path(tempfile.mkdtemp(prefix=PREFIX))
    lock = (workdir / "lock").open("w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    server = None
    try:
        server, ports = _start_server(workdir, hub_yml, state, proxy)
        return _run_command(command, environment(facts, user, workdir, ports))
    finally:
        _end_everything(workdir)
        if server:
            server.wait()
        shutil.rmtree(workdir, ignore_errors=True)


def sweep() -> None:
    """Remove the working directories of runs that were killed; a living one holds a lock on its own."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        try:
            with (folder / "lock").open("r+") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:  # alive, or somebody else's
            continue
        shutil.rmtree(folder, ignore_errors=True)


def _start_server(
    workdir: Path, hub_yml: Path, state: Path | None, proxy: bool
) -> tuple[subprocess.Popen[bytes], dict[str, int]]:
    from fakehub.server import Config

    ports = {} if proxy else {"tls_port": 443, "metadata_port": 80, "dns_port": 53}
    config = Config(str(hub_yml), str(workdir), str(state.resolve()) if state else None, proxy=proxy, **ports)
    (workdir / "config.json").write_text(json.dumps(asdict(config)), encoding="utf-8")
    server = subprocess.Popen(
        [sys.executable, "-m", "fakehub.server", str(workdir / "config.json")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    line = server.stdout.readline()
    if not line:
        said = server.stderr.read().decode(errors="replace").strip().splitlines() or ["it said nothing"]
        raise RunError(f"the stand-in did not start: {said[-1]}", 1)
    return server, json.loads(line)


def _run_command(command: list[str], env: dict[str, str]) -> int:
    # Told to end, end the command and go on to clean up.
    def stop(number: int, _frame: object) -> None:
        raise SystemExit(128 + number)

    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, stop)
    try:
        child = subprocess.Popen(command, env=env)
    except OSError as error:
        raise RunError(f"{command[0]}: {error.strerror.lower()}", 127) from error
    try:
        status = child.wait()
    except SystemExit as stopped:
        return int(stopped.code)
    return status if status >= 0 else 128 - status


def _end_everything(workdir: Path) -> None:
    """End everything this process started, also what no longer has a parent there to end it."""
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    started = psutil.Process().children(recursive=True)
    end(list({*started, *of_session(str(workdir))}))
