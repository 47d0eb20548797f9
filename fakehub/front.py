"""The TLS port: one place where requests to any of Google's hosts arrive, are answered by host, and are logged."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

from fakehub.errors import GoogleError
from fakehub.identity import ANONYMOUS, Identities
from fakehub.log import Log
from fakehub.storage.api import Storage

# Answers one request; raises ``GoogleError`` for what is refused. Who asked is left in ``request["persona"]``.
Service = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


def storage_service(storage: Storage, identities: Identities) -> Service:
    """The storage's hosts: every request is somebody's, by the token it carries."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        persona = request["persona"] = identities.bearer(request.headers.get("Authorization"))
        return await storage.handle(request, persona)

    return answer


class Front:
    """Hands each request to the service of its host. ``services`` maps a host's name to what answers there."""

    def __init__(self, services: Mapping[str, Service], log: Log) -> None:
        self._services, self._log = services, log

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request and log it."""
        started = time.perf_counter()
        request["persona"] = ANONYMOUS
        try:
            service = self._services.get(request.host.partition(":")[0])
            if service is None:
                raise GoogleError(404, "notFound", f"{request.host} is not a host of the stand-in.")
            response = await service(request)
        except GoogleError as error:
            response = error.response()
        self._log.request(request, request["persona"].name, response.status, response.content_length or 0, started)
        return response
