"""How pages are run."""

from __future__ import annotations

from dataclasses import dataclass

# A library's remark about Python 3.11, where this project may run; the hub's Python is newer.
QUIET = "ignore:You are using a Python version:FutureWarning"


@dataclass(frozen=True)
class Lane:
    """How pages are run: the locked ``stack`` (``hub`` or ``latest``), the ``user`` and the stand-in's ``mode``."""

    stack: str = "hub"
    user: str = "funky-user"
    mode: str = "auto"

    @property
    def name(self) -> str:
        """What its records are kept under."""
        return self.stack if self.user == Lane.user else f"{self.stack}-{self.user}"
