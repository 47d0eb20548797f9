"""The name server of ``--mode names``, which knows only the stand-in's hosts and logs every other name.

Most programs find the stand-in's hosts in the session's ``/etc/hosts``, but some (gRPC's resolver) query a name server
anyway. An immediate answer for every other name saves programs their timeouts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection

from fakehub.hosts import bucket_of

_HEADER = 12
# Flags of an answer: it is one, and recursion is available. Then the two result codes.
_ANSWER, _OK, _NO_SUCH_NAME = 0x8080, 0, 3
_TYPE_A = b"\x00\x01"
# The name from the question, type A, class IN, a time to live of 60 s, four bytes: 127.0.0.1.
_LOOPBACK_RECORD = b"\xc0\x0c" + _TYPE_A + b"\x00\x01" + b"\x00\x00\x00\x3c" + b"\x00\x04" + bytes([127, 0, 0, 1])


def question(packet: bytes) -> tuple[str, bytes] | None:
    """Return the name and the record type that a DNS query asks for, or ``None`` if the packet is not a query."""
    labels, at = [], _HEADER
    while at < len(packet) and 0 < (size := packet[at]) < 64:
        labels.append(packet[at + 1 : at + 1 + size].decode("ascii", "replace"))
        at += 1 + size
    if not labels or len(packet) < at + 5 or packet[at] != 0:
        return None
    return ".".join(labels).lower(), packet[at + 1 : at + 3]


def answer(packet: bytes, exists: bool, record: bytes) -> bytes:
    """Return the answer to a query: whether the name exists, and its ``record`` unless that is empty."""
    wants_recursion = int.from_bytes(packet[2:4], "big") & 0x0100
    flags = _ANSWER | wants_recursion | (_OK if exists else _NO_SUCH_NAME)
    counts = b"\x00\x01" + (b"\x00\x01" if record else b"\x00\x00") + bytes(4)
    end = packet.index(0, _HEADER) + 5
    return packet[:2] + flags.to_bytes(2, "big") + counts + packet[_HEADER:end] + record


class NameServer(asyncio.DatagramProtocol):
    """Resolves ``hosts`` and the hosts of buckets to this machine.

    Any other name does not exist and is passed to ``refused``.
    """

    def __init__(self, hosts: Collection[str], refused: Callable[[str], None]) -> None:
        self._hosts, self._refused = hosts, refused

    # asyncio declares a BaseTransport, but passes a DatagramTransport to every DatagramProtocol.
    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        """Remember the transport to answer on."""
        self._transport = transport

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        """Answer one query."""
        query = question(data)
        if query is None:
            return
        name, record_type = query
        known = name in self._hosts or bool(bucket_of(name))
        # Programs also query subdomains of the stand-in's hosts for services and settings, which need not be logged.
        if not known and not name.endswith(tuple(f".{host}" for host in self._hosts)):
            self._refused(name)
        record = _LOOPBACK_RECORD if known and record_type == _TYPE_A else b""
        self._transport.sendto(answer(data, known, record), address)
