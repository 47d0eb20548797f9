"""The HTTP API behind ``fakehub.control.client``, inside the server."""

from __future__ import annotations

import json
import os
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

from aiohttp import web

from fakehub.accounts.identities import Identities
from fakehub.accounts.remote_machines import RemoteMachines
from fakehub.clock import Clock, rfc3339
from fakehub.control.client import SOCKET
from fakehub.network.faults import Faults, rule_of
from fakehub.network.shaping import Network, NetworkSettings
from fakehub.storage.inspection import contents
from fakehub.storage.store import Store


async def start_control(api: ControlApi, folder: Path, parts: AsyncExitStack) -> None:
    """Listen on a Unix socket in ``folder`` until ``parts`` is closed. Raises ``OSError`` if that is impossible."""
    application = web.Application(middlewares=[_errors_in_one_line])
    application.add_routes(api.routes())
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    parts.push_async_callback(runner.cleanup)
    old_mask = os.umask(0o177)  # only the owner may open the socket
    try:
        await web.UnixSite(runner, str(folder / SOCKET)).start()
    finally:
        os.umask(old_mask)


@web.middleware
async def _errors_in_one_line(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    try:
        return await handler(request)
    except (ValueError, TypeError, KeyError) as error:
        return web.json_response({"error": str(error)}, status=400)
    except web.HTTPException as error:
        return web.json_response({"error": error.reason}, status=error.status)


class ControlApi:
    """The parts of the stand-in that can be steered while it runs. Rules may name a persona of ``identities``."""

    def __init__(
        self,
        clock: Clock,
        network: Network,
        faults: Faults,
        store: Store,
        identities: Identities,
        machines: RemoteMachines,
    ) -> None:
        self._clock, self._network, self._faults, self._identities = clock, network, faults, identities
        self._store, self._machines = store, machines

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of the API."""
        return [
            web.get("/clock", self._show_clock),
            web.post("/clock", self._advance),
            web.get("/network", self._show_network),
            web.put("/network", self._set_network),
            web.get("/faults", self._list_faults),
            web.post("/faults", self._add_fault),
            web.delete("/faults", self._clear_faults),
            web.get("/limits", self._show_limits),
            web.put("/limits", self._set_limits),
            web.post("/machines", self._new_machine),
            web.get("/objects", self._list_objects),
            web.get("/tokens", self._list_tokens),
        ]

    async def _show_clock(self, _: web.Request) -> web.Response:
        clock = self._clock
        return web.json_response({"now": rfc3339(clock.now()), "offset_s": clock.offset, "moves": clock.moves})

    async def _advance(self, request: web.Request) -> web.Response:
        self._clock.advance(float((await _object(request))["advance_s"]))
        return await self._show_clock(request)

    async def _show_network(self, _: web.Request) -> web.Response:
        return web.json_response(asdict(self._network.settings))

    async def _set_network(self, request: web.Request) -> web.Response:
        self._network.set(NetworkSettings(**await _object(request)))
        return await self._show_network(request)

    async def _list_faults(self, _: web.Request) -> web.Response:
        return web.json_response(self._faults.rows())

    async def _add_fault(self, request: web.Request) -> web.Response:
        rule = rule_of(await _object(request))
        personas = self._identities.personas
        if rule.persona is not None and rule.persona not in personas:
            raise ValueError(f"{rule.persona!r} is not a persona; choose from {', '.join(sorted(personas))}")
        self._faults.add(rule)
        return web.json_response(None)

    async def _clear_faults(self, _: web.Request) -> web.Response:
        self._faults.clear()
        return web.json_response(None)

    async def _show_limits(self, _: web.Request) -> web.Response:
        return web.json_response({"between_writes_s": self._store.write_rate.interval_s})

    async def _set_limits(self, request: web.Request) -> web.Response:
        self._store.write_rate.limit(float((await _object(request))["between_writes_s"]))
        return await self._show_limits(request)

    async def _new_machine(self, request: web.Request) -> web.Response:
        return web.json_response(self._machines.new((await _object(request))["persona"]))

    async def _list_objects(self, request: web.Request) -> web.Response:
        return web.json_response(contents(self._store, int(request.query.get("after", "0"))))

    async def _list_tokens(self, _: web.Request) -> web.Response:
        return web.json_response(self._identities.live_tokens())


async def _object(request: web.Request) -> dict[str, Any]:
    """Return the body of a request; raise ``ValueError`` unless it is a JSON object."""
    value = json.loads(await request.text())
    if not isinstance(value, dict):
        raise ValueError("the body is not a JSON object")
    return value
