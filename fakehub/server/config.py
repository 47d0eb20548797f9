"""The configuration of a server process, which its parent writes to a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fakehub.ports import LOOPBACK

# The project of a server without a facts file.
PROJECT_WITHOUT_FACTS = "test-project"


@dataclass(frozen=True)
class Config:
    """The facts file, the working directory, an optional state directory and the ports (0: any free port).

    The server plays the machine of ``persona``, whose credentials it writes to ``home`` in the working directory.
    With ``durable``, what is in the state directory survives a loss of power. ``plain_port`` serves storage without
    TLS too; only benchmarks need it, to compare with servers of plain HTTP.
    With ``proxy``, an HTTP proxy leads to the stand-in; without, a name server does.

    With ``storage_only``, there is nothing but storage without TLS, at ``plain_port`` of the address ``bind``, for
    clients that use this machine's name or one of ``accepted_hosts``. Requests without a token are from ``persona``,
    and without a facts file (an empty ``hub_yml``) the project has no buckets.
    """

    hub_yml: str
    workdir: str
    state: str | None = None
    durable: bool = False
    persona: str = "hub"
    tls_port: int = 0
    metadata_port: int = 0
    dns_port: int = 0
    plain_port: int | None = None
    proxy: bool = False
    storage_only: bool = False
    bind: str = LOOPBACK
    accepted_hosts: Sequence[str] = ()
