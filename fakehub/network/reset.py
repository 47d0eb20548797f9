"""Reset connections, but only after everything written has been sent."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct

# How long to wait for the peer to receive what was written, in seconds.
_FLUSH_S = 5


async def wait_until_sent(transport: asyncio.WriteTransport) -> None:
    """Wait until the write buffer is empty, for a few seconds at most."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_FLUSH_S):
            # Polling, because asyncio signals a full buffer but not an empty one.
            while transport.get_write_buffer_size() and not transport.is_closing():  # noqa: ASYNC110
                await asyncio.sleep(0.001)


async def reset(transport: asyncio.WriteTransport) -> None:
    """Close the connection so that the peer sees a reset (RST) instead of an orderly end."""
    await wait_until_sent(transport)
    connection = transport.get_extra_info("socket")
    if connection is not None and not transport.is_closing():
        # With a linger time of zero, the system sends RST on close.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
