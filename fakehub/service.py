"""The type of the services that the server routes requests to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

# Answers one request and stores its sender in ``request["persona"]``. Raises ``GoogleError`` for a refused request.
Service = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
