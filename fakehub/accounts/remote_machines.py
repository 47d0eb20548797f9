"""Other machines in a session: a laptop or an HPC system beside the hub, with the same buckets, clock and network.

``fakehub run --persona`` puts a whole session on one machine. A story that goes from the hub to a laptop and back
takes several: each has a home directory of its own, what its persona has to show, and no metadata server.
"""

from __future__ import annotations

import socket
import tempfile
from pathlib import Path
from typing import Any

from fakehub.accounts.grants import Grants
from fakehub.accounts.home_files import write_credentials
from fakehub.accounts.identities import Identities
from fakehub.ports import LOOPBACK


class RemoteMachines:
    """The server's side: makes machines in the session's ``folder``."""

    def __init__(self, folder: Path, identities: Identities, grants: Grants) -> None:
        self._folder, self._identities, self._grants = folder / "machines", identities, grants
        self._refusing: socket.socket | None = None

    def new(self, persona: str) -> dict[str, Any]:
        """A machine of ``persona``: its fresh ``home``, and ``metadata``, an address that refuses every connection.

        Raises ``ValueError`` for a name that is no persona's, or that of the hub, which has no fresh machines.
        """
        found = self._identities.personas.get(persona)
        if found is None or found.credential == "metadata":
            known = sorted(name for name, one in self._identities.personas.items() if one.credential != "metadata")
            raise ValueError(f"{persona!r} has no machine outside the hub; there are {', '.join(known)}")
        self._folder.mkdir(exist_ok=True)
        home = Path(tempfile.mkdtemp(prefix=f"{persona}-", dir=self._folder))
        write_credentials(found, home, self._identities, self._grants)
        return {"home": str(home), "metadata": f"{LOOPBACK}:{self._refusing_port()}"}

    def _refusing_port(self) -> int:
        if self._refusing is None:
            self._refusing = socket.socket()
            self._refusing.bind((LOOPBACK, 0))  # and does not listen; nobody else can take it
        return self._refusing.getsockname()[1]

    def close(self) -> None:
        """Give back the port."""
        if self._refusing is not None:
            self._refusing.close()
