"""``fakehub run``: start the stand-in, run a command in it, and remove everything afterwards."""

from __future__ import annotations

import os
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
from fakehub.session.session import Session, SessionError, SessionOptions, make_state_directory, start_session
from hubfacts.load import FactsError, load
from hubfacts.location import default_path

# A program with its arguments, or a function to run in a fork of this process.
Command = list[str] | Callable[[], int]


class RunError(Exception):
    """The stand-in cannot run the command; the message is one line, ``status`` is the exit status to use."""

    def __init__(self, message: str, status: int = 2) -> None:
        super().__init__(message)
        self.status = status


# Starts further services in a session and returns the environment of the command.
ExtraServices = Callable[[Session, SessionOptions], dict[str, str]]


def run(
    command: Command,
    user: str,
    persona: str,
    mode: str,
    state: Path | None,
    hub_yml: Path | None,
    durable: bool = False,
) -> int:
    """Run ``command`` in a new stand-in as ``user`` on the machine of ``persona``, and return its exit status.

    A function runs in a fork of this process, and then the stand-in's server is a fork as well. ``mode`` is
    ``names``, ``proxy`` or ``auto`` (``names`` if the system allows it); ``state`` is a directory that keeps the
    buckets, with ``durable`` after a loss of power too. Raises ``RunError``.
    """
    if not command:
        raise RunError("there is no command to run; write it after --: python -m fakehub run -- COMMAND")
    options = replace(session_options(user, state, hub_yml, durable), persona=persona, copy=callable(command))
    if mode == "auto":
        mode = "names" if namespace.available() else "proxy"
    if mode == "proxy":
        return _supervise(command, options)
    try:
        return run_in_names(command, options)
    except namespace.NamespaceError as error:
        raise RunError(f"--mode names is not allowed here ({error}); use --mode proxy") from error


def session_options(user: str, state: Path | None, hub_yml: Path | None, durable: bool = False) -> SessionOptions:
    """Check the options of a session and load its facts; makes the directory ``state``. Raises ``RunError``."""
    if not USERNAME.fullmatch(user):
        raise RunError(f"{user!r} is not a GitHub username; use at most 39 letters, digits and hyphens")
    if durable and state is None:
        raise RunError("--durable needs --state DIR, the directory that keeps the buckets")
    hub_yml = (hub_yml or default_path()).resolve()
    try:
        options = SessionOptions(load(hub_yml), hub_yml, user, state=state, durable=durable)
    except FactsError as error:
        raise RunError(str(error)) from error
    if state:
        try:
            make_state_directory(state)
        except SessionError as error:
            raise RunError(str(error)) from error
    return options


def run_in_names(
    command: Command,
    options: SessionOptions,
    hosts: Mapping[str, tuple[str, ...]] = namespace.NO_HOSTS,
    extra: ExtraServices | None = None,
) -> int:
    """Run ``command`` in new namespaces and return its exit status; ``hosts`` maps addresses to further host names.

    Raises ``NamespaceError`` if the system does not allow it.
    """
    here = {"127.0.0.1": (options.facts.osn.host,) if options.facts.osn else ()}
    action = partial(_supervise_reporting, command, replace(options, proxy=False), extra)
    return namespace.run_inside(action, here | dict(hosts))


def _supervise_reporting(command: Command, options: SessionOptions, extra: ExtraServices | None) -> int:
    """Supervise inside the namespaces, where an error must be printed because the process ends with a status only."""
    try:
        return _supervise(command, options, extra)
    except RunError as error:
        print(f"fakehub: {error}", file=sys.stderr)
        return error.status


def _supervise(command: Command, options: SessionOptions, extra: ExtraServices | None = None) -> int:
    adopt_orphans()

    def work(session: Session) -> int:
        return _run_command(command, extra(session, options) if extra else session.environment)

    return supervise(options, work)


def supervise(options: SessionOptions, work: Callable[[Session], int]) -> int:
    """Start a stand-in, call ``work`` in it, end everything that was started, and return the status of ``work``.

    After SIGINT, SIGTERM or SIGHUP, the status is 128 and the signal's number. Raises ``RunError``.
    """
    _raise_on_signals()
    try:
        with start_session(options) as session:
            try:
                return work(session)
            finally:
                _end_everything(session.folder)
    except _Terminated as error:
        return error.status
    except SessionError as error:
        raise RunError(str(error), 1) from error


class _Terminated(BaseException):
    """A signal that ends the run, and the exit status for it."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.status = 128 + number


def _raise_on_signals() -> None:
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
        reason = os.strerror(error.errno).lower() if error.errno else str(error)
        raise RunError(f"{command[0]}: {reason}", 127) from error


def _end_everything(workdir: Path) -> None:
    """Terminate everything that this process started, including processes that have lost their parent."""
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    end_session(str(workdir), psutil.Process().children(recursive=True))
