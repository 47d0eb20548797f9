"""Storage over plain HTTP for programs and tests: the class ``Server``, and ``fakehub serve``."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from fakehub.accounts.personas import NAMES
from fakehub.control.client import Control
from fakehub.ports import LOOPBACK
from fakehub.server.config import PROJECT_WITHOUT_FACTS, Config
from fakehub.session.session import LOG, RunningServer, SessionError, make_state_directory, running_server
from hubfacts.load import FactsError, load


class Server:
    """Cloud Storage over plain HTTP on this machine, for the length of a ``with`` block.

    ``port`` 0 is any free port. Without a facts file, the project has no buckets, and requests may give it any name.
    ``persona`` is who sends requests without a token; the default, ``owner``, may make buckets. ``state`` is a
    directory that keeps the buckets, with ``durable`` also when the machine loses power. The server listens on ``bind``
    and answers clients that call it ``127.0.0.1``, ``localhost`` or one of ``accept_hosts``. Starting it raises
    ``SessionError``, a single line.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        hub_yml: str | Path | None = None,
        persona: str = "owner",
        state: str | Path | None = None,
        durable: bool = False,
        bind: str = LOOPBACK,
        accept_hosts: Sequence[str] = (),
    ) -> None:
        self._hub_yml, self._persona, self._state = hub_yml, persona, Path(state) if state else None
        self._durable = durable
        self._port, self._bind, self._accept_hosts = port, bind, accept_hosts
        self._parts = contextlib.ExitStack()
        self._running: RunningServer | None = None
        self._project = PROJECT_WITHOUT_FACTS

    def __enter__(self) -> Server:
        """Start the server."""
        self._running = self._parts.enter_context(running_server(self._config()))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """End the server and remove its folder."""
        self._running = None
        self._parts.close()

    @property
    def url(self) -> str:
        """The address of the server, without a slash at its end."""
        host = LOOPBACK if self._bind in {"0.0.0.0", "::"} else self._bind
        return f"http://{f'[{host}]' if ':' in host else host}:{self._server.ports['plain']}"

    @property
    def environment(self) -> dict[str, str]:
        """The variables by which clients find the server and its project."""
        return {"STORAGE_EMULATOR_HOST": self.url, "GOOGLE_CLOUD_PROJECT": self._project}

    @property
    def folder(self) -> Path:
        """The folder of the running server, for ``fakehub clock --session FOLDER`` and the like."""
        return self._server.folder

    @property
    def control(self) -> Control:
        """The clock, the network, the faults and the log of the running server."""
        return Control(self.folder)

    def wait(self) -> str:
        """Wait until the server ends, which it does only if something else ends it; return its last line of errors."""
        self._server.process.wait()
        lines = (self.folder / LOG).read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return lines[-1] if lines else "its process was ended"

    @property
    def _server(self) -> RunningServer:
        if self._running is None:
            raise SessionError("the server does not run; use it in a with block: with Server() as server")
        return self._running

    def _config(self) -> Config:
        if self._persona not in NAMES:
            raise SessionError(f"there is no persona {self._persona!r}; choose from {', '.join(NAMES)}")
        if self._hub_yml is not None:
            try:
                self._project = load(Path(self._hub_yml)).hub.project
            except FactsError as error:
                raise SessionError(str(error)) from error
        if self._state is not None:
            make_state_directory(self._state)
        return Config(
            str(Path(self._hub_yml).resolve()) if self._hub_yml is not None else "",
            "",
            str(self._state.resolve()) if self._state is not None else None,
            self._durable,
            self._persona,
            plain_port=self._port,
            storage_only=True,
            bind=self._bind,
            accepted_hosts=[*self._accept_hosts],
        )


class _Stopped(BaseException):
    """A signal that ends the command."""


def serve(server: Server, persona: str) -> int:
    """Run ``server`` until SIGINT, SIGTERM or SIGHUP arrives; print how clients find it. Return the exit status."""

    stopping = False

    def stop(_number: int, _frame: object) -> None:
        nonlocal stopping
        if not stopping:  # a second signal must not interrupt the end
            stopping = True
            raise _Stopped

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    try:
        with server:
            print(f"export STORAGE_EMULATOR_HOST={server.url}", flush=True)
            print(f"fakehub: requests without a token are from {persona!r}; Ctrl+C stops the server", file=sys.stderr)
            print(f"fakehub: steer it with --session {server.folder}", file=sys.stderr, flush=True)
            reason = server.wait()
    except _Stopped:
        return 0
    except SessionError as error:
        print(f"fakehub: {error}", file=sys.stderr)
        return 1
    print(f"fakehub: the server ended: {reason}", file=sys.stderr)
    return 1
