"""A session: a stand-in of its own in a folder of its own, and the environment that leads to it."""

from __future__ import annotations

import contextlib
import fcntl
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO, TextIO

from fakehub.isolation.fork import PipedFork
from fakehub.isolation.processes import end_session
from fakehub.server.config import Config
from fakehub.session.environment import environment
from hubfacts.schema import Facts

PREFIX = "fakehub-"


class SessionError(Exception):
    """Why the stand-in did not start: one line."""


@dataclass(frozen=True)
class SessionOptions:
    """What a session is made of: the facts and their file, whose it is, on whose machine, and where buckets live on.

    ``persona`` is one of ``fakehub.accounts.personas.NAMES``; ``proxy`` is how names lead to the stand-in (see
    ``fakehub.isolation.namespace`` for the other way). With ``copy`` the server is a copy of this process, which has
    imported it.
    """

    facts: Facts
    hub_yml: Path
    user: str = "funky-user"
    persona: str = "hub"
    state: Path | None = None
    proxy: bool = True
    copy: bool = False


@dataclass(frozen=True)
class Session:
    """A running stand-in: ``folder`` has its files, ``environment`` is all that a program needs to reach it.

    ``ports`` are those of its parts, by their names.
    """

    folder: Path
    environment: dict[str, str]
    ports: dict[str, int]


@contextlib.contextmanager
def start_session(options: SessionOptions) -> Iterator[Session]:
    """Start a stand-in; when the block ends, so does all that runs in its session, and its folder is gone.

    Raises ``SessionError``.
    """
    sweep()
    folder, lock = _locked_folder()
    server = None
    with lock:
        try:
            server, ports = _start_server(folder, options)
            env = environment(options.facts, options.user, options.persona, folder, ports)
            yield Session(folder, env, ports)
        finally:
            end_session(str(folder))
            if server:
                server.terminate()
                server.wait()
            shutil.rmtree(folder, ignore_errors=True)


def _locked_folder() -> tuple[Path, TextIO]:
    """A new folder and the lock on it, which tells every ``sweep`` that it is in use."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        lock = (folder / "lock").open("w")
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (folder / "lock").exists():
            return folder, lock
        lock.close()  # swept away before it was locked


def sweep() -> None:
    """Remove the folders of sessions that were killed; a living one holds a lock on its own."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        try:
            with (folder / "lock").open("r+") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
        except OSError:  # alive, or somebody else's
            continue


def _start_server(folder: Path, options: SessionOptions) -> tuple[subprocess.Popen[bytes] | PipedFork, dict[str, int]]:
    """The server's process and its ports, once it is ready."""
    ports = {} if options.proxy else {"tls_port": 443, "metadata_port": 80, "dns_port": 53}
    state = str(options.state.resolve()) if options.state else None
    config = Config(str(options.hub_yml), str(folder), state, options.persona, proxy=options.proxy, **ports)
    file = folder / "config.json"
    file.write_text(json.dumps(asdict(config)), encoding="utf-8")
    # Into a file: a pipe that nobody reads is full one day, and then the server waits for ever.
    complaints = folder / "complaints.txt"
    with complaints.open("wb") as stderr:
        server = _server(file, stderr, options.copy)
    line = server.stdout.readline()
    if not line:
        server.wait()
        said = complaints.read_text(encoding="utf-8", errors="replace").strip().splitlines() or ["it said nothing"]
        raise SessionError(f"the stand-in did not start: {said[-1]}")
    return server, json.loads(line)


def _server(config: Path, stderr: BinaryIO, copy: bool) -> subprocess.Popen[bytes] | PipedFork:
    if copy:
        from fakehub.server.process import main

        return PipedFork(lambda: main(str(config)), stderr)
    command = [sys.executable, "-m", "fakehub.server.process", str(config)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr)
