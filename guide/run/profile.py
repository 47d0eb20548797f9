"""Options that decide how pages are run."""

from __future__ import annotations

from dataclasses import dataclass

# Silence a library's warning about Python 3.11, on which this project may run; the hub has a newer Python.
QUIET = "ignore:You are using a Python version:FutureWarning"


@dataclass(frozen=True)
class RunProfile:
    """A run profile: the locked ``stack`` (``hub`` or ``latest``), the ``user``, and the stand-in's network ``mode``.

    JupyterHub's profiles, which are choices of a server, are another thing.
    """

    stack: str = "hub"
    user: str = "funky-user"
    mode: str = "auto"

    @property
    def name(self) -> str:
        """The name of the folder that stores the records of this run profile."""
        return self.stack if self.user == RunProfile.user else f"{self.stack}-{self.user}"
