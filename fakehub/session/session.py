"""Sessions: each has its own stand-in, its own folder, and the environment that leads to the stand-in."""

from __future__ import annotations

import contextlib
import fcntl
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO, BinaryIO, Protocol, TextIO

from fakehub.isolation.fork import PipedFork
from fakehub.isolation.processes import end_session, last_line
from fakehub.server.config import Config
from fakehub.session.environment import environment
from hubfacts.schema import Facts

PREFIX = "fakehub-"
# The server's standard error, in the session's folder.
LOG = "server.log"


class SessionError(Exception):
    """The stand-in did not start; the message is one line."""


@dataclass(frozen=True)
class SessionOptions:
    """What to start: the facts and their file, the user, the machine, and a state directory that keeps the buckets.

    With ``durable``, what is in that directory survives a loss of power. ``persona`` is one of
    ``fakehub.accounts.personas.NAMES``. With ``proxy``, a proxy leads clients to the stand-in, otherwise the namespaces
    do in which the session runs (see ``fakehub.isolation.namespace``). With ``copy``, the server is a fork of this
    process, which has imported it already.
    """

    facts: Facts
    hub_yml: Path
    user: str = "funky-user"
    persona: str = "hub"
    state: Path | None = None
    durable: bool = False
    proxy: bool = True
    copy: bool = False


@dataclass(frozen=True)
class Session:
    """A running stand-in: its folder, the environment for programs that use it, and the ports of its parts by name."""

    folder: Path
    environment: dict[str, str]
    ports: dict[str, int]


@contextlib.contextmanager
def start_session(options: SessionOptions) -> Iterator[Session]:
    """Start a stand-in. At the end of the block, terminate all processes of the session and remove its folder.

    Raises ``SessionError``.
    """
    state = str(options.state.resolve()) if options.state else None
    config = Config(str(options.hub_yml), "", state, options.durable, options.persona, proxy=options.proxy)
    if not options.proxy:
        config = replace(config, tls_port=443, metadata_port=80, dns_port=53)
    with running_server(config, options.copy) as server:
        env = environment(options.facts, options.user, options.persona, server.folder, server.ports)
        yield Session(server.folder, env, server.ports)


class _Process(Protocol):
    """What ``subprocess.Popen`` and ``Fork`` have in common."""

    def terminate(self) -> None: ...

    def wait(self) -> int: ...


@dataclass(frozen=True)
class RunningServer:
    """The process of a server, its folder and the ports of its parts by name."""

    process: _Process
    folder: Path
    ports: dict[str, int]


@contextlib.contextmanager
def running_server(config: Config, copy: bool = False) -> Iterator[RunningServer]:
    """Start a server with a new folder as its ``workdir``, for the length of the block; ``copy`` forks this process.

    Afterwards, terminates all processes of the session and removes the folder. Raises ``SessionError``.
    """
    sweep()
    folder, lock = _locked_folder()
    process = None
    with lock:
        try:
            process, output = _launch_server(replace(config, workdir=str(folder)), copy)
            yield RunningServer(process, folder, _read_ports(process, output, folder))
        finally:
            end_session(str(folder))
            if process:
                process.terminate()
                process.wait()
            shutil.rmtree(folder, ignore_errors=True)


def _locked_folder() -> tuple[Path, TextIO]:
    """Create a folder and return it with its lock, which tells every ``sweep`` that the session is running."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        lock = (folder / "lock").open("w")
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (folder / "lock").exists():
            return folder, lock
        lock.close()  # another process swept the folder away before it was locked


def sweep() -> None:
    """Remove the folders of sessions that were killed. A running session holds the lock of its folder."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        try:
            with (folder / "lock").open("r+") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
        except OSError:  # in use, or owned by another user
            continue


def make_state_directory(state: Path) -> None:
    """Make a directory for the buckets; raise ``SessionError`` if nothing can be written there."""
    try:
        state.mkdir(parents=True, exist_ok=True)
        (state / ".writable").touch()
        (state / ".writable").unlink()
    except OSError as error:
        raise SessionError(f"--state {state}: not writable ({error.strerror}); use another directory") from error


def _launch_server(config: Config, copy: bool) -> tuple[_Process, IO[bytes]]:
    """Start the server and return its process and standard output."""
    folder = Path(config.workdir)
    file = folder / "config.json"
    file.write_text(json.dumps(asdict(config)), encoding="utf-8")
    # Standard error goes to a file: once a pipe that nobody reads is full, the server would hang.
    with (folder / LOG).open("wb") as stderr:
        return _fork_server(file, stderr) if copy else _spawn_server(file, stderr)


def _fork_server(config: Path, stderr: BinaryIO) -> tuple[_Process, IO[bytes]]:
    from fakehub.server.process import main

    fork = PipedFork(lambda: main(str(config)), stderr)
    return fork, fork.stdout


def _spawn_server(config: Path, stderr: BinaryIO) -> tuple[_Process, IO[bytes]]:
    command = [sys.executable, "-m", "fakehub.server.process", str(config)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr)
    assert process.stdout is not None
    return process, process.stdout


def _read_ports(server: _Process, output: IO[bytes], folder: Path) -> dict[str, int]:
    """Wait until the server is ready and return its ports by name."""
    line = output.readline()
    if not line:
        server.wait()
        raise SessionError(f"the stand-in did not start: {last_line(folder / LOG)}")
    return json.loads(line)
