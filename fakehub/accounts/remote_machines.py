"""Additional machines in a session, such as a laptop or an HPC system, with the same buckets and clock.

``fakehub run --persona`` puts a whole session on one machine. A workflow that moves between the hub and a laptop needs
several: each has its own home directory and its persona's credentials, and no metadata server.
"""

from __future__ import annotations

import socket
import tempfile
from pathlib import Path

from fakehub.accounts.grants import Grants
from fakehub.accounts.home_files import write_credentials
from fakehub.accounts.identities import Identities
from fakehub.ports import LOOPBACK


class RemoteMachines:
    """Creates machines in the session's ``folder``. Runs in the server process."""

    def __init__(self, folder: Path, identities: Identities, grants: Grants) -> None:
        self._folder, self._identities, self._grants = folder / "machines", identities, grants
        self._closed_socket: socket.socket | None = None

    def new(self, persona: str) -> dict[str, str]:
        """Create a machine of ``persona`` and return its new ``home`` directory and its ``metadata`` address.

        The address refuses every connection. Raises ``ValueError`` for an unknown persona, and for the hub, which has
        one machine only.
        """
        owner = self._identities.personas.get(persona)
        if owner is None or owner.credential == "metadata":
            known = sorted(name for name, one in self._identities.personas.items() if one.credential != "metadata")
            raise ValueError(f"{persona!r} has no machine outside the hub; choose from {', '.join(known)}")
        self._folder.mkdir(exist_ok=True)
        home = Path(tempfile.mkdtemp(prefix=f"{persona}-", dir=self._folder))
        write_credentials(owner, home, self._identities, self._grants)
        return {"home": str(home), "metadata": f"{LOOPBACK}:{self._closed_port()}"}

    def _closed_port(self) -> int:
        if self._closed_socket is None:
            self._closed_socket = socket.socket()
            self._closed_socket.bind((LOOPBACK, 0))  # bound but not listening, so that no other process can use it
        return self._closed_socket.getsockname()[1]

    def close(self) -> None:
        """Release the port."""
        if self._closed_socket is not None:
            self._closed_socket.close()
