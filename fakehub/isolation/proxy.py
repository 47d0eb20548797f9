"""An HTTP CONNECT proxy: brings Google's names to the stand-in, and refuses every other."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from fakehub.network.reset import reset

_PIECE = 65536


async def start_proxy(ports: dict[str, int], refused: Callable[[str], None]) -> asyncio.Server:
    """Listen on a free port of 127.0.0.1; ``ports`` maps a host's name to where it is answered.

    A host that is not in ``ports`` gets 403, and ``refused`` is told its name.
    """

    # asyncio itself forgets a connection's task as soon as the client is gone, while it still waits for the server.
    running: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        running.add(task)
        task.add_done_callback(running.discard)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            head = await reader.readuntil(b"\r\n\r\n")
            method, target, *_ = [*head.decode("latin-1").split(" "), "", ""]
            host = target.removeprefix("http://").partition("/")[0].partition(":")[0]
            if method != "CONNECT" or host not in ports:
                refused(host)
                writer.write(b"HTTP/1.1 403 Not a host of the stand-in\r\nContent-Length: 0\r\n\r\n")
                await writer.drain()
            else:
                await tunnel(reader, writer, ports[host], b"HTTP/1.1 200 Connection established\r\n\r\n")
        writer.close()

    return await asyncio.start_server(serve, "127.0.0.1", 0)


async def tunnel(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int, greeting: bytes = b"") -> None:
    """Join a connection to ``port`` of 127.0.0.1; ``greeting`` goes back when that is there. Raises ``OSError``."""
    there_reader, there_writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(greeting)
    try:
        await asyncio.gather(_pipe(reader, there_writer), _pipe(there_reader, writer))
    finally:
        there_writer.close()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass on what comes from ``reader`` until it ends; when it is reset, so is ``writer``."""
    try:
        # Where the other way was reset, this one is closed as well, and uvloop refuses to write to it or to end it.
        while (piece := await reader.read(_PIECE)) and not writer.is_closing():
            writer.write(piece)
            await writer.drain()
        if not writer.is_closing() and writer.can_write_eof():
            writer.write_eof()
    except OSError:
        await reset(writer.transport)
