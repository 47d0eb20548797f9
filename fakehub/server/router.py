"""The TLS port: one place where requests to any of Google's hosts arrive, are answered by host, and are logged."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import web
from aiohttp.http import StreamWriter

from fakehub.accounts.identities import ANONYMOUS, Identities, Persona
from fakehub.errors import GoogleError
from fakehub.network.faults import Fault, Faults, refusal
from fakehub.network.faulty_stream import ThrottledBody, ThrottledWriter
from fakehub.network.shaping import Network
from fakehub.request_log import RequestLog

# Answers one request; raises ``GoogleError`` for what is refused. Who asked is left in ``request["persona"]``.
Service = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class HostRouter:
    """Hands each request to the service of its host. ``services`` maps a host's name to what answers there.

    To be made where an event loop runs. ``network`` and ``faults`` may change at any time; as long as they are
    not set, a request takes the short way.
    """

    def __init__(
        self, services: Mapping[str, Service], identities: Identities, log: RequestLog, network: Network, faults: Faults
    ) -> None:
        self._services, self._identities, self._log = services, identities, log
        self._network, self._faults = network, faults
        self._loop = asyncio.get_running_loop()

    def make_request(
        self, message: Any, payload: Any, protocol: Any, writer: StreamWriter, task: asyncio.Task
    ) -> web.BaseRequest:
        """A request as it arrives: over a ``ThrottledWriter`` of its own where something may hold it up or break it."""
        if self._network.slow or self._faults.any:
            network = self._network
            writer = ThrottledWriter(protocol, self._loop, network.pace(protocol, "out"), network.piece)
            payload = ThrottledBody(payload, network.pace(protocol, "in"), network.piece)
        return web.BaseRequest(message, payload, protocol, writer, task, self._loop)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request and log it."""
        started = time.perf_counter()
        request["persona"] = ANONYMOUS
        if "Expect" in request.headers and request.transport:
            # curl waits a second for this before it sends a large body.
            request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if isinstance(request.writer, ThrottledWriter):
            return await self._handle_over(request.writer, request, started)
        response = await self._answer(request)
        sent = 0 if request.method == "HEAD" else response.content_length or 0
        self._log.request(request, response.status, sent, started)
        return response

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            service = self._services.get(request.host.partition(":")[0])
            if service is None:
                raise GoogleError(404, "notFound", f"{request.host} is not a host of the stand-in.")
            return await service(request)
        except GoogleError as error:
            return error.response()

    async def _handle_over(self, line: ThrottledWriter, request: web.BaseRequest, started: float) -> web.StreamResponse:
        """Answer a request over a slow or faulty line; the answer is sent before this returns."""
        await self._network.latency()
        persona = request["persona"] = self._persona(request)
        fault = line.fault = self._faults.decide(request, persona.name)
        response, status = web.Response(status=503), None
        try:
            if fault and fault.rule.effect == "reset-upload":
                await self._lose_upload(line, request, fault)
            response = await self._answer_after(fault, request)
            status = response.status
            await response.prepare(request)
            await response.write_eof()
        except ConnectionError:  # the line is broken, by a fault or by the client; the server finds that out again
            pass
        self._log.request(request, status, line.sent, started, fault.name if fault else None)
        return response

    async def _answer_after(self, fault: Fault | None, request: web.BaseRequest) -> web.StreamResponse:
        """The answer, or what the fault puts in its place."""
        if fault and fault.rule.effect == "stall":
            await asyncio.sleep(fault.rule.seconds)
            if request.transport is None:
                raise ConnectionResetError("the client did not wait")
        return (fault and refusal(request, fault)) or await self._answer(request)

    async def _lose_upload(self, line: ThrottledWriter, request: web.BaseRequest, fault: Fault) -> None:
        """Take a part of the request's body and break the line; nobody gets to see the request."""
        at, taken = fault.cut(request.content_length or 0), 0
        while taken < at and (piece := await request.content.readany()):
            taken += len(piece)
        await line.break_off()

    def _persona(self, request: web.BaseRequest) -> Persona:
        try:
            return self._identities.bearer(request.headers.get("Authorization"))
        except GoogleError:
            return ANONYMOUS
