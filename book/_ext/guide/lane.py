"""How pages are run."""

from __future__ import annotations

from dataclasses import dataclass


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
