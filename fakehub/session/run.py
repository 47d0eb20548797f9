"""``fakehub run``: starts the stand-in, runs a command in it and leaves nothing behind."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import psutil

from fakehub.isolation import namespace
from fakehub.isolation.fork import Fork
from fakehub.isolation.processes import adopt_orphans, end_session
from fakehub.session.environment import USERNAME
from fakehub.session.session import Session, SessionError, SessionOptions, start_session
from hubfacts.load import FactsError, load
from hubfacts.location import default_path

# A program with its arguments, or what a copy of this process does.
Command = list[str] | Callable[[], int]


class RunError(Exception):
    """Why the stand-in cannot run the command: one line, and the exit status to end with."""

    def __init__(self, message: str, status: int = 2) -> None:
        super().__init__(message)
        self.status = status


# Starts more beside a session's stand-in; the command's environment.
ExtraServices = Callable[[Session, SessionOptions], dict[str, str]]


def run(command: Command, user: str, persona: str, mode: str, state: Path | None, hub_yml: Path | None) -> int:
    """Run ``command`` in a new stand-in as ``user``, on the machine of ``persona``; its exit status. What can be called
    is, in a copy of this process, and the stand-in's server is a copy as well.

    ``mode`` is ``names``, ``proxy`` or ``auto`` (names where the system allows it); ``state`` is a directory
    in which the buckets live on. Raises ``RunError``.
    """
    if not command:
        raise RunError("no command to run; write it after --: python -m fakehub run -- COMMAND")
    if not USERNAME.fullmatch(user):
        raise RunError(f"{user!r} is not a GitHub username: letters, digits and hyphens, 39 at most")
    hub_yml = (hub_yml or default_path()).resolve()
    try:
        options = SessionOptions(load(hub_yml), hub_yml, user, persona, state, copy=callable(command))
    except FactsError as error:
        raise RunError(str(error)) from error
    if state:
        _make_state(state)
    if mode == "auto":
        mode = "names" if namespace.available() else "proxy"
    if mode == "proxy":
        return _supervise(command, options)
    try:
        return run_in_names(command, options)
    except namespace.NamespaceError as error:
        raise RunError(f"--mode names is not allowed here ({error}); use --mode proxy") from error


def run_in_names(
    command: Command,
    options: SessionOptions,
    hosts: Mapping[str, tuple[str, ...]] = namespace.NO_HOSTS,
    beside: ExtraServices | None = None,
) -> int:
    """Run ``command`` in a world of names of its own; ``hosts`` are further names, by the address they lead to.

    Raises ``NamespaceError`` where the system refuses.
    """
    here = {"127.0.0.1": (options.facts.osn.host,) if options.facts.osn else ()}
    action = partial(_reported, command, replace(options, proxy=False), beside)
    return namespace.run_inside(action, here | dict(hosts))


def _make_state(state: Path) -> None:
    try:
        state.mkdir(parents=True, exist_ok=True)
        (state / ".writable").touch()
        (state / ".writable").unlink()
    except OSError as error:
        raise RunError(f"--state {state}: cannot be written ({error.strerror}); name another directory") from error


def _reported(command: Command, options: SessionOptions, beside: ExtraServices | None) -> int:
    """Supervise inside the namespaces, where an error must be told before the process ends."""
    try:
        return _supervise(command, options, beside)
    except RunError as error:
        print(f"fakehub: {error}", file=sys.stderr)
        return error.status


def _supervise(command: Command, options: SessionOptions, beside: ExtraServices | None = None) -> int:
    adopt_orphans()
    try:
        with start_session(options) as started:
            _end_when_told()
            try:
                env = beside(started, options) if beside else started.environment
                return _run_command(command, env)
            except _Terminated as told:
                return told.status
            finally:
                _end_everything(started.folder)
    except SessionError as error:
        raise RunError(str(error), 1) from error


class _Terminated(BaseException):
    """A signal to end: what was started is ended, and the status says so."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.status = 128 + number


def _end_when_told() -> None:
    def stop(number: int, _frame: object) -> None:
        raise _Terminated(number)

    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, stop)


def _run_command(command: Command, env: dict[str, str]) -> int:
    status = _start(command, env).wait()
    if status < 0:
        name = "the command" if callable(command) else command[0]
        print(f"fakehub: {name} was ended by {signal.Signals(-status).name}", file=sys.stderr)
    return status if status >= 0 else 128 - status


def _start(command: Command, env: dict[str, str]) -> subprocess.Popen[bytes] | Fork:
    if callable(command):
        return Fork(command, env)
    try:
        return subprocess.Popen(command, env=env)
    except OSError as error:
        raise RunError(f"{command[0]}: {error.strerror.lower()}", 127) from error


def _end_everything(workdir: Path) -> None:
    """End everything this process started, also what no longer has a parent there to end it."""
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    end_session(str(workdir), psutil.Process().children(recursive=True))
