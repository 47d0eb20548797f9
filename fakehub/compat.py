"""The undocumented parts of aiohttp that the stand-in relies on. Checked with aiohttp 3.13 and 3.14.

If a new version of a library breaks one, ``tests/fakehub/test_fakehub_compat.py`` names the part that changed. It also
covers the few in other modules, which have a comment where they are used.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from aiohttp import StreamReader, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import StreamWriter
from aiohttp.web_protocol import RequestHandler

if TYPE_CHECKING:
    from aiohttp.http import RawRequestMessage

__all__ = ["SERVER_OPTIONS", "RequestHandler", "StreamWriter", "new_request"]

# Options of ``web.Server``: the bodies of requests stay compressed, and an address may be longer than the default of
# 8 KiB, because a copy has the names of two objects in it, up to 1024 bytes each before they are encoded.
SERVER_OPTIONS: dict[str, Any] = {"auto_decompress": False, "max_line_size": 32 * 1024}


def new_request(
    message: RawRequestMessage,
    body: StreamReader,
    protocol: RequestHandler,
    writer: AbstractStreamWriter,
    task: asyncio.Task[None],
    loop: asyncio.AbstractEventLoop,
) -> web.BaseRequest:
    """Return a request as aiohttp's own ``request_factory`` makes it."""
    return web.BaseRequest(message, body, protocol, writer, task, loop)
