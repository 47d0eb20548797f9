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

__all__ = ["KEEP_COMPRESSED", "RequestHandler", "StreamWriter", "new_request"]

# Option of ``web.Server`` that leaves the bodies of requests compressed.
KEEP_COMPRESSED: dict[str, Any] = {"auto_decompress": False}


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
