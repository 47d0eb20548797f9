"""The name server of ``--mode names``: knows no name at all, and notes each one it is asked for.

Names of the stand-in are in the session's ``/etc/hosts`` and never asked for here, so every question is one for a
host that is not the stand-in's. Answering at once spares programs their time-outs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

_HEADER = 12
_ANSWER, _NO_SUCH_NAME = 0x8000, 3


def question(packet: bytes) -> str | None:
    """The name a DNS query asks for; ``None`` for a packet that is no query."""
    labels, at = [], _HEADER
    while at < len(packet) and 0 < (size := packet[at]) < 64:
        labels.append(packet[at + 1 : at + 1 + size].decode("ascii", "replace"))
        at += 1 + size
    return ".".join(labels) if labels and at < len(packet) and packet[at] == 0 else None


class Names(asyncio.DatagramProtocol):
    """Answers that there is no such name; ``refused`` is told it."""

    def __init__(self, refused: Callable[[str], None]) -> None:
        self._refused = refused

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way to answer by."""
        self._transport = transport

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        """Answer one query with its own question and no records."""
        name = question(data)
        if name is None:
            return
        self._refused(name)
        flags = int.from_bytes(data[2:4], "big") & 0x0100 | _ANSWER | 0x0080 | _NO_SUCH_NAME
        self._transport.sendto(data[:2] + flags.to_bytes(2, "big") + data[4:6] + bytes(6) + data[_HEADER:], address)
