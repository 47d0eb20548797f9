"""An HTTP CONNECT proxy that connects to the stand-in's hosts and refuses all others."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from fakehub.hosts import STORAGE_HOST, bucket_of
from fakehub.network.reset import reset
from fakehub.ports import LOOPBACK

_PIECE = 65536


async def start_proxy(ports: dict[str, int], refused: Callable[[str], None]) -> asyncio.Server:
    """Listen on a free port of 127.0.0.1. ``ports`` maps each host to the port that answers for it.

    Other hosts get 403, and their names are passed to ``refused``.
    """

    # asyncio drops its reference to a connection's task as soon as the client is gone, even if the task still waits
    # for the server.
    running: set[asyncio.Future[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            head = await reader.readuntil(b"\r\n\r\n")
            method, target, *_ = [*head.decode("latin-1").split(" "), "", ""]
            host = target.removeprefix("http://").partition("/")[0].partition(":")[0]
            if bucket_of(host):
                host = STORAGE_HOST
            if method != "CONNECT" or host not in ports:
                refused(host)
                writer.write(b"HTTP/1.1 403 Not a host of the stand-in\r\nContent-Length: 0\r\n\r\n")
                await writer.drain()
            else:
                await tunnel(reader, writer, ports[host], b"HTTP/1.1 200 Connection established\r\n\r\n")
        writer.close()

    def start(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(serve(reader, writer))
        running.add(task)
        task.add_done_callback(running.discard)

    return await asyncio.start_server(start, LOOPBACK, 0)


async def tunnel(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int, greeting: bytes = b"") -> None:
    """Join a client's connection to ``port`` of 127.0.0.1, and send ``greeting`` to the client once connected.

    Raises ``OSError``.
    """
    server_reader, server_writer = await asyncio.open_connection(LOOPBACK, port)
    writer.write(greeting)
    try:
        await asyncio.gather(_pipe(reader, server_writer), _pipe(server_reader, writer))
    finally:
        server_writer.close()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copy from ``reader`` to ``writer`` until the end; a reset of the one resets the other."""
    try:
        # If the opposite direction was reset, this one is closing, and uvloop refuses to write to it or to end it.
        while (piece := await reader.read(_PIECE)) and not writer.is_closing():
            writer.write(piece)
            await writer.drain()
        if not writer.is_closing() and writer.can_write_eof():
            writer.write_eof()
    except OSError:
        await reset(writer.transport)
