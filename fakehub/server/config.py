"""What one server process serves; whoever starts it writes this into a file for it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Config:
    """What to serve: the facts, the working directory, an optional state directory, the ports (0: a free one).

    ``persona`` names whose machine this is; what it has to show who it is comes into ``home`` below the directory.

    ``plain_port`` answers storage without TLS as well; only measuring beside servers that speak plain HTTP needs it.
    """

    hub_yml: str
    workdir: str
    state: str | None = None
    persona: str = "hub"
    tls_port: int = 0
    metadata_port: int = 0
    dns_port: int = 0
    plain_port: int | None = None
    proxy: bool = False
