"""The name server of ``--mode names``: knows the stand-in's names alone, and notes each other it is asked for.

Programs find the stand-in's names in the session's ``/etc/hosts``, but some (gRPC's resolver) ask a name server all
the same. Answering at once that there is no other name spares programs their time-outs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection

_HEADER = 12
# Flags of an answer: it is one, recursion is available; and the two results.
_ANSWER, _OK, _NO_SUCH_NAME = 0x8080, 0, 3
_TYPE_A = b"\x00\x01"
# The name of the question again, type A, class IN, 60 s to live, four bytes: 127.0.0.1.
_LOOPBACK = b"\xc0\x0c" + _TYPE_A + b"\x00\x01" + b"\x00\x00\x00\x3c" + b"\x00\x04" + bytes([127, 0, 0, 1])


def question(packet: bytes) -> tuple[str, bytes] | None:
    """The name and the type that a DNS query asks for; ``None`` for a packet that is no query."""
    labels, at = [], _HEADER
    while at < len(packet) and 0 < (size := packet[at]) < 64:
        labels.append(packet[at + 1 : at + 1 + size].decode("ascii", "replace"))
        at += 1 + size
    if not labels or len(packet) < at + 5 or packet[at] != 0:
        return None
    return ".".join(labels).lower(), packet[at + 1 : at + 3]


def answer(packet: bytes, found: bool, records: bytes) -> bytes:
    """The answer to the query ``packet``: whether there is such a name, and at most one record of it."""
    wants_recursion = int.from_bytes(packet[2:4], "big") & 0x0100
    flags = _ANSWER | wants_recursion | (_OK if found else _NO_SUCH_NAME)
    counts = b"\x00\x01" + (b"\x00\x01" if records else b"\x00\x00") + bytes(4)
    end = packet.index(0, _HEADER) + 5
    return packet[:2] + flags.to_bytes(2, "big") + counts + packet[_HEADER:end] + records


class NameServer(asyncio.DatagramProtocol):
    """Leads ``hosts`` to this machine; of every other name ``refused`` is told, and there is none."""

    def __init__(self, hosts: Collection[str], refused: Callable[[str], None]) -> None:
        self._hosts, self._refused = hosts, refused

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way to answer by."""
        self._transport = transport

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        """Answer one query."""
        asked = question(data)
        if asked is None:
            return
        name, kind = asked
        known = name in self._hosts
        # Below a name of the stand-in, programs look for what they might be told of it: its services, its settings.
        if not known and not name.endswith(tuple(f".{host}" for host in self._hosts)):
            self._refused(name)
        self._transport.sendto(answer(data, known, _LOOPBACK if known and kind == _TYPE_A else b""), address)
