"""Ends connections badly, but not before what was sent is under way."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct

# How long the other end may take to fetch what was sent, in seconds.
_FLUSH_S = 5


async def flushed(transport: asyncio.Transport) -> None:
    """Wait until everything written is under way, for a few seconds at most."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_FLUSH_S):
            # asyncio tells of a full buffer only, not of an empty one.
            while transport.get_write_buffer_size() and not transport.is_closing():  # noqa: ASYNC110
                await asyncio.sleep(0.001)


async def reset(transport: asyncio.Transport) -> None:
    """Close the connection so that the other end sees a reset (RST) instead of an orderly end."""
    await flushed(transport)
    found = transport.get_extra_info("socket")
    if found is not None and not transport.is_closing():
        # Lingering for no time makes the system send RST.
        found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
