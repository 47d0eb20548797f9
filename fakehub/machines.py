"""Other machines in a session: a laptop or an HPC system beside the hub, with the same buckets, clock and network.

``fakehub run --persona`` puts a whole session on one machine. A story that goes from the hub to a laptop and back
takes several: each has a home directory of its own, what its persona has to show, and no metadata server.
"""

from __future__ import annotations

import socket
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fakehub.accounts.grants import Grants
from fakehub.accounts.machine import furnish
from fakehub.accounts.personas import KEY_FILE
from fakehub.facts import Facts
from fakehub.identity import Identities

HERE = "127.0.0.1"
# Only the hub's servers have these, beside the variables of the facts.
_OF_THE_HUB = ("DASK_GATEWAY__", "JUPYTERHUB_")
# A browser that opens the login page and clicks Allow, as the person who sits before it would.
_BROWSER = "curl --silent --output /dev/null --location --data decision=allow %s &"


class Machines:
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
        furnish(found, home, self._identities, self._grants)
        return {"home": str(home), "metadata": f"{HERE}:{self._refusing_port()}"}

    def _refusing_port(self) -> int:
        if self._refusing is None:
            self._refusing = socket.socket()
            self._refusing.bind((HERE, 0))  # and does not listen; nobody else can take it
        return self._refusing.getsockname()[1]

    def close(self) -> None:
        """Give back the port."""
        if self._refusing is not None:
            self._refusing.close()


def environment_of(machine: Mapping[str, Any], here: Mapping[str, str], facts: Facts, browser: bool) -> dict[str, str]:
    """The environment of a program on ``machine`` (see ``Machines.new``), made of that on the hub, ``here``.

    With ``browser`` there is one, whose person allows what a login asks for.
    """
    hub = set(facts.environment_variables.values)
    env = {name: value for name, value in here.items() if name not in hub and not name.startswith(_OF_THE_HUB)}
    env |= {"HOME": machine["home"], "PWD": machine["home"]}
    env["USER"] = here["JUPYTERHUB_USER"]
    env |= dict.fromkeys(("GCE_METADATA_HOST", "GCE_METADATA_ROOT", "GCE_METADATA_IP"), machine["metadata"])
    key = Path(machine["home"]) / KEY_FILE
    env |= {"GOOGLE_APPLICATION_CREDENTIALS": str(key)} if key.exists() else {}
    env.pop("DISPLAY", None)
    return env | ({"DISPLAY": ":0", "BROWSER": _BROWSER} if browser else {})
