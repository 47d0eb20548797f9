"""Steer a running stand-in: its clock, network and faults; and read its log.

The controls are a Unix socket in the session's folder. Only its owner may open it, and only the process that started
the session and its children know the folder. It is not a network address, so no page in a browser and no cloud client
can reach it.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fakehub.network.shaping import NetworkSettings
from fakehub.request_log import read_log, summary

if TYPE_CHECKING:
    from fakehub.storage.inspection import Contents

SOCKET = "control.sock"
_TIMEOUT_S = 30


class ControlError(Exception):
    """The stand-in cannot be steered; the message is one line."""


class _Connection(http.client.HTTPConnection):
    """An HTTP connection over a Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("fakehub", timeout=_TIMEOUT_S)
        self._path = path

    def connect(self) -> None:
        """Open the socket."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


class Control:
    """The stand-in of the session in ``folder``. All methods raise ``ControlError``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def clock(self) -> dict[str, Any]:
        """Return the stand-in's time: ``now`` (RFC 3339) and ``offset_s``, the seconds it is ahead of real time.

        ``moves`` lists when it was moved: pairs of a real time, in seconds since the epoch, and the offset since then.
        """
        return self._ask("GET", "/clock")

    def advance(self, seconds: float) -> dict[str, Any]:
        """Move the clock forward and return the new time."""
        return self._ask("POST", "/clock", {"advance_s": seconds})

    def network(self) -> dict[str, Any]:
        """Return the network's settings, named as in ``NetworkSettings``."""
        return self._ask("GET", "/network")

    def set_network(self, settings: NetworkSettings) -> dict[str, Any]:
        """Change the network and return its settings; ``NetworkSettings()`` removes all limits."""
        return self._ask("PUT", "/network", asdict(settings))

    def add_fault(self, **rule: Any) -> None:
        """Add a rule, given by the settings of ``fakehub.network.faults.Rule``."""
        self._ask("POST", "/faults", rule)

    def faults(self) -> list[dict[str, Any]]:
        """Return the rules, with the numbers of requests that each has ``matched`` and ``struck``."""
        return self._ask("GET", "/faults")

    def clear_faults(self) -> None:
        """Remove all rules."""
        self._ask("DELETE", "/faults")

    def limits(self) -> dict[str, Any]:
        """Return the limits: ``between_writes_s``, the least time between two writes of one object, 0 for none."""
        return self._ask("GET", "/limits")

    def set_limits(self, between_writes_s: float) -> dict[str, Any]:
        """Refuse (429) to write an object again within that time, in seconds; return the limits."""
        return self._ask("PUT", "/limits", {"between_writes_s": between_writes_s})

    def new_machine(self, persona: str) -> dict[str, str]:
        """Create a machine of ``persona``, for ``fakehub.session.environment.environment_of``."""
        return self._ask("POST", "/machines", {"persona": persona})

    def objects(self, after: int = 0) -> Contents:
        """Return all live objects; those with a generation above ``after`` have their heads (see ``inspection``)."""
        return self._ask("GET", f"/objects?after={after}")

    def tokens(self) -> list[str]:
        """Return the access tokens that are valid now, to look for them in what a program printed."""
        return self._ask("GET", "/tokens")

    def log(self) -> list[dict[str, Any]]:
        """Return the requests so far, oldest first."""
        try:
            return read_log(self._folder)
        except OSError as error:
            raise self._not_running(error) from error

    def summary(self) -> dict[str, Any]:
        """Return the numbers of requests and bytes so far, in total and by method."""
        return summary(self.log())

    def _not_running(self, error: OSError) -> ControlError:
        reason = os.strerror(error.errno).lower() if error.errno else str(error)
        return ControlError(f"no stand-in runs in {self._folder} ({reason})")

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        connection = _Connection(self._folder / SOCKET)
        try:
            connection.request(method, path, None if body is None else json.dumps(body))
            response = connection.getresponse()
            answer = json.loads(response.read() or b"null")
        except OSError as error:
            raise self._not_running(error) from error
        finally:
            connection.close()
        if response.status >= 400:
            raise ControlError(answer["error"])
        return answer
