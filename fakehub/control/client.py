"""Steers a running stand-in: its clock, its network and its faults, and reads its log.

The way in is a Unix socket in the session's own directory, which only its owner may open and which whoever
started the session knows. It is no network address: no page in a browser and no client of the cloud can reach it.
"""

from __future__ import annotations

import http.client
import json
import socket
from dataclasses import asdict
from pathlib import Path
from typing import Any

from fakehub.network.shaping import NetworkSettings
from fakehub.request_log import read_log, summary

SOCKET = "control.sock"
_TIMEOUT_S = 30


class ControlError(Exception):
    """Why the stand-in cannot be steered: one line."""


class _Connection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("fakehub", timeout=_TIMEOUT_S)
        self._path = path

    def connect(self) -> None:
        """Open the socket."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


class Control:
    """The stand-in whose session lives in ``folder``. All methods raise ``ControlError``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def clock(self) -> dict[str, Any]:
        """The stand-in's time: ``now`` (RFC 3339) and ``offset_s``, the seconds it is ahead of real time."""
        return self._ask("GET", "/clock")

    def advance(self, seconds: float) -> dict[str, Any]:
        """Move the clock forward; the new time."""
        return self._ask("POST", "/clock", {"advance_s": seconds})

    def network(self) -> dict[str, Any]:
        """The network's settings, as ``NetworkSettings`` names them."""
        return self._ask("GET", "/network")

    def set_network(self, settings: NetworkSettings) -> dict[str, Any]:
        """Change the network; ``NetworkSettings()`` is one without limits."""
        return self._ask("PUT", "/network", asdict(settings))

    def add_fault(self, **rule: Any) -> None:
        """Add a rule; the settings are those of ``fakehub.network.faults.Rule``."""
        self._ask("POST", "/faults", rule)

    def faults(self) -> list[dict[str, Any]]:
        """The rules, with how many requests each meant (``meant``) and how many went wrong (``struck``)."""
        return self._ask("GET", "/faults")

    def clear_faults(self) -> None:
        """Forget all rules."""
        self._ask("DELETE", "/faults")

    def new_machine(self, persona: str) -> dict[str, str]:
        """A fresh machine of ``persona``, for ``fakehub.session.environment.environment_of``."""
        return self._ask("POST", "/machines", {"persona": persona})

    def log(self) -> list[dict[str, Any]]:
        """The requests so far, oldest first."""
        try:
            return read_log(self._folder)
        except OSError as error:
            raise ControlError(f"no stand-in runs in {self._folder} ({error.strerror.lower()})") from error

    def summary(self) -> dict[str, Any]:
        """How many requests and bytes there were so far: in all, and by method."""
        return summary(self.log())

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        connection = _Connection(self._folder / SOCKET)
        try:
            connection.request(method, path, None if body is None else json.dumps(body))
            response = connection.getresponse()
            answer = json.loads(response.read() or b"null")
        except OSError as error:
            raise ControlError(f"no stand-in runs in {self._folder} ({error.strerror or error})") from error
        finally:
            connection.close()
        if response.status >= 400:
            raise ControlError(answer["error"])
        return answer
