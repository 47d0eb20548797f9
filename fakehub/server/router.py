"""The TLS port: receives requests to all hosts of the stand-in, routes them by host, and logs them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

from fakehub.accounts.identities import ANONYMOUS, Identities, Persona
from fakehub.compat import RequestHandler, new_request
from fakehub.errors import GoogleError
from fakehub.hosts import STORAGE_HOST, bucket_of
from fakehub.network.faults import Fault, Faults, refusal
from fakehub.network.faulty_stream import ThrottledBody, ThrottledWriter
from fakehub.network.shaping import Network
from fakehub.request_log import RequestLog
from fakehub.service import Service

if TYPE_CHECKING:
    from aiohttp.http import RawRequestMessage


class HostRouter:
    """Routes each request to the service of its host. ``services`` maps host names to services.

    Create it inside a running event loop. ``network`` and ``faults`` may change at any time; while neither is set,
    requests bypass them.
    """

    def __init__(
        self, services: Mapping[str, Service], identities: Identities, log: RequestLog, network: Network, faults: Faults
    ) -> None:
        self._services, self._identities, self._log = services, identities, log
        self._network, self._faults = network, faults
        self._loop = asyncio.get_running_loop()

    def make_request(
        self,
        message: RawRequestMessage,
        body: Any,
        protocol: RequestHandler,
        writer: AbstractStreamWriter,
        task: asyncio.Task[None],
    ) -> web.BaseRequest:
        """Return the incoming request, with throttled body and writer if it may be delayed or broken off."""
        if self._network.slow or self._faults.any:
            network = self._network
            writer = ThrottledWriter(protocol, self._loop, network.pace(protocol, "out"), network.piece)
            body = ThrottledBody(body, network.pace(protocol, "in"), network.piece)
        return new_request(message, body, protocol, writer, task, self._loop)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request and log it."""
        started = time.perf_counter()
        request["persona"] = ANONYMOUS
        if "Expect" in request.headers and request.transport:
            # curl waits up to a second for this before it sends a large body.
            request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if isinstance(request.writer, ThrottledWriter):
            return await self._handle_throttled(request.writer, request, started)
        response = await self._answer(request)
        bytes_out = 0 if request.method == "HEAD" else response.content_length or 0
        self._log.http(request, response.status, bytes_out, started)
        return response

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            return await self._service(request)(request)
        except GoogleError as error:
            return error.response()

    def _service(self, request: web.BaseRequest) -> Service:
        """Return the service of the request's host; raise ``GoogleError`` for a host that has none."""
        host = request.host.partition(":")[0]
        service = self._services.get(STORAGE_HOST if bucket_of(host) else host)
        if service is None:
            raise GoogleError(404, "notFound", f"{request.host} is not a host of the stand-in.")
        return service

    async def _handle_throttled(
        self, writer: ThrottledWriter, request: web.BaseRequest, started: float
    ) -> web.StreamResponse:
        """Answer a request on a slow or faulty connection; the answer has been sent when this returns."""
        await self._network.latency()
        persona = request["persona"] = self._persona(request)
        fault = writer.fault = self._faults.decide(request, persona.name)
        response: web.StreamResponse = web.Response(status=503)
        status = None
        try:
            if fault and fault.rule.effect == "reset-upload":
                await self._lose_upload(writer, request, fault)
            response = await self._answer_after(fault, request)
            status = response.status
            await response.prepare(request)
            await response.write_eof()
        except ConnectionError:
            pass  # broken by the fault or by the client; aiohttp notices it on its own
        self._log.http(request, status, writer.sent, started, fault.name if fault else None)
        return response

    async def _answer_after(self, fault: Fault | None, request: web.BaseRequest) -> web.StreamResponse:
        """Return the answer, or the error that the fault puts in its place."""
        if fault and fault.rule.effect == "stall":
            await asyncio.sleep(fault.stall_s)
            if request.transport is None:
                raise ConnectionResetError("the client did not wait")
        return (fault and refusal(request, fault)) or await self._answer(request)

    async def _lose_upload(self, writer: ThrottledWriter, request: web.BaseRequest, fault: Fault) -> None:
        """Read a part of the request's body and break the connection; no service sees the request."""
        at, received = fault.cut(request.content_length or 0) or 0, 0
        while received < at and (piece := await request.content.readany()):
            received += len(piece)
        await writer.break_off()

    def _persona(self, request: web.BaseRequest) -> Persona:
        try:
            return self._identities.bearer(request.headers.get("Authorization"))
        except GoogleError:
            return ANONYMOUS
